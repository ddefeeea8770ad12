"""What was claimed and not yet dealt: one lane per host, O(1) per item.

Items of a slow host wait here, not in a reader, so they take no credit, no slot and no place in
`qsize` from fast hosts; `qsize` counts what could be dealt now, and that is what the Builder
refills.
"""

from collections import deque
from collections.abc import Callable, Iterable

from crawler.model.work import Item

_UNBOUNDED = 1 << 62
_MAX_PAUSES = 4_096


class _Lane:
    """One host."""

    __slots__ = ("dealable", "limit", "open", "queued", "waiting")

    def __init__(self) -> None:
        self.waiting: deque[Item] = deque()
        self.open = 0
        """Dealt items whose fetch has not ended."""
        self.limit = 0
        self.dealable = 0
        self.queued = False


class Deck:
    """Shaped like the queue that QuasiQueue's Builder fills, and never full."""

    def __init__(
        self,
        *,
        per_host: int,
        now: Callable[[], int],
        limit_of: Callable[[str], int | None] | None = None,
    ) -> None:
        """`limit_of` says for a host what holds there instead of `per_host`."""
        self._per_host = per_host
        self._limit_of = limit_of
        self._now = now
        self._lanes: dict[str, _Lane] = {}
        self._ready: deque[_Lane] = deque()
        self._alone: deque[Item] = deque()
        self._paused: dict[str, int] = {}
        self._dealable = 0
        self.taken_back: list[tuple[Item, int]] = []
        """Items of paused hosts, with the end of the pause; the caller empties it."""

    # -- the Builder's side ----------------------------------------------------------------------

    def qsize(self) -> int:
        """Count what could be dealt now."""
        return self._dealable

    def put(self, item: Item, block: bool = True, timeout: float | None = None) -> None:  # noqa: ARG002 - the shape of Queue
        """Take one claimed item; one whose host is paused goes straight to `taken_back`."""
        if self._paused and (until := self.paused_until(item.host)) is not None:
            self.taken_back.append((item, until))
        elif item.alone:
            self._alone.append(item)
        else:
            self._lane(item).waiting.append(item)
            self._refresh(item.host)

    def close(self) -> None:
        """Nothing to close; stock's queue has this."""

    def join_thread(self) -> None:
        """Nothing to wait for: no feeder thread can hang the exit on a full pipe."""

    # -- the dealer's side -----------------------------------------------------------------------

    def take(self) -> Item | None:
        """Take the next item that may be dealt, hosts in turn; its host's slot is then in use."""
        while self._ready:
            lane = self._ready.popleft()
            lane.queued = False
            if lane.dealable:
                item = lane.waiting.popleft()
                lane.open += 1
                self._refresh(item.host)
                return item
        return None

    def alone_waits(self) -> bool:
        """Say whether the first item that must be dealt alone has a free slot at its host."""
        if not self._alone:
            return False
        lane = self._lane(self._alone[0])
        return lane.open < lane.limit

    def take_alone(self) -> Item:
        item = self._alone.popleft()
        self._lane(item).open += 1
        self._refresh(item.host)
        return item

    def put_back(self, items: Iterable[Item]) -> None:
        """Items that a reader had not begun: they are dealt again before all others."""
        for item in items:
            if item.alone or self._paused:
                self.put(item)
            else:
                self._lane(item).waiting.appendleft(item)
                self._refresh(item.host)

    def fetch_ended(self, item: Item) -> None:
        """A dealt item uses its host no longer."""
        self._lanes[item.host].open -= 1
        self._refresh(item.host)

    def pause(self, host: str, until: int) -> None:
        """Move what waits for this host to `taken_back`; what is put before `until` follows."""
        if len(self._paused) >= _MAX_PAUSES:
            now = self._now()
            self._paused = {name: end for name, end in self._paused.items() if end > now}
        self._paused[host] = max(until, self._paused.get(host, until))
        self.taken_back += [(item, until) for item in self._alone if item.host == host]
        self._alone = deque(item for item in self._alone if item.host != host)
        lane = self._lanes.get(host)
        if lane is not None:
            self.taken_back += [(item, until) for item in lane.waiting]
            lane.waiting.clear()
            self._refresh(host)

    def paused_until(self, host: str) -> int | None:
        until = self._paused.get(host)
        if until is not None and until <= self._now():
            del self._paused[host]
            return None
        return until

    def pauses(self) -> dict[str, int]:
        """Return the pauses that still hold, for a reader that is new."""
        now = self._now()
        return {host: until for host, until in self._paused.items() if until > now}

    def take_host(self, host: str) -> list[Item]:
        """Empty what waits for one host: nothing of it is to be dealt."""
        items = [item for item in self._alone if item.host == host]
        self._alone = deque(item for item in self._alone if item.host != host)
        lane = self._lanes.get(host)
        if lane is not None:
            items += lane.waiting
            lane.waiting.clear()
            self._refresh(host)
        return items

    def take_all(self) -> list[Item]:
        """Empty the deck: at a stop everything that was not dealt is given back."""
        items = list(self._alone)
        self._alone.clear()
        for host, lane in list(self._lanes.items()):
            items += lane.waiting
            lane.waiting.clear()
            self._refresh(host)
        return items

    def _lane(self, item: Item) -> _Lane:
        lane = self._lanes.get(item.host)
        if lane is None:
            lane = self._lanes[item.host] = _Lane()
        # With a delay the frontier has at most one URL of the host out, whatever we do here.
        if item.delay_ms:
            lane.limit = _UNBOUNDED
        else:
            own = None if self._limit_of is None else self._limit_of(item.host)
            lane.limit = own or self._per_host
        return lane

    def _refresh(self, host: str) -> None:
        lane = self._lanes[host]
        waiting = len(lane.waiting)
        dealable = min(waiting, max(lane.limit - lane.open, 0))
        self._dealable += dealable - lane.dealable
        lane.dealable = dealable
        if dealable:
            if not lane.queued:
                lane.queued = True
                self._ready.append(lane)
        elif not waiting and not lane.open:
            del self._lanes[host]
