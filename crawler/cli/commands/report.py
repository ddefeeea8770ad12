"""`crawler report`: the audit of a crawled site, as one page, as JSON, as CSV files."""

import asyncio
import os
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crawler.cli.options import Flags, with_options

if TYPE_CHECKING:
    from crawler.audit.crawl import CrawlState
    from crawler.audit.database import AuditDatabase
    from crawler.cli.reporting.data import Report
    from crawler.conf.settings import Settings
    from crawler.ports import Now

FOUND = 8
"""Exit code where --fail-on holds."""
_LISTED = 100
_PAGE = "report.html"


@with_options(
    *("job", "config", "delay", "timeout", "user_agent", "contact", "proxy", "allow_net"),
    *("log_level", "log_format", "no_color"),
)
def report(
    flags: Flags,
    *,
    page: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help=f"The page. [default: {_PAGE}, none with --json]"
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    csv: Annotated[
        Path | None,
        typer.Option("--csv", metavar="DIR", help="Write each finding in full, a file for each."),
    ] = None,
    rows: Annotated[
        int,
        typer.Option(
            "--rows", metavar="N", min=1, max=10_000, help="Things that page and JSON name of each."
        ),
    ] = _LISTED,
    fail_on: Annotated[
        str | None,
        typer.Option(
            "--fail-on",
            metavar="SEVERITY",
            help="Exit code 8 if anything is found: error, warning, notice.",
        ),
    ] = None,
    check_external: Annotated[
        bool,
        typer.Option("--check-external", help="Ask once for what pages name beyond the crawl."),
    ] = False,
    max_external: Annotated[
        int, typer.Option("--max-external", metavar="N", min=1, help="Ask for at most so many.")
    ] = 1_000,
    external_time: Annotated[
        str, typer.Option("--external-time", metavar="TIME", help="Then leave the rest unasked.")
    ] = "10m",
) -> None:
    """Audit the crawled site: charts and findings in one page that opens anywhere, offline.

    Broken links with all pages that link to them, redirect chains, titles, canonicals, sitemaps and
    more. Reads what is committed so far, also while the crawl runs.
    """
    from crawler.cli.reporting.view import show
    from crawler.cli.unwinding import unwound_by_signals
    from crawler.conf.load import load_settings

    settings = load_settings(flags, os.environ, Path.cwd())
    _check(fail_on)
    if page is None and not as_json:
        page = Path(_PAGE)
    if page is not None:
        from crawler.cli.reporting.page import require_plotly, require_room, write_page

        require_plotly()
        require_room(page)
    with unwound_by_signals():
        made = _made(settings, rows, csv, (max_external, external_time) if check_external else None)
        if page is not None:
            write_page(page, made)
    if as_json:
        from crawler.cli.output import write_json

        write_json(made.as_json())
    else:
        show(made, page, csv, color=not settings.no_color)
    if fail_on is not None and made.fails(fail_on):
        sys.exit(FOUND)


def _check(fail_on: str | None) -> None:
    from crawler.audit.check import SEVERITIES
    from crawler.errors import ConfigError

    if fail_on is not None and fail_on not in SEVERITIES:
        raise ConfigError(f"--fail-on takes {', '.join(SEVERITIES)}, not {fail_on}")


def _made(
    settings: "Settings", rows: int, csv: Path | None, external: tuple[int, str] | None
) -> "Report":
    """Read the records, run the checks, write the CSV files."""
    from crawler.audit.auditing import audit
    from crawler.audit.crawl import NO_STORE, look_at
    from crawler.audit.database import open_database
    from crawler.audit.figures import figures
    from crawler.audit.outside import read_answers
    from crawler.cli.output import find_job
    from crawler.cli.records.files import Tally, find_sources
    from crawler.cli.reporting.data import Report
    from crawler.cli.reporting.parts import part_files
    from crawler.cli.sql.engine import load_duckdb
    from crawler.clock import job_clock, new_offset_ms
    from crawler.errors import ConfigError
    from crawler.job.directory import has_store

    job = find_job(str(settings.job))
    load_duckdb()
    from crawler.cli.sql.files import QueryFiles

    now = job_clock(new_offset_ms())
    tally = Tally()
    files = QueryFiles()
    with closing(files), open_database(files) as (database, scratch):
        listed = scratch / "listed.jsonl"
        # The store is looked at first: the records may know more by then, never less.
        state = NO_STORE
        if has_store(job):
            state = asyncio.run(look_at(job, listed))
        else:
            listed.touch()
        sources = find_sources([job], tally)
        database.load(part_files(files, sources), listed, read_answers(job, now()))
        if external is not None:
            _ask(settings, job, database, state=state, now=now, external=external)
        found = audit(database, max_findings=rows)
        made = Report(job=job, state=state, audit=found, figures=figures(database))
        if state is NO_STORE and not made.figures.totals["urls"]:
            raise ConfigError(
                f"{job} is no job, and has no records of ours: crawler inspect looks at any others"
            )
        for note in tally.notes:
            typer.echo(f"warning: {note}", err=True)
        if csv is not None:
            from crawler.cli.reporting.csv import write_csv

            write_csv(csv, database, found)
    return made


def _ask(
    settings: "Settings",
    job: Path,
    database: "AuditDatabase",
    *,
    state: "CrawlState",
    now: "Now",
    external: tuple[int, str],
) -> None:
    """Ask for what pages name and the crawl did not fetch, and say how far that came."""
    from crawler.audit.external import ask_outside
    from crawler.cli.errors import say
    from crawler.cli.reporting.words import asking_lines
    from crawler.cli.wording import plural
    from crawler.conf.plan import make_plan
    from crawler.conf.units import parse_duration_ms
    from crawler.errors import ConfigError
    from crawler.job.directory import job_flag
    from crawler.logs import configure

    most, time = external
    try:
        within_ms = parse_duration_ms(time)
    except ValueError as error:
        raise ConfigError(f"--external-time: {error}") from None
    configure(
        level=settings.log_level,
        log_format=settings.log_format,
        color=not settings.no_color and sys.stderr.isatty(),
        debug=settings.debug,
    )
    answered = 0

    def count(done: int, of: int) -> None:
        nonlocal answered
        answered = done
        if sys.stderr.isatty():
            sys.stderr.write(f"\rasked for {done:,} of {of:,} URLs beyond the crawl")
            sys.stderr.flush()

    asking = ask_outside(
        job,
        make_plan(settings),
        now,
        database,
        state,
        most=most,
        within_s=within_ms / 1000,
        on_answer=count,
    )
    try:
        asked = asyncio.run(asking)
    except KeyboardInterrupt:
        say(f"stopped after {plural(answered, 'answer')}; the same command asks for the others")
        raise
    finally:
        if sys.stderr.isatty() and answered:
            sys.stderr.write("\n")
    for line in asking_lines(asked, job_flag(job)):
        say(line)
