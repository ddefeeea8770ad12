"""Rows of tables without a database: from the parts and from the frontier, as they come."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from crawler.cli.records.files import Source, Tally, read_lines, read_records
from crawler.cli.records.foreign import host_of
from crawler.cli.records.record_filter import RecordFilter
from crawler.cli.sql.filling import frontier_rows, is_wanted
from crawler.cli.sql.schema import LINK_COLUMNS
from crawler.frontier.sqlite_listing import HOST_COLUMNS, URL_COLUMNS
from crawler.model.record import RECORD_KEYS

Row = Mapping[str, Any]
COLUMNS = {
    "pages": (*RECORD_KEYS, "host"),
    "links": LINK_COLUMNS,
    "urls": URL_COLUMNS,
    "hosts": HOST_COLUMNS,
}
_BATCH = 100
_T = TypeVar("_T")


def record_lines(
    sources: Sequence[Source], wanted: RecordFilter | None, tally: Tally
) -> Iterator[bytes]:
    """Yield the lines of records, each with its end."""
    for source in sources:
        for line, record in read_lines(source, tally):
            if wanted is None or wanted(record):
                yield line if line.endswith(b"\n") else line + b"\n"


def page_rows(
    sources: Sequence[Source], wanted: RecordFilter | None, tally: Tally
) -> Iterator[Row]:
    for record in _records(sources, wanted, tally):
        url = record.get("url")
        record.setdefault("host", host_of(url) if isinstance(url, str) else None)
        yield record


def columns_found(
    sources: Sequence[Source], wanted: RecordFilter | None, tally: Tally
) -> Sequence[str]:
    """Return the columns of records that may be another crawler's, by reading them once more."""
    found = dict.fromkeys(name for one in _records(sources, wanted, tally) for name in one)
    ours = COLUMNS["pages"]
    return ours if set(found) <= set(ours) else tuple(found)


def link_rows(
    sources: Sequence[Source], wanted: RecordFilter | None, tally: Tally
) -> Iterator[Row]:
    """Yield one row for each link, as the view of SQL has them."""
    for record in _records(sources, wanted, tally):
        links, details = record.get("links") or (), record.get("link_details") or ()
        nofollow = frozenset(record.get("nofollow") or ())
        said = {one.get("url"): one for one in details}
        for position, target in enumerate(links, 1):
            detail = said.get(target, {})
            yield {
                "source": record.get("url"),
                "target": target,
                "position": position,
                "text": detail.get("text"),
                "rel": detail.get("rel"),
                "nofollow": target in nofollow,
                "visit": record.get("visit"),
                "fetched_at": record.get("fetched_at"),
            }


def _records(
    sources: Sequence[Source], wanted: RecordFilter | None, tally: Tally
) -> Iterator[dict[str, Any]]:
    for source in sources:
        for record in read_records(source, tally):
            if wanted is None or wanted(record):
                yield record


def known_rows(job: Path, table: str, wanted: RecordFilter | None) -> Iterator[Row]:
    """Yield the rows of `urls` or `hosts`.

    Raises:
        FrontierError: the store cannot be read.
    """
    columns = COLUMNS[table]
    for rows in _awaited(frontier_rows(job, table)):
        for values in rows:
            row = dict(zip(columns, values, strict=True))
            if wanted is None or is_wanted(wanted, table, row):
                yield row


def _awaited(pieces: AsyncGenerator[_T, None]) -> Iterator[_T]:
    """Yield what an asynchronous iterator yields, one after the other."""

    async def following() -> _T:
        return await anext(pieces)

    with asyncio.Runner() as runner:
        try:
            while True:
                try:
                    piece = runner.run(following())
                except StopAsyncIteration:
                    return
                yield piece
        finally:
            runner.run(pieces.aclose())


def batches(rows: Iterator[Row], columns: Sequence[str]) -> Iterator[list[list[Any]]]:
    """Yield rows as lists of the values of columns, many at once."""
    batch: list[list[Any]] = []
    for row in rows:
        batch.append([row.get(name) for name in columns])
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
