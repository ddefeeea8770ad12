"""The overview of `crawler inspect`: one pass over the records, then tables or JSON."""

from collections.abc import Sequence
from pathlib import Path

import typer

from crawler.cli.looking.report import Report
from crawler.cli.looking.summary import Summary
from crawler.cli.looking.view import facts, tables
from crawler.cli.records.files import Tally, find_sources, read_records
from crawler.cli.records.job_behind import states_of
from crawler.cli.records.record_filter import RecordFilter
from crawler.cli.tables import Table
from crawler.errors import ConfigError


def overview(paths: Sequence[Path], samples: int, wanted: RecordFilter | None) -> Report:
    """Return what there is to say of the records that are wanted; None: of all.

    Raises:
        ConfigError: a path cannot be read, holds no JSON lines, or has lost its parts.
    """
    tally = Tally()
    summary = Summary(samples)
    sources = find_sources(paths, tally)
    states = states_of(paths)
    seen = 0
    for source in sources:
        for record in read_records(source, tally):
            seen += 1
            if wanted is None or wanted(record):
                summary.add(record)
    report = summary.report(tally, states, seen)
    if seen == 0 and tally.parts_gone:
        names = ", ".join(str(path) for path in paths)
        raise ConfigError(f"no records in {names}: {'; '.join(tally.notes)}")
    for note in tally.notes:
        typer.echo(f"warning: {note}", err=True)
    if seen == 0 and tally.invalid_lines:
        names = ", ".join(str(path) for path in paths)
        raise ConfigError(f"{names}: not JSON lines, none of {tally.invalid_lines:,} can be read")
    return report


def overview_tables(report: Report) -> list[Table]:
    """Return the tables of a report that has records."""
    return [facts(report), *tables(report)]


def nothing_to_show(report: Report, paths: Sequence[Path]) -> str:
    """Return what a person is told where no record is left to show."""
    names = ", ".join(str(path) for path in paths)
    if report.records_read:
        return f"none of the {report.records_read:,} records in {names} matches"
    return f"no records yet in {names}"
