"""QuasiQueue's Builder with a requeue window that counts from an item's claim.

The stock window counts from the moment of `put`, by the wall clock, so it drops items that the
frontier offers legally; it rebuilds its whole history at each call; and it tells nobody of a drop.
"""

from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any

from quasiqueue import Builder

from crawler.model.work import Item

_MAX_DOUBLINGS = 30
"""2 ** 30 times the least sleep is above every cap; stock raises OverflowError after 1,025."""

_Key = tuple[str, str]


class RequeueWindow(Builder):
    """Fills the deck from the writer and refuses what was claimed less than the window ago."""

    def __init__(
        self,
        queue: Any,
        settings: Any,
        writer: Callable[[int], AsyncIterator[Item]],
        *,
        max_populate: int,
    ) -> None:
        super().__init__(queue, settings, self._pull)  # type: ignore[no-untyped-call]
        self._claim = writer
        self._max_populate = max_populate
        self._window_ms = int(settings.prevent_requeuing_time * 1000)
        self._claimed_at: dict[_Key, int] = {}
        self._history: deque[tuple[int, _Key]] = deque()
        self.dropped: list[Item] = []
        """Refused and not yet given back; the caller empties it."""
        self.pulled = 0
        """Items that the writer yielded in the last `populate`."""
        self.desired = 0
        """Items that it was asked for; 0 if it was not asked."""

    @property
    def window_ms(self) -> int:
        return self._window_ms

    async def populate(self, max: int | None = None) -> bool:  # noqa: A002 - QuasiQueue's name
        """Ask the writer once, for more than the 50 items that stock asks for at most."""
        self.pulled = self.desired = 0
        limit = self._max_populate if max is None else max
        return bool(await super().populate(max=limit))  # type: ignore[no-untyped-call]

    def add_to_queue(self, id: Item) -> bool:  # noqa: A002 - QuasiQueue's name
        item = id
        key = (item.kind, item.url)
        last = self._claimed_at.get(key)
        if last is not None and last + self._window_ms > item.claimed_at:
            self.dropped.append(item)
            return False
        self.queue.put(item)  # never full; and an item that failed to go in must not be remembered
        self._claimed_at[key] = item.claimed_at
        self._history.append((item.claimed_at, key))
        self._forget_before(item.claimed_at - self._window_ms)
        return True

    def forget(self, item: Item) -> None:
        """The item's lease was freed: it may be offered again at once."""
        key = (item.kind, item.url)
        if self._claimed_at.get(key) == item.claimed_at:
            del self._claimed_at[key]

    def clean_history(self) -> None:
        """Nothing: each add drops what has left the window, so no call has to walk through all."""

    def full_queue_sleep_time(self) -> float:
        doublings = min(max(self.full_consecutive - 1, 0), _MAX_DOUBLINGS)
        sleep_s: float = self.settings.full_queue_sleep_min * 2**doublings
        return min(sleep_s, float(self.settings.full_queue_sleep_max))

    def _forget_before(self, limit_ms: int) -> None:
        history = self._history
        while history and history[0][0] <= limit_ms:
            claimed_at, key = history.popleft()
            if self._claimed_at.get(key) == claimed_at:
                del self._claimed_at[key]

    async def _pull(self, desired: int) -> AsyncIterator[Item]:
        self.desired = desired
        async for item in self._claim(desired):
            self.pulled += 1
            yield item
