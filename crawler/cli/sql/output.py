"""What `crawler inspect --sql` prints: a table, JSON, or CSV."""

import json
import shutil
import sys
from collections.abc import Iterator, Sequence

import typer

from crawler.cli.csv_cells import csv_lines
from crawler.cli.printable import cells, crop, printable, printable_json
from crawler.cli.sql.engine import Answer
from crawler.cli.sql.plain_values import plain

MOST_ROWS = 1_000
"""Of a table for people; JSON and CSV have all."""
_MOST_CELLS = 60
_NUMBERS = ("INT", "DOUBLE", "FLOAT", "DECIMAL")


def rows_of(answer: Answer) -> Iterator[list[list[object]]]:
    """Yield rows of plain values."""
    types = answer.types
    for batch in answer.batches():
        yield [
            [plain(value, kind) for value, kind in zip(row, types, strict=True)] for row in batch
        ]


def table_lines(answer: Answer) -> Iterator[str]:
    """Yield the lines of a table; only of the first rows."""
    rows: list[list[str]] = []
    is_cut = False
    for batch in rows_of(answer):
        rows += [[_shown(value) for value in row] for row in batch[: MOST_ROWS + 1 - len(rows)]]
        if is_cut := len(rows) > MOST_ROWS:
            break
    del rows[MOST_ROWS:]
    heads = [crop(printable(name), _MOST_CELLS) for name in answer.columns]
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    right = [any(word in kind for word in _NUMBERS) and "[" not in kind for kind in answer.types]
    widths = [max(map(cells, column)) for column in zip(heads, *rows, strict=True)]
    ruled = ["─" * each for each in widths]
    for row in (heads, ruled, *rows):
        parts = [
            " " * (each - cells(text)) + text if is_right else text + " " * (each - cells(text))
            for text, each, is_right in zip(row, widths, right, strict=True)
        ]
        line = "  ".join(parts).rstrip()
        yield line if width is None else crop(line, width)
    if is_cut:
        typer.echo(f"only the first {MOST_ROWS:,} rows: --json and --csv have all", err=True)


def json_lines(answer: Answer) -> Iterator[str]:
    """Yield the lines of one JSON array of objects, one on each line."""
    columns = answer.columns
    pending = "["
    for batch in rows_of(answer):
        for row in batch:
            yield pending
            found = json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False)
            pending = printable_json(found) + ","
    if pending == "[":
        yield "[]"
    else:
        yield pending.removesuffix(",")
        yield "]"


def csv_text(answer: Answer) -> Iterator[str]:
    """Yield lines of CSV, names of columns first."""
    yield _csv([answer.columns])
    for batch in rows_of(answer):
        yield _csv(batch)


def _csv(rows: Sequence[Sequence[object]]) -> str:
    text = csv_lines(rows).removesuffix("\n")
    # In a file or a pipe it is data, and stays as it is.
    return printable_json(text) if sys.stdout.isatty() else text


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        text = value.removesuffix(".000Z") + "Z" if value.endswith(":00.000Z") else value
    elif isinstance(value, float):
        text = str(round(value, 3))
    elif isinstance(value, int) and not isinstance(value, bool):
        text = str(value)
    else:
        text = json.dumps(value, ensure_ascii=False)
    return crop(printable(text), _MOST_CELLS)
