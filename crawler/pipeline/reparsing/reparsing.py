"""Makes records anew from their kept bodies, by the same code as the crawl made them.

What came from the fetch stays as it is; what comes from reading the page is new. A record without a
body, or whose body is damaged, stays whole as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from crawler.errors import StorageError
from crawler.extract.record import make_record
from crawler.model.plan import Plan
from crawler.model.record import READ_KEYS, RECORD_KEYS
from crawler.model.result import Fetched
from crawler.model.work import Item, unleased
from crawler.pipeline.reading import PageReader
from crawler.policy.canonicalization import LinkResolver
from crawler.policy.parameters import Parameters
from crawler.sink.bodies import open_body
from crawler.sink.reading import open_part


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Whole lines of one part."""

    part: str
    """File name."""
    start: int
    end: int


@dataclass(slots=True, kw_only=True)
class Reread:
    """What became of a piece."""

    piece: Piece
    lines: bytes = b""
    records: int = 0
    read: int = 0
    """Records made anew; the others are as they were."""
    damaged: list[str] = field(default_factory=list)
    """One line for each body that could not be read."""


class Reparser:
    """Reads pieces again; one instance per process."""

    def __init__(self, plan: Plan, directory: Path) -> None:
        """`directory` is that of the parts, records and bodies alike."""
        self._reader = PageReader(plan, LinkResolver(Parameters(plan.strip_params)))
        self._directory = directory

    async def read(self, piece: Piece) -> Reread:
        """Make the records of a piece anew.

        Raises:
            StorageError: the piece cannot be read, or a part with bodies is missing or cut.
        """
        found = Reread(piece=piece)
        lines = []
        for line in self._lines(piece):
            found.records += 1
            record = orjson.loads(line)
            if has_page(record):
                try:
                    record = await self._again(record)
                except StorageError as error:
                    self._check_part(record["warc"])
                    found.damaged.append(f"{record['url']}: {error}")
                    lines.append(line)
                else:
                    found.read += 1
                    lines.append(orjson.dumps(record))
            else:
                lines.append(line)
        lines.append(b"")
        found.lines = b"\n".join(lines)
        return found

    def _lines(self, piece: Piece) -> list[bytes]:
        path = self._directory / piece.part
        try:
            with open_part(path) as file:
                file.seek(piece.start)
                data = file.read(piece.end - piece.start)
        except OSError as error:
            raise StorageError(f"{path} cannot be read: {error.strerror}") from error
        if len(data) < piece.end - piece.start:
            raise StorageError(f"{path} has become shorter")
        return data.splitlines()

    async def _again(self, record: Mapping[str, Any]) -> dict[str, Any]:
        stored = open_body(self._directory, record["warc"])
        result = Fetched(
            attempts=record["attempts"],
            started_at=_ms(record["fetched_at"]),
            elapsed_ms=record["elapsed_ms"],
            status=record["status"],
            headers=stored.headers,
            body=stored.body,
            truncated=record["truncated"],
        )
        reading = await self._reader.read(record["url"], result)
        made = make_record(
            _item(record),
            result=result,
            document=reading.document,
            metadata=reading.metadata,
            directives=reading.directives,
            extras=reading.extras,
        )
        if made["content_hash"] != record["content_hash"]:
            raise StorageError(f"the body at {record['warc']} is another than the record names")
        return _merged(record, made)

    def _check_part(self, warc: Mapping[str, Any]) -> None:
        """Raise if all of a part is in trouble, and not one body.

        Raises:
            StorageError: the file is missing, or cut.
        """
        for place in (warc, warc.get("revisit") or warc):
            path = self._directory / str(place["file"])
            end = place["offset"] + place["length"]
            try:
                size = path.stat().st_size
            except OSError as error:
                raise StorageError(
                    f"part missing: {path} holds bodies ({error.strerror}); put it back"
                ) from error
            if size < end:
                raise StorageError(
                    f"{path} is cut: it has {size} bytes, a record needs {end}; put it back whole"
                )


def has_page(record: Mapping[str, Any]) -> bool:
    """Whether a record was read from a body that is kept: no redirect, no 304, no failure.

    What pages need to look as they do is kept and not read, even if it is HTML.
    """
    return (
        record.get("warc") is not None
        and record.get("kind") != "requisite"
        and record.get("content_hash") is not None
        and record["status"] != 304
        and record["error"] is None
    )


def _merged(record: Mapping[str, Any], made: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record with all that was read taken from the new one, keys in their order.

    Keys that a later version of the crawler brought get their place, unknown ones stay at the end.
    """
    merged = {
        key: made[key] if key in READ_KEYS or key not in record else record[key]
        for key in RECORD_KEYS
    }
    return merged | {key: value for key, value in record.items() if key not in merged}


def _item(record: Mapping[str, Any]) -> Item:
    """Return an item that says what a record is made from; all else of it does not matter."""
    return unleased(
        "page",
        record["url"],
        depth=record["depth"],
        tries=record["attempts"],
        visit=record["visit"],
        chain=tuple(record["redirects"]),
        parent=record["parent"],
    )


def _ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)
