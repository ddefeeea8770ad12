"""`crawler inspect`: a first look at the records of a crawl, ours or another's."""

import io
import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crawler.cli.filter_options import (
    DepthOption,
    ErrorOption,
    GrepOption,
    HostOption,
    SinceOption,
    StatusOption,
    make_filter,
)
from crawler.cli.options import JobOption
from crawler.errors import ConfigError

if TYPE_CHECKING:
    from crawler.cli.inspect_view import Table
    from crawler.cli.record_filter import RecordFilter


_SAMPLES = 5


def inspect(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[PATH]...",
            help="Job or output directories, .jsonl files, or - for stdin. [default: the job]",
            show_default=False,
        ),
    ] = None,
    *,
    job: JobOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    samples: Annotated[
        int | None,
        typer.Option(
            "--samples", metavar="N", min=0, help="How many records to show (5, of changes 100)."
        ),
    ] = None,
    changed: Annotated[
        bool, typer.Option("--changed", help="What changed between visits, newest first.")
    ] = False,
    host: HostOption = None,
    status: StatusOption = None,
    error: ErrorOption = None,
    depth: DepthOption = None,
    since: SinceOption = None,
    grep: GrepOption = None,
    no_color: Annotated[bool, typer.Option("--no-color", help="Plain text.")] = False,
) -> None:
    """Summarise records: states, statuses, types, hosts, depths, errors, sizes, samples.

    Reads what a running crawl has committed so far, and any JSON lines of other crawlers.
    """
    asked = paths or [find_job(job)]
    color = not no_color
    if changed:
        # Of changes, --since is a bound of its own: it may leave lines unread.
        wanted = make_filter(
            host=host, status=status, error=error, depth=depth, since=None, grep=grep
        )
        _show_changes(asked, since, wanted, samples, as_json=as_json, color=color)
        return
    wanted = make_filter(host=host, status=status, error=error, depth=depth, since=since, grep=grep)
    shown = _SAMPLES if samples is None else samples
    _show_overview(asked, wanted, shown, as_json=as_json, color=color)


def _show_overview(
    paths: list[Path], wanted: "RecordFilter | None", samples: int, *, as_json: bool, color: bool
) -> None:
    from crawler.cli.inspect_overview import nothing_to_show, overview, overview_tables

    report = overview(paths, samples, wanted)
    if as_json:
        write_json(report)
    elif report.records == 0:
        typer.echo(nothing_to_show(report, paths), err=True)
    else:
        show_tables(overview_tables(report), color=color)


def _show_changes(
    paths: list[Path],
    since: str | None,
    wanted: "RecordFilter | None",
    samples: int | None,
    *,
    as_json: bool,
    color: bool,
) -> None:
    from crawler.cli.inspect_changes import LISTED, find_changes, read_since
    from crawler.cli.inspect_changes_view import change_tables

    listed = LISTED if samples is None else samples
    changes, notes = find_changes(paths, read_since(since), listed, wanted)
    for note in notes:
        typer.echo(f"warning: {note}", err=True)
    if as_json:
        write_json(changes)
    else:
        show_tables(change_tables(changes), color=color)


def find_job(named: str | None) -> Path:
    """Return the directory of a job as it is best shown.

    Raises:
        ConfigError: there is none.
    """
    from crawler.conf.load import load_settings

    here = Path.cwd()
    job = Path(load_settings({} if named is None else {"job": named}, os.environ, here).job)
    if job.is_relative_to(here):
        job = job.relative_to(here)
    if not job.exists():
        raise ConfigError(f"no job in {job}: give a path, or begin one with crawler start")
    return job


def show_tables(shown: "list[Table]", *, color: bool) -> None:
    """Write tables to stdout: with colours on a terminal that has room for them."""
    from crawler.cli.inspect_view import NARROW, drawn_tables, plain_tables

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
