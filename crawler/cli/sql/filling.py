"""What SQL reads that is in no file yet: tables of the frontier, and records that were filtered."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from crawler.cli.records.files import Source, Tally, read_lines
from crawler.cli.records.record_filter import RecordFilter
from crawler.frontier.sqlite_listing import HOST_COLUMNS, URL_COLUMNS, FrontierListing


def fill_table(job: Path, name: str, wanted: RecordFilter | None) -> Callable[[BinaryIO], None]:
    """Return what writes `urls` or `hosts` of a job as JSON lines; only those that are wanted."""

    def write(stream: BinaryIO) -> None:
        # DuckDB opens files on threads of its own, which have no event loop yet.
        asyncio.run(_fill(job, name, wanted, stream))

    return write


async def _fill(job: Path, name: str, wanted: RecordFilter | None, stream: BinaryIO) -> None:
    columns = URL_COLUMNS if name == "urls" else HOST_COLUMNS
    async for rows in frontier_rows(job, name):
        made = (dict(zip(columns, row, strict=True)) for row in rows)
        for row in made:
            if wanted is None or is_wanted(wanted, name, row):
                stream.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))


def is_wanted(wanted: RecordFilter, name: str, row: Mapping[str, Any]) -> bool:
    """Judge a row of `urls` or `hosts` as if it were a record; a reason counts as an error."""
    if name == "hosts":
        return wanted({"url": f"http://{row['host']}/", "final_url": None})
    judged = {"final_url": None, "error": row["reason"], "fetched_at": row["visited_at"]}
    return wanted({**row, **judged})


async def frontier_rows(job: Path, name: str) -> AsyncGenerator[list[Sequence[Any]], None]:
    """Yield the rows of `urls` or `hosts` in pieces.

    Raises:
        FrontierError: the store cannot be read.
    """
    listing = FrontierListing(job / "frontier.db")
    await listing.open()
    try:
        async for rows in listing.urls() if name == "urls" else listing.hosts():
            yield rows
    finally:
        await listing.close()


def write_wanted(sources: Sequence[Source], wanted: RecordFilter, stream: BinaryIO) -> int:
    """Write the lines whose records are wanted; return their number."""
    count = 0
    for source in sources:
        for line, record in read_lines(source, Tally()):
            if wanted(record):
                stream.write(line if line.endswith(b"\n") else line + b"\n")
                count += 1
    stream.flush()
    return count
