"""A reader's line to its parent: the `Parent` port over the acknowledgement pipe.

A finished fetch of a polite host is told with the next turn of the loop, so that all that end in
one turn share one write; later would leave the host idle. Where enough items wait in the inbox, or
the host has no delay, a few finished fetches share a write, for at most two milliseconds: each
write wakes the parent, and that costs as much as settling a page.
"""

import asyncio
from collections.abc import Callable, Collection

from crawler.dealer.board import Region
from crawler.dealer.messages import Up
from crawler.dealer.wire import FrameSink
from crawler.model.work import Item

_RIDE_ALONG = 4
"""So many finished fetches, or finished tasks, are worth a write of their own."""
_HOLD_S = 0.002


class ParentLink:
    """Implements `crawler.ports.Parent`; never blocks, and never fails when the parent is gone."""

    def __init__(self, fd: int, region: Region, loop: asyncio.AbstractEventLoop) -> None:
        self._sink = FrameSink(fd, loop)
        self._loop = loop
        self._region = region
        self._ids: dict[Up, list[int]] = {}
        self._scheduled = False
        self.inbox_size: Callable[[], int] = lambda: 0

    # -- crawler.ports.Parent --------------------------------------------------------------------

    def started(self, item: Item) -> None:
        self._region.begin(item.lease_id)

    def fetched(self, item: Item) -> None:
        held = self._note(Up.FETCHED, item.lease_id)
        if held >= _RIDE_ALONG or (item.delay_ms and self.inbox_size() < _RIDE_ALONG):
            self._schedule()
        elif held == 1:
            self._loop.call_later(_HOLD_S, self._on_turn)

    def settled(self, lease_ids: Collection[int]) -> None:
        self._end(Up.SETTLED, lease_ids)

    def returned(self, items: Collection[Item]) -> None:
        self._end(Up.RETURNED, [item.lease_id for item in items])

    def paused(self, host: str, until: int) -> None:
        self._flush((Up.PAUSED, (host, until)))

    def rooted(self, root: str) -> None:
        self._flush((Up.ROOTED, root))

    # -- the worker's own ------------------------------------------------------------------------

    def ended(self, item: Item) -> None:
        held = self._note(Up.ENDED, item.lease_id)
        if held >= _RIDE_ALONG or self.inbox_size() == 0:
            self._schedule()

    def unstarted(self, items: Collection[Item]) -> None:
        self._end(Up.UNSTARTED, [item.lease_id for item in items])

    def failed(self, item: Item) -> None:
        self._end(Up.FAILED, [item.lease_id])

    def ready(self) -> None:
        self._flush((Up.READY, None))

    def broken(self, text: str, exit_code: int) -> None:
        self._flush((Up.BROKEN, (text, exit_code)))

    async def drain(self, timeout_s: float) -> None:
        """Bring everything into the pipe, at most `timeout_s`."""
        self._flush()
        await self._sink.drain(timeout_s)

    def _note(self, kind: Up, lease_id: int) -> int:
        """Keep one for the next frame, and return how many of its kind that holds now."""
        ids = self._ids.get(kind)
        if ids is None:
            self._ids[kind] = [lease_id]
            return 1
        ids.append(lease_id)
        return len(ids)

    def _end(self, kind: Up, lease_ids: Collection[int]) -> None:
        if lease_ids:
            for lease_id in lease_ids:
                self._region.end(lease_id)
            self._ids.setdefault(kind, []).extend(lease_ids)
            self._flush()

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._on_turn)

    def _on_turn(self) -> None:
        self._scheduled = False
        if self._ids:
            self._flush()

    def _flush(self, *events: tuple[Up, object]) -> None:
        frame: list[tuple[int, object]] = [(kind.value, ids) for kind, ids in self._ids.items()]
        frame += [(kind.value, payload) for kind, payload in events]
        self._ids = {}
        if frame:
            self._sink.send(frame)
