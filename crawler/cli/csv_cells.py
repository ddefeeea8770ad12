"""Cells of CSV that no spreadsheet takes for a formula.

A text that begins with one of `STARTS` gets an apostrophe in front, which makes it text there.
Numbers are numbers: only what is text in the record is looked at.
"""

import csv
import io
import json
from collections.abc import Iterable, Sequence

STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - as wide letters too
"""What Excel, LibreOffice or Google Sheets begin to calculate at."""


def csv_lines(rows: Iterable[Sequence[object]]) -> str:
    """Return rows as lines of CSV (RFC 4180, but for the line ends of Unix)."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([cell(value) for value in row] for row in rows)
    return text.getvalue()


def cell(value: object) -> object:
    """Return what stands for a plain value (`plain_values.plain`); lists and objects are JSON."""
    if isinstance(value, str):
        return "'" + value if value.startswith(STARTS) else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return value
