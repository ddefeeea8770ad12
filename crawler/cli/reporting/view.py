"""What `crawler report` says on a terminal: what was found, and where all of it is."""

from pathlib import Path

from crawler.cli.output import show_tables, write
from crawler.cli.printable import printable
from crawler.cli.reporting.data import Report
from crawler.cli.tables import Table
from crawler.cli.wording import plural


def show(report: Report, page: Path | None, csv: Path | None, *, color: bool) -> None:
    """Write the summary, one line for each check that found something, and what was written."""
    write(report.summary)
    rows = [
        (one.check.severity, f"{one.count:,}", one.check.title, _example(one.first[0].values))
        for one in report.audit.found
    ]
    if rows:
        table = Table(title="Findings", rows=rows, right=frozenset({1}))
        show_tables([table], color=color)
    write(_written(report, page, csv))


def _example(values: tuple[object, ...]) -> str:
    return printable(str(values[0]))


def _written(report: Report, page: Path | None, csv: Path | None) -> list[str]:
    lines = [""]
    if page is not None:
        lines.append(f"page: {page}")
    if csv is not None:
        lines.append(f"all of it: {plural(len(report.audit.found), 'CSV file')} in {csv}")
    return lines
