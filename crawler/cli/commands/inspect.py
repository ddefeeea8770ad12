"""`crawler inspect`: a first look at the records of a crawl, ours or another's."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crawler.cli.options import JobOption
from crawler.cli.output import find_job, show_tables, write_json
from crawler.cli.records.filter_options import (
    DepthOption,
    ErrorOption,
    GrepOption,
    HostOption,
    SinceOption,
    StatusOption,
    make_filter,
)
from crawler.errors import ConfigError

if TYPE_CHECKING:
    from crawler.cli.records.record_filter import RecordFilter


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
    sql: Annotated[
        str | None,
        typer.Option(
            "--sql", metavar="QUERY", help="Answer one SELECT over pages, urls, hosts, links."
        ),
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="The answer of --sql as CSV.")] = False,
    following: Annotated[
        bool, typer.Option("-f", "--follow", help="Print each record as it is committed.")
    ] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="Plain text.")] = False,
) -> None:
    """Summarise records: states, statuses, types, hosts, depths, errors, sizes, samples.

    Reads what a running crawl has committed so far, and any JSON lines of other crawlers.
    """
    asked = paths or [find_job(job)]
    color = not no_color
    _refuse_mixtures(sql=sql, as_csv=as_csv, as_json=as_json, following=following, changed=changed)
    if changed:
        # Of changes, --since is a bound of its own: it may leave lines unread.
        wanted = make_filter(
            asked, host=host, status=status, error=error, depth=depth, since=None, grep=grep
        )
        _show_changes(asked, since, wanted, samples, as_json=as_json, color=color)
        return
    wanted = make_filter(
        asked, host=host, status=status, error=error, depth=depth, since=since, grep=grep
    )
    if sql is not None:
        from crawler.cli.looking.sql import show_answer

        show_answer(asked, sql, wanted, "csv" if as_csv else "json" if as_json else "table")
        return
    if following:
        _follow(asked, wanted, as_json=as_json)
        return
    shown = _SAMPLES if samples is None else samples
    _show_overview(asked, wanted, shown, as_json=as_json, color=color)


def _refuse_mixtures(
    *, sql: str | None, as_csv: bool, as_json: bool, following: bool, changed: bool
) -> None:
    ways = ("--sql", sql is not None), ("--follow", following), ("--changed", changed)
    chosen = [name for name, is_chosen in ways if is_chosen]
    if len(chosen) > 1:
        raise ConfigError(f"{chosen[0]} and {chosen[1]} do not go together")
    if as_csv and sql is None:
        raise ConfigError("--csv goes with --sql; crawler export writes whole tables")
    if as_csv and as_json:
        raise ConfigError("--csv and --json do not go together")


def _follow(paths: list[Path], wanted: "RecordFilter | None", *, as_json: bool) -> None:
    from crawler.cli.looking.follow import follow
    from crawler.cli.records.job_behind import job_behind

    job = job_behind(paths[0]) if len(paths) == 1 else None
    if job is None:
        raise ConfigError("--follow follows one job")
    follow(job, wanted, as_json=as_json)


def _show_overview(
    paths: list[Path], wanted: "RecordFilter | None", samples: int, *, as_json: bool, color: bool
) -> None:
    from crawler.cli.looking.overview import nothing_to_show, overview, overview_tables

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
    from crawler.cli.looking.changes import LISTED, find_changes
    from crawler.cli.looking.changes_view import change_tables
    from crawler.cli.records.since import read_since

    listed = LISTED if samples is None else samples
    changes, notes = find_changes(paths, read_since(since), listed, wanted)
    for note in notes:
        typer.echo(f"warning: {note}", err=True)
    if as_json:
        write_json(changes)
    else:
        show_tables(change_tables(changes), color=color)
