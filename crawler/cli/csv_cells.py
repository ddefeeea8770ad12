"""Cells of CSV that no spreadsheet takes for a formula.

A text that begins with one of `STARTS` gets an apostrophe in front, which makes it text there.
Numbers are numbers: only what is text in the record is looked at.
"""

import json
from collections.abc import Iterable, Sequence

import orjson

STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - as wide letters too
"""What Excel, LibreOffice or Google Sheets begin to calculate at."""


def csv_lines(rows: Iterable[Sequence[object]]) -> str:
    """Return rows as lines of CSV (RFC 4180, but for the line ends of Unix)."""
    # A line of nothing would be no row: readers pass over it.
    return "".join((",".join(map(_written, row)) or '""') + "\n" for row in rows)


def _written(value: object) -> str:
    """Quote by hand: the standard library looks at each character, which takes longer."""
    value = cell(value)
    if value is None:
        return ""
    if not isinstance(value, str):
        return str(value)
    if '"' in value:
        return '"' + value.replace('"', '""') + '"'
    if "," in value or "\n" in value or "\r" in value:
        return f'"{value}"'
    return value


def cell(value: object) -> object:
    """Return what stands for a plain value (`plain_values.plain`); lists and objects are JSON."""
    if isinstance(value, str):
        return "'" + value if value.startswith(STARTS) else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        try:
            return orjson.dumps(value).decode()
        except TypeError:  # an integer of more than 64 bits
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return value
