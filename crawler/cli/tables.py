"""Tables for a person: aligned text anywhere, colours and bars on a terminal."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawler.cli.printable import cells, crop

if TYPE_CHECKING:
    from rich.table import Table as RichTable

_TITLE_CELLS = 40
NARROW = 72
"""Below this width bars and colours would take the room of the data."""
_MARGIN = "  "


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of printable text; the last column may be cut to fit."""

    title: str
    rows: Sequence[tuple[str, ...]]
    right: frozenset[int] = frozenset()
    """Columns that are aligned to the right."""
    shares: Sequence[float] = ()
    """For bars: each row's part of the greatest."""


def plain_tables(shown: Sequence[Table], width: int | None) -> list[str]:
    """Return the lines of tables; cut to `width` columns unless None."""
    lines: list[str] = []
    for table in shown:
        if table.title:
            title = table.title if width is None else crop(table.title, width)
            lines += ["", title]
        lines += _aligned(table, width)
    return lines


def drawn_tables(shown: Sequence[Table]) -> "list[RichTable]":
    """Return tables for a terminal with colours."""
    from rich.table import Table as RichTable
    from rich.text import Text

    drawn = []
    for table in shown:
        grid = RichTable(
            title=f"\n{table.title}" if table.title else None,
            title_justify="left",
            title_style="bold",
            box=None,
            show_header=False,
            pad_edge=False,
            padding=(0, 2, 0, 0),
        )
        columns = len(table.rows[0])
        for n in range(columns):
            last = n == columns - 1
            widest = max(cells(row[n]) for row in table.rows)
            grid.add_column(
                justify="right" if n in table.right else "left",
                no_wrap=not last,
                overflow="ellipsis",
                min_width=None if last else min(widest, _TITLE_CELLS),
            )
            if n == 0 and table.shares:
                grid.add_column(no_wrap=True, min_width=10)
        for n, row in enumerate(table.rows):
            texts = [Text(cell) for cell in row]
            texts[0].stylize(_style(table.title, row[0]))
            if table.shares:
                texts.insert(1, Text(_bar(table.shares[n]), style="dim"))
            grid.add_row(*texts)
        drawn.append(grid)
    return drawn


def _aligned(table: Table, width: int | None) -> list[str]:
    columns = range(len(table.rows[0]))
    widths = [max(cells(row[n]) for row in table.rows) for n in columns]
    lines = []
    for row in table.rows:
        texts = [
            " " * (widths[n] - cells(row[n])) + row[n]
            if n in table.right
            else row[n] + " " * (widths[n] - cells(row[n]))
            for n in columns
        ]
        line = (_MARGIN + _MARGIN.join(texts)).rstrip()
        lines.append(line if width is None else crop(line, width))
    return lines


def _bar(share: float) -> str:
    eighths = round(share * 80)
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()


def _style(title: str, name: str) -> str:
    if title.startswith("Errors"):
        return "red"
    if title in ("Status", "Samples"):
        return {"2": "green", "3": "cyan", "4": "yellow", "5": "red"}.get(name[:1], "magenta")
    return ""
