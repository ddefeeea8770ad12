"""The committer: one per reader process, settles batches in one transaction each.

Order matters: lines are appended first, then one transaction marks the outcomes, adds the links
and moves the part's offset. A crash before the commit leaves bytes that the next start cuts off;
after it nothing is open. A lease that was lost meanwhile takes its line with it.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from crawler.model.measures import Measures
from crawler.model.result import Batch, HostNote, PartMark
from crawler.model.work import Link
from crawler.pipeline.appended import Appended
from crawler.pipeline.known import KnownUrls
from crawler.pipeline.parts import PartRotation
from crawler.pipeline.settlement import Settlement
from crawler.ports import Frontier, Now, Parent
from crawler.sink.part import OpenPart

if TYPE_CHECKING:
    from crawler.pipeline.bodies import Bodies

BATCH_SECONDS = 0.025
BATCH_SETTLEMENTS = 50
BATCH_LINKS = 5_000
BATCH_BYTES = 8_000_000


class Committer:
    """Collects settlements and commits them; `settle` blocks once two batches wait."""

    def __init__(
        self,
        frontier: Frontier,
        rotation: PartRotation,
        known: KnownUrls,
        now: Now,
        bodies: "Bodies | None" = None,
        *,
        measures: Measures | None = None,
    ) -> None:
        self._frontier = frontier
        self._rotation = rotation
        self._known = known
        self._now = now
        self._bodies = bodies
        self._measures = measures or Measures()
        self._waiting: list[Settlement] = []
        self._begun: list[int] = []
        """When the work on each of those that wait began."""
        self._links = 0
        self._bytes = 0
        self._work = asyncio.Event()
        self._full = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._closing = False
        self._error: BaseException | None = None
        self._task: asyncio.Task[None] | None = None
        self.parent: Parent
        self.known_requisites: KnownUrls | None = None
        """Of a crawl that fetches requisites."""

    def start(self, parent: Parent) -> "asyncio.Task[None]":
        """Begin to commit; the task ends with an error when output or frontier fail."""
        self.parent = parent
        self._task = asyncio.get_running_loop().create_task(self._run(), name="committer")
        return self._task

    async def settle(self, settlement: Settlement, begun_at: int) -> None:
        """Hand over one settlement; returns before it is committed.

        Args:
            settlement: of one item.
            begun_at: when the work on it began.

        Raises:
            CrawlerError: the committer has failed; the process must end.
        """
        while not self._room.is_set():
            await self._room.wait()
        if self._error is not None:
            raise self._error
        self._waiting.append(settlement)
        self._begun.append(begun_at)
        self._links += len(settlement.links) + len(settlement.extra_links)
        self._bytes += settlement.size
        self._work.set()
        if self._is_full(1):
            self._full.set()
            if self._is_full(2):
                self._room.clear()

    def _is_full(self, times: int) -> bool:
        return (
            len(self._waiting) >= BATCH_SETTLEMENTS * times
            or self._links >= BATCH_LINKS * times
            or self._bytes >= BATCH_BYTES * times
        )

    async def close(self) -> None:
        """Commit what waits, then seal the part."""
        self._closing = True
        self._work.set()
        self._full.set()
        if self._task is not None:
            await self._task
        await self._rotation.seal()

    async def _run(self) -> None:
        try:
            while True:
                await self._work.wait()
                if not self._full.is_set() and not self._closing:
                    await self._until_full()
                batch, begun = self._take()
                if batch:
                    await self._commit(batch)
                    self._measures.settled([s.item for s in batch], begun, self._now())
                elif self._closing:
                    return
        except BaseException as error:
            self._error = error
            raise
        finally:
            self._room.set()

    async def _until_full(self) -> None:
        try:
            async with asyncio.timeout(BATCH_SECONDS):
                await self._full.wait()
        except TimeoutError:
            return

    def _take(self) -> tuple[list[Settlement], list[int]]:
        """Take all that waits: about two batches at most, so one transaction carries it."""
        batch, self._waiting = self._waiting, []
        begun, self._begun = self._begun, []
        self._links = self._bytes = 0
        self._work.clear()
        self._full.clear()
        if self._closing:
            self._work.set()
        self._room.set()
        return batch, begun

    async def _commit(self, batch: Sequence[Settlement]) -> None:
        for settlement in batch:
            if settlement.root is not None:
                # Before the commit: whatever is claimed after it goes to readers that know.
                self.parent.rooted(settlement.root)
        links = self._merge_links(batch)
        # A page with very many links commits them ahead, its outcome last: a crash between the two
        # fetches the page again, and the links are known by then.
        while len(links) > BATCH_LINKS:
            chunk, links = links[:BATCH_LINKS], links[BATCH_LINKS:]
            await self._frontier.commit(Batch(links=chunk), now=self._now())
        is_written = await self._write(batch, links)
        for settlement in batch if is_written else ():
            # A sitemap, which a robots.txt or another one names, is not the page of its address.
            if settlement.links and settlement.item.kind in ("page", "requisite"):
                self._remember(settlement.links)
            for link in settlement.extra_links:
                self._known.add((link.url,), link.depth)
        self.parent.settled([s.lease_id for s in batch])

    def _remember(self, links: Sequence[Link]) -> None:
        if self.known_requisites is not None:
            needed = [link.url for link in links if link.kind == "requisite"]
            self.known_requisites.add(needed, 0)
            links = [link for link in links if link.kind == "page"]
        if links:
            self._known.add([link.url for link in links], links[0].depth)

    async def _write(self, batch: Sequence[Settlement], links: Sequence[Link]) -> bool:
        """Append and commit, without those whose lease is lost; False if none is left."""
        lost: frozenset[int] = frozenset()
        while True:
            kept = [s for s in batch if s.lease_id not in lost] if lost else batch
            if not kept:
                return False
            part = await self._rotation.current()
            added = await self._lay_out(kept, part)
            part.append(added.lines, added.store)
            marks = [part.mark(added.records)] if added.records else ()
            begun_ns = time.monotonic_ns()
            answer = await self._frontier.commit(_batch(kept, links, marks, added), now=self._now())
            self._measures.committed((time.monotonic_ns() - begun_ns) // 1000)
            if not answer.lost and not answer.pruned:
                if marks:
                    part.keep()
                if self._bodies is not None:
                    self._bodies.remember(added.bodies)
                return True
            part.cut_back()
            self._measures.lost(len(answer.lost))
            lost |= answer.lost
            if self._bodies is not None:
                self._bodies.forget(answer.pruned)

    async def _lay_out(self, settlements: Sequence[Settlement], part: OpenPart) -> Appended:
        if self._bodies is not None:
            return await self._bodies.lay_out(settlements, part)
        lines = [s.line for s in settlements if s.line]
        return Appended(lines=b"".join(lines), records=len(lines))

    def _merge_links(self, batch: Sequence[Settlement]) -> list[Link]:
        """One link per URL, the shallowest; pages of one batch often share their navigation."""
        merged: dict[str, Link] = {}
        for settlement in batch:
            for link in settlement.extra_links:  # first: what they ask for holds
                first = merged.get(link.url)
                merged[link.url] = link if first is None else _nearer(first, link)
        for settlement in batch:
            for link in settlement.links:
                key = link.url if link.kind == "page" else f"{link.kind} {link.url}"
                first = merged.setdefault(key, link)
                if link.depth < first.depth:
                    merged[key] = _nearer(first, link)
                elif link.modified_at is not None and first.modified_at is None:
                    merged[key] = first._replace(modified_at=link.modified_at)
        return list(merged.values())


def _nearer(first: Link, then: Link) -> Link:
    """The shallower of two sightings, as urgent as the more urgent one."""
    nearer = then if then.depth < first.depth else first
    return nearer._replace(
        priority=min(first.priority, then.priority),
        modified_at=then.modified_at or first.modified_at,
    )


def _batch(
    settlements: Sequence[Settlement],
    links: Sequence[Link],
    parts: Sequence[PartMark],
    added: Appended,
) -> Batch:
    counts: Counter[str] = Counter()
    for settlement in settlements:
        for reason in settlement.refusals:
            counts["refused:" + reason] += 1
    return Batch(
        results=[s.result for s in settlements if s.result is not None],
        links=links,
        notes=merge_notes(settlements),
        rules=[s.rules for s in settlements if s.rules is not None],
        parts=parts,
        roots=[s.root for s in settlements if s.root is not None],
        counts=counts,
        bodies=added.bodies,
        refers_to=added.refers_to,
        listed=[url for settlement in settlements for url in settlement.listed],
    )


def merge_notes(settlements: Sequence[Settlement]) -> list[HostNote]:
    """One note per host: the last start, the longest pause, how it fared in the end."""
    merged: dict[int, HostNote] = {}
    for settlement in settlements:
        note = settlement.note
        first = merged.get(note.host_hash)
        if first is not None:
            note = _merge(first, note)
        merged[note.host_hash] = note
    return list(merged.values())


def _merge(first: HostNote, then: HostNote) -> HostNote:
    """Two notes on one host as one; an answer ends the failures before it, not those after it."""
    # Settled later need not mean begun later, and the last beginning decides whether it counts.
    is_last = then.answered or then.failed_at == _latest(first.failed_at, then.failed_at)
    failed = then if is_last else first
    return HostNote(
        then.host_hash,
        _latest(first.started_at, then.started_at),
        _latest(first.paused_until, then.paused_until),
        server_lost=first.server_lost or then.server_lost,
        answered=first.answered or then.answered,
        failed_at=failed.failed_at,
        failure=failed.failure,
        failures=then.failures if then.answered else max(first.failures, then.failures),
        latency_ms=first.latency_ms if then.latency_ms is None else then.latency_ms,
        throttled=first.throttled + then.throttled,
    )


def _latest(first: int | None, second: int | None) -> int | None:
    if first is None or (second is not None and second > first):
        return second
    return first
