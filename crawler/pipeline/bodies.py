"""Keeping bodies, the committer's part: where each goes, and what its record's `warc` says.

A body that was stored before is not stored again: a revisit record stands in its place, and the
page's record points to the body as well as to that. What was stored is looked up once for a batch,
and the latest are remembered.
"""

from collections.abc import Collection, Mapping, Sequence

from crawler.extract.record import timestamp
from crawler.model.result import KeptBody
from crawler.pipeline.appended import Appended
from crawler.pipeline.packing import PackedExchange
from crawler.pipeline.settlement import Settlement
from crawler.ports import Frontier, store_name
from crawler.sink.jsonl import with_warc
from crawler.sink.part import OpenPart
from crawler.sink.warc import WarcWriter

MIN_SHARED_BYTES = 512
"""A smaller body is stored again: a revisit record would be no shorter."""
MAX_REMEMBERED = 10_000


class Bodies:
    """Lays out the bodies of a batch; one instance per process."""

    def __init__(self, frontier: Frontier, writer: WarcWriter) -> None:
        self._frontier = frontier
        self._writer = writer
        self._latest: dict[bytes, KeptBody] = {}

    async def lay_out(self, settlements: Sequence[Settlement], part: OpenPart) -> Appended:
        """Return what is appended for these settlements at the present end of the part."""
        known = await self._find([s.exchange for s in settlements if s.exchange is not None])
        layout = _Layout(part, self._writer, known)
        lines: list[bytes] = []
        for settlement in settlements:
            exchange = settlement.exchange
            if exchange is not None:
                lines.append(with_warc(settlement.line, exchange.mark, layout.add(exchange)))
            elif settlement.line:
                lines.append(settlement.line)
        return Appended(
            lines=b"".join(lines),
            records=len(lines),
            store=b"".join(layout.members),
            bodies=layout.new,
            refers_to=layout.refers_to,
        )

    async def has(self, content_hash: bytes | None) -> bool:
        """Tell whether the body with this SHA-256 is stored."""
        if content_hash is None:
            return False
        return content_hash in self._latest or bool(await self._frontier.bodies([content_hash]))

    def remember(self, bodies: Sequence[KeptBody]) -> None:
        """Note bodies whose batch was committed."""
        for body in bodies:
            self._latest[body.content_hash] = body
        while len(self._latest) > MAX_REMEMBERED:
            del self._latest[next(iter(self._latest))]

    def forget(self, parts: Collection[int]) -> None:
        """Note that the files of these parts are gone."""
        self._latest = {k: body for k, body in self._latest.items() if body.part_id not in parts}

    async def _find(self, exchanges: Sequence[PackedExchange]) -> dict[bytes, KeptBody]:
        asked = {e.content_hash for e in exchanges if e.content_hash and _may_share(e)}
        known = {one: self._latest[one] for one in asked if one in self._latest}
        unknown = asked - known.keys()
        if unknown:
            known.update(await self._frontier.bodies(unknown))
        return known


class _Layout:
    """The members of one batch, one behind the other."""

    def __init__(self, part: OpenPart, writer: WarcWriter, known: Mapping[bytes, KeptBody]) -> None:
        self._part_id = part.part_id
        self._end = part.store_size
        self._writer = writer
        self._known = dict(known)
        self.members: list[bytes] = []
        self.new: list[KeptBody] = []
        self.refers_to: set[int] = set()

    def add(self, exchange: PackedExchange) -> dict[str, object] | None:
        """Append an exchange; return the `warc` of its page's record."""
        stored = self._stored(exchange)
        if stored is not None:
            revisit = self._append(self._revisit(exchange, stored), exchange)
            if stored.part_id != self._part_id:
                self.refers_to.add(stored.part_id)
            body = _pointer(stored.part_id, stored.start, stored.length)
            return {**body, "revisit": revisit}
        start, length = self._end, len(exchange.response)
        own = self._append(exchange.response, exchange)
        if exchange.content_hash is None:
            return own
        if exchange.content_hash != exchange.visit.digest:
            # It stands for a body that was never stored.
            return None
        if exchange.visit.capture.body:
            new = KeptBody(
                exchange.content_hash,
                self._part_id,
                start,
                length,
                exchange.item_ref,
                exchange.fetched_at,
                exchange.visit.url,
            )
            self._known.setdefault(new.content_hash, new)
            self.new.append(new)
        return own

    def _stored(self, exchange: PackedExchange) -> KeptBody | None:
        if exchange.content_hash is None or not _may_share(exchange):
            return None
        return self._known.get(exchange.content_hash)

    def _revisit(self, exchange: PackedExchange, stored: KeptBody) -> bytes:
        is_same = exchange.content_hash == exchange.visit.digest
        return self._writer.revisit(
            exchange.visit,
            exchange.record_id,
            profile="identical-payload-digest" if is_same else "server-not-modified",
            url=stored.url,
            at=timestamp(stored.fetched_at),
            digest=stored.content_hash,
        )

    def _append(self, member: bytes, exchange: PackedExchange) -> dict[str, object]:
        pointer = _pointer(self._part_id, self._end, len(member))
        self.members += (member, exchange.context)
        self._end += len(member) + len(exchange.context)
        return pointer


def _may_share(exchange: PackedExchange) -> bool:
    """Whether an earlier body may stand for this one, or must."""
    is_same = exchange.content_hash == exchange.visit.digest
    return not is_same or len(exchange.visit.capture.body) >= MIN_SHARED_BYTES


def _pointer(part_id: int, start: int, length: int) -> dict[str, object]:
    return {"file": store_name(part_id), "offset": start, "length": length}
