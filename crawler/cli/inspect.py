"""`crawler inspect`: a first look at the records of a crawl, ours or another's."""

import io
import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crawler.cli.options import JobOption
from crawler.errors import ConfigError

if TYPE_CHECKING:
    from crawler.cli.inspect_view import Table


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
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="TIME", help="Changes found since then: 7d, 12h, or 2026-01-31."
        ),
    ] = None,
    no_color: Annotated[bool, typer.Option("--no-color", help="Plain text.")] = False,
) -> None:
    """Summarise records: status, types, hosts, depths, errors, sizes, times, samples.

    Reads what a running crawl has committed so far, and any JSON lines of other crawlers.
    """
    asked = paths or [find_job(job)]
    if changed:
        _show_changes(asked, since, samples, as_json=as_json, color=not no_color)
        return
    if since is not None:
        raise ConfigError("--since goes with --changed")
    from crawler.cli.inspect_files import Tally, find_sources, read_records
    from crawler.cli.inspect_summary import Summary

    tally = Tally()
    summary = Summary(_SAMPLES if samples is None else samples)
    for source in find_sources(asked, tally):
        for record in read_records(source, tally):
            summary.add(record)
    report = summary.report(tally)
    _warn(tally.notes)
    names = ", ".join(str(path) for path in asked)
    if report.records == 0 and report.invalid_lines:
        raise ConfigError(f"{names}: not JSON lines, none of {report.invalid_lines:,} can be read")
    if as_json:
        write_json(report)
    elif report.records == 0:
        typer.echo(f"no records yet in {names}", err=True)
    else:
        from crawler.cli.inspect_view import facts, tables

        show_tables([facts(report), *tables(report)], color=not no_color)


def _show_changes(
    paths: list[Path], since: str | None, samples: int | None, *, as_json: bool, color: bool
) -> None:
    from crawler.cli.inspect_changes import LISTED, find_changes, read_since
    from crawler.cli.inspect_changes_view import change_tables

    listed = LISTED if samples is None else samples
    changes, notes = find_changes(paths, read_since(since), listed)
    _warn(notes)
    if as_json:
        write_json(changes)
    else:
        show_tables(change_tables(changes), color=color)


def _warn(notes: Iterable[str]) -> None:
    for note in notes:
        typer.echo(f"warning: {note}", err=True)


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
