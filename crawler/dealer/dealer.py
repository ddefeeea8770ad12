"""Deals what waits in the deck to readers, and takes their acknowledgements.

Everything here is synchronous and in memory; what needs the node is put aside (`returned`,
`failed`, the deck's `taken_back`) for the loop in `queue`.
"""

from collections.abc import Callable, Sequence
from typing import Any

from crawler.dealer.deck import Deck
from crawler.dealer.handle import ReaderHandle
from crawler.dealer.messages import Down, Up
from crawler.model.control import Steering
from crawler.model.work import Item

_MAX_HOSTS_REMEMBERED = 100_000


class Dealer:
    """Knows which reader holds which item."""

    def __init__(
        self, deck: Deck, *, settled: Callable[[Sequence[Item]], None], news: Callable[[], None]
    ) -> None:
        self.deck = deck
        self.readers: list[ReaderHandle] = []
        self._settled = settled
        self._news = news
        self._last_reader: dict[str, ReaderHandle] = {}
        self._roots: dict[str, None] = {}
        self._reserved: ReaderHandle | None = None
        self.stopping = False
        self.returned: list[Item] = []
        """To be freed at once; the caller empties it."""
        self.failed: list[Item] = []
        """To be freed with a delay; the caller empties it."""
        self._events: dict[int, Callable[[ReaderHandle, Any], None]] = {
            Up.FETCHED: self._on_fetched,
            Up.ENDED: self._on_ended,
            Up.SETTLED: self._on_settled,
            Up.UNSTARTED: self._on_unstarted,
            Up.RETURNED: self._on_returned,
            Up.FAILED: self._on_failed,
            Up.PAUSED: self._on_paused,
            Up.ROOTED: self._on_rooted,
            Up.READY: self._on_ready,
            Up.BROKEN: self._on_broken,
        }

    # -- dealing ---------------------------------------------------------------------------------

    def deal(self) -> None:
        """Hand out all that may go: hosts in turn, to the reader that had the host last, or less.

        Affinity is worth something (connections, DNS, parsed rules stay warm), idle readers are
        worth more: it holds only while the loads are about even.
        """
        if self.stopping:
            return
        if self._reserved is not None or self.deck.alone_waits():
            self._deal_alone()
        if not self.deck.qsize():
            return
        roomy = [reader for reader in self.readers if reader.has_room()]
        hands: dict[ReaderHandle, list[tuple[Any, ...]]] = {}
        while roomy and (item := self.deck.take()) is not None:
            reader = self._choose(item.host, roomy)
            reader.hold(item)
            hands.setdefault(reader, []).append(tuple(item))
            if not reader.has_room():
                roomy.remove(reader)
        for reader, items in hands.items():
            reader.sink.send((Down.ITEMS.value, items))

    def has_nothing_out(self) -> bool:
        return not self.deck.qsize() and not any(reader.held for reader in self.readers)

    def steer(self, steering: Steering | None) -> None:
        """Do what a person has asked for; what has been dealt is finished."""
        if steering is None:
            return
        for root in steering.roots:
            self._on_rooted(None, root)
        for origin in steering.named:
            self.broadcast(Down.NAMED.value, origin)
        if steering.all_back:
            self.returned += self.deck.take_all()
        for host in steering.hosts:
            self.returned += self.deck.take_host(host)
        self._news()

    def broadcast(self, *message: object) -> None:
        for reader in self.readers:
            reader.sink.send(message)

    def _choose(self, host: str, roomy: list[ReaderHandle]) -> ReaderHandle:
        if len(roomy) == 1:
            return roomy[0]
        least = min(roomy, key=_load)
        last = self._last_reader.get(host)
        if last is not None and last in roomy:
            total = sum(map(_load, roomy))
            if _load(last) <= _load(least) + 2 + (total >> 3):
                return last
        if len(self._last_reader) >= _MAX_HOSTS_REMEMBERED:
            self._last_reader.clear()
        self._last_reader[host] = least
        return least

    def _deal_alone(self) -> None:
        """Empty one reader for the item that was there when readers died, then give it that."""
        reader = self._reserved
        if reader is None:
            ready = [one for one in self.readers if one.ready and not one.retiring]
            if not ready:
                return
            reader = self._reserved = min(ready, key=lambda one: len(one.held))
            reader.reserved = True
        if not reader.held and self.deck.alone_waits():
            item = self.deck.take_alone()
            reader.hold(item)
            reader.sink.send((Down.ITEMS.value, [tuple(item)]))

    def _end_alone(self, reader: ReaderHandle) -> None:
        if reader is self._reserved and not reader.held:
            reader.reserved = False
            self._reserved = None

    # -- readers come and go ---------------------------------------------------------------------

    def add(self, reader: ReaderHandle) -> None:
        """A new reader hears first what the others have heard."""
        for root in self._roots:
            reader.sink.send((Down.ROOT.value, root))
        for host, until in self.deck.pauses().items():
            reader.sink.send((Down.PAUSE.value, host, until))
        self.readers.append(reader)

    def remove(self, reader: ReaderHandle) -> list[Item]:
        """Return what a dead reader still held; its acknowledgements must have been drained."""
        self.readers.remove(reader)
        if reader is self._reserved:
            self._reserved = None
        held = list(reader.held.values())
        for item in held:
            self._free(reader, item)
        self._last_reader = {
            host: last for host, last in self._last_reader.items() if last is not reader
        }
        return held

    # -- acknowledgements ------------------------------------------------------------------------

    def hear(self, reader: ReaderHandle, *, to_end: bool = False) -> None:
        """Take in what a reader has said."""
        for frame in reader.source.read(to_end=to_end):
            for kind, payload in frame:
                self._events[kind](reader, payload)

    def _on_fetched(self, reader: ReaderHandle, lease_ids: list[int]) -> None:
        for lease_id in lease_ids:
            if lease_id in reader.fetching:
                reader.fetching.discard(lease_id)
                self.deck.fetch_ended(reader.held[lease_id])

    def _on_ended(self, reader: ReaderHandle, lease_ids: list[int]) -> None:
        self._on_fetched(reader, lease_ids)
        reader.running.difference_update(lease_ids)

    def _on_settled(self, reader: ReaderHandle, lease_ids: list[int]) -> None:
        self._settled(self._let_go(reader, lease_ids))

    def _on_unstarted(self, reader: ReaderHandle, lease_ids: list[int]) -> None:
        items = self._let_go(reader, lease_ids)
        reader.running.difference_update(lease_ids)  # no task, so no end of one is told
        for _ in items:
            reader.job_not_run()
        if self.stopping:
            self.returned += items
        else:
            self.deck.put_back(items)

    def _on_returned(self, reader: ReaderHandle, lease_ids: list[int]) -> None:
        for item in self._let_go(reader, lease_ids):
            until = self.deck.paused_until(item.host)
            if until is None:
                self.returned.append(item)
            else:
                self.deck.taken_back.append((item, until))

    def _on_failed(self, reader: ReaderHandle, lease_ids: list[int]) -> None:
        self.failed += self._let_go(reader, lease_ids)

    def _on_paused(self, _reader: ReaderHandle, pause: tuple[str, int]) -> None:
        host, until = pause
        self.deck.pause(host, until)
        self.broadcast(Down.PAUSE.value, host, until)
        self._news()

    def _on_rooted(self, _reader: ReaderHandle | None, root: str) -> None:
        if root not in self._roots:
            self._roots[root] = None
            self.broadcast(Down.ROOT.value, root)

    def _on_ready(self, reader: ReaderHandle, _payload: None) -> None:
        reader.ready = True
        self._news()

    def _on_broken(self, reader: ReaderHandle, why: tuple[str, int]) -> None:
        reader.broken = why

    def _let_go(self, reader: ReaderHandle, lease_ids: list[int]) -> list[Item]:
        items = []
        for lease_id in lease_ids:
            item = reader.held.pop(lease_id, None)
            if item is not None:
                self._free(reader, item)
                items.append(item)
        self._end_alone(reader)
        self._news()
        return items

    def _free(self, reader: ReaderHandle, item: Item) -> None:
        if item.lease_id in reader.fetching:
            reader.fetching.discard(item.lease_id)
            self.deck.fetch_ended(item)


def _load(reader: ReaderHandle) -> int:
    return len(reader.running)
