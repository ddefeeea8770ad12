"""Where a command looks if no path is given, and how it writes what it found to stdout."""

import io
import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from crawler.errors import ConfigError

if TYPE_CHECKING:
    from crawler.cli.tables import Table


def find_job(named: str | None) -> Path:
    """Return the directory of a job as it is best shown.

    Raises:
        ConfigError: there is none.
    """
    from crawler.conf.load import load_settings
    from crawler.job.directory import is_there

    here = Path.cwd()
    job = Path(load_settings({} if named is None else {"job": named}, os.environ, here).job)
    if job.is_relative_to(here):
        job = job.relative_to(here)
    if not is_there(job):
        raise ConfigError(f"no job in {job}: give a path, or begin one with crawler start")
    return job


def show_tables(shown: "list[Table]", *, color: bool) -> None:
    """Write tables to stdout: with colours on a terminal that has room for them."""
    from crawler.cli.tables import NARROW, drawn_tables, plain_tables

    if not sys.stdout.isatty():
        write(plain_tables(shown, None))
        return
    width = shutil.get_terminal_size().columns
    dull = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    if dull or not color or width < NARROW:
        write(plain_tables(shown, width))
    else:
        from rich.console import Console

        console = Console(highlight=False)
        for table in drawn_tables(shown):
            console.print(table)


def write_json(found: object) -> None:
    """Write one JSON object that no terminal acts on."""
    import orjson

    from crawler.cli.printable import printable_json

    write([printable_json(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())])


def write(lines: Iterable[str]) -> None:
    """Write lines to stdout, whatever letters it has, for as long as somebody reads them."""
    # A terminal that cannot show a letter gets its escape, not an error.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        for line in lines:
            sys.stdout.write(line + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # `| head` has seen enough. What is left in the buffer must not fail at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
