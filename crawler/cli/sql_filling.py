"""What SQL reads that is in no file yet: tables of the frontier, and records that were filtered."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from crawler.cli.inspect_files import Source, Tally, read_lines
from crawler.cli.record_filter import RecordFilter
from crawler.frontier.sqlite_listing import HOST_COLUMNS, URL_COLUMNS, FrontierListing


def fill_table(job: Path, name: str) -> Callable[[BinaryIO], None]:
    """Return what writes `urls` or `hosts` of a job as JSON lines."""

    def write(stream: BinaryIO) -> None:
        # DuckDB opens files on threads of its own, which have no event loop yet.
        asyncio.run(_fill(job, name, stream))

    return write


async def _fill(job: Path, name: str, stream: BinaryIO) -> None:
    columns = URL_COLUMNS if name == "urls" else HOST_COLUMNS
    async for rows in frontier_rows(job, name):
        lines = (orjson.dumps(dict(zip(columns, row, strict=True))) for row in rows)
        stream.write(b"\n".join(lines) + b"\n")


async def frontier_rows(job: Path, name: str) -> AsyncIterator[list[Sequence[Any]]]:
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
