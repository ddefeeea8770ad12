"""Findings in full, as CSV files that a spreadsheet opens without running anything."""

import csv
from pathlib import Path

from crawler.audit.auditing import Audit, all_rows
from crawler.audit.checks import CHECKS
from crawler.audit.database import AuditDatabase
from crawler.errors import StorageError

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001
"""What a cell of a formula begins with, in Excel, LibreOffice or Google Sheets."""


def write_csv(directory: Path, database: AuditDatabase, audit: Audit) -> None:
    """Write a file for each check that found something; of others an old file goes.

    Raises:
        StorageError: the directory cannot be written to.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for check in CHECKS:
            (directory / f"{check.name}.csv").unlink(missing_ok=True)
        for findings in audit.found:
            path = directory / f"{findings.check.name}.csv"
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(findings.columns)
                for row in all_rows(database, findings):
                    writer.writerow([safe_cell(value) for value in row])
    except OSError as error:
        raise StorageError(f"cannot write to {directory}: {error.strerror}") from error


def safe_cell(value: object) -> object:
    """Return a value as a cell that no spreadsheet takes for a formula."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return value
