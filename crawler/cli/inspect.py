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
    from crawler.cli.inspect_report import Report


def inspect(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[PATH]...",
            help="Job or output directories, .jsonl files, or - for stdin. [default: the job]",
            show_default=False,
        ),
    ] = None,
    job: JobOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    samples: Annotated[
        int, typer.Option("--samples", metavar="N", min=0, help="How many records to show.")
    ] = 5,
    no_color: Annotated[bool, typer.Option("--no-color", help="Plain text.")] = False,
) -> None:
    """Summarise records: status, types, hosts, depths, errors, sizes, times, samples.

    Reads what a running crawl has committed so far, and any JSON lines of other crawlers.
    """
    from crawler.cli.inspect_files import Tally, find_sources, read_records
    from crawler.cli.inspect_summary import Summary

    asked = paths or [_job(job)]
    tally = Tally()
    summary = Summary(samples)
    for source in find_sources(asked, tally):
        for record in read_records(source, tally):
            summary.add(record)
    report = summary.report(tally)
    for note in tally.notes:
        typer.echo(f"warning: {note}", err=True)
    names = ", ".join(str(path) for path in asked)
    if report.records == 0 and report.invalid_lines:
        raise ConfigError(f"{names}: not JSON lines, none of {report.invalid_lines:,} can be read")
    if as_json:
        import orjson

        from crawler.cli.printable import printable_json

        text = orjson.dumps(report, option=orjson.OPT_INDENT_2).decode()
        _write([printable_json(text)])
    elif report.records == 0:
        typer.echo(f"no records yet in {names}", err=True)
    else:
        _show(report, color=not no_color)


def _job(named: str | None) -> Path:
    from crawler.conf.load import load_settings

    here = Path.cwd()
    job = Path(load_settings({} if named is None else {"job": named}, os.environ, here).job)
    if job.is_relative_to(here):
        job = job.relative_to(here)
    if not job.exists():
        raise ConfigError(f"no job in {job}: give a path, or begin one with crawler start")
    return job


def _show(report: "Report", *, color: bool) -> None:
    from crawler.cli.inspect_view import NARROW, plain, rich_tables

    if not sys.stdout.isatty():
        _write(plain(report, None))
        return
    width = shutil.get_terminal_size().columns
    dull = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    if dull or not color or width < NARROW:
        _write(plain(report, width))
    else:
        from rich.console import Console

        console = Console(highlight=False)
        for table in rich_tables(report):
            console.print(table)


def _write(lines: Iterable[str]) -> None:
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
