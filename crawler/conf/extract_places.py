"""Where the `[[extract]]` tables of a crawl file and their fields stand, for messages."""

import difflib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

_HEAD = re.compile(r"""\s*\[\[\s*["']?extract["']?\s*\]\]""").match
_OTHER_HEAD = re.compile(r"\s*\[").match
_FIELDS_HEAD = re.compile(
    r"""\s*\[\s*extract\s*\.\s*fields\s*(?:\.\s*["']?([^"'\]]+?)["']?\s*)?\]"""
).match
_DOTTED = re.compile(r"""\s*fields\s*\.\s*["']?([^"'.=\s]+)["']?\s*[.=]""").match
_KEY = re.compile(r"""\s*["']?([^"'.=\s\[\]#{}]+)["']?\s*[.=]""").match


class TablePlaces(NamedTuple):
    """How messages name one table and its fields."""

    table: str
    file: str
    lines: Mapping[str, int]
    """Of the fields that were found."""

    def field(self, name: str) -> str:
        line = self.lines.get(name)
        if line is None:
            return f"{self.table} field {name}"
        return f"{self.file}, line {line}: [[extract]] field {name}"


def find_places(text: str, path: Path, number: int) -> list[TablePlaces]:
    """Return the place of each of `number` tables; a good guess is enough for a message."""
    lines: list[int] = []
    fields: list[dict[str, int]] = []
    in_fields = False
    for line_number, line in enumerate(text.splitlines(), 1):
        if _HEAD(line):
            lines.append(line_number)
            fields.append({})
            in_fields = False
            continue
        if not lines:
            continue
        head = _FIELDS_HEAD(line)
        if head:
            in_fields = head[1] is None
            if head[1] is not None:
                fields[-1].setdefault(head[1].strip(), line_number)
            continue
        if _OTHER_HEAD(line) and not _KEY(line):
            in_fields = False
        found = _KEY(line) if in_fields else _DOTTED(line)
        if found:
            fields[-1].setdefault(found[1], line_number)
    if len(lines) != number:
        return [
            TablePlaces(f"{path}: [[extract]] number {n}", str(path), {})
            for n in range(1, number + 1)
        ]
    return [
        TablePlaces(f"{path}, line {line}: [[extract]]", str(path), found)
        for line, found in zip(lines, fields, strict=True)
    ]


def suggest(name: str, names: Iterable[str]) -> str:
    """Return what was probably meant, to be put behind a message."""
    near = difflib.get_close_matches(name.replace("-", "_"), names, n=1)
    return f" (did you mean {near[0]}?)" if near else ""
