"""Keeping bodies, the part of a reader's tasks: an exchange becomes packed WARC records.

Where it will stand in the file is not known yet: the committer decides that, and whether the body
has been stored before (`crawler.pipeline.bodies`).
"""

import asyncio
from dataclasses import dataclass
from hashlib import sha256
from uuid import uuid4

from crawler.model.capture import Capture
from crawler.model.result import Fetched, Redirected
from crawler.model.work import Item
from crawler.sink.warc import Visit, WarcWriter, new_id

THREAD_BYTES = 1_000_000
"""A body of this size is packed in a thread: on the loop it would stall the others for 3 ms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedExchange:
    """One exchange, ready to be appended."""

    visit: Visit
    mark: str
    """Stands in the page's record where the place of the body is to be."""
    record_id: str
    """Of the response, or of the revisit that takes its place."""
    response: bytes
    context: bytes
    """Request and metadata."""
    content_hash: bytes | None
    """As the page's record has it; not that of the body where a 304 stands for an earlier one."""
    item_ref: int
    fetched_at: int

    @property
    def size(self) -> int:
        return len(self.response) + len(self.context)


class Packer:
    """Packs exchanges; one instance per process."""

    def __init__(self, writer: WarcWriter) -> None:
        self._writer = writer
        self._mark = uuid4().hex

    async def pack(
        self, item: Item, result: Fetched, record: dict[str, object]
    ) -> PackedExchange | None:
        """Pack a page's exchange, a large one in a thread, and set the mark in its record."""
        if result.capture is None:
            return None
        if len(result.body) < THREAD_BYTES:
            return self._pack(item, result, result.capture, record)
        return await asyncio.to_thread(self._pack, item, result, result.capture, record)

    def pack_hop(
        self, item: Item, result: Redirected, record: dict[str, object]
    ) -> PackedExchange | None:
        """Do the same for a redirect, whose body is never large."""
        if result.capture is None:
            return None
        return self._pack(item, result, result.capture, record)

    def _pack(
        self,
        item: Item,
        result: Fetched | Redirected,
        capture: Capture,
        record: dict[str, object],
    ) -> PackedExchange:
        hexed = record["content_hash"]
        content_hash = bytes.fromhex(hexed) if isinstance(hexed, str) else None
        is_of_body = content_hash is not None and result.status != 304
        visit = Visit(
            url=item.url,
            at=str(record["fetched_at"]),
            capture=capture,
            digest=content_hash if is_of_body and content_hash else sha256(capture.body).digest(),
            notes={
                "via": item.parent,
                "depth": item.depth,
                "visit": item.visit,
                "attempts": result.attempts,
                "fetchTimeMs": result.elapsed_ms,
            },
        )
        record_id = new_id()
        record["warc"] = self._mark
        return PackedExchange(
            visit=visit,
            mark=self._mark,
            record_id=record_id,
            response=self._writer.response(visit, record_id),
            context=self._writer.context(visit, record_id),
            content_hash=content_hash,
            item_ref=item.ref,
            fetched_at=result.started_at,
        )
