"""`docs/reference/notes.toml`: what the reference says beyond the code's own words.

A note adds a link or a condition to a row; it cannot stand for a row, because rows come from the
code. A note that no row has used is an error: its flag, setting or key is gone.
"""

import tomllib
from pathlib import Path

Entry = str | dict[str, str]


class Stale(Exception):
    """Notes are there for rows that are not."""


class Notes:
    """Notes by table and row; remembers which were asked for."""

    def __init__(self, path: Path | None = None) -> None:
        text = "" if path is None else path.read_text("utf-8")
        self._tables: dict[str, dict[str, Entry]] = tomllib.loads(text)
        self._used: set[tuple[str, str]] = set()

    def note(self, table: str, row: str) -> str:
        """Return what is added to a row's text, or an empty text."""
        entry = self._entry(table, row)
        return entry if isinstance(entry, str) else entry.get("note", "")

    def default(self, table: str, row: str) -> str | None:
        """Return how a row's default is said where the code's value would not tell."""
        entry = self._entry(table, row)
        return None if isinstance(entry, str) else entry.get("default")

    def has(self, table: str, row: str) -> bool:
        """Whether there is something to say about a row."""
        return row in self._tables.get(table, {})

    def check(self) -> None:
        """See that every note has had its row.

        Raises:
            Stale: one has not.
        """
        known = {(table, row) for table, rows in self._tables.items() for row in rows}
        left = sorted(f"[{table}] {row}" for table, row in known - self._used)
        if left:
            raise Stale(f"docs/reference/notes.toml: no such row: {', '.join(left)}")

    def _entry(self, table: str, row: str) -> Entry:
        self._used.add((table, row))
        return self._tables.get(table, {}).get(row, "")
