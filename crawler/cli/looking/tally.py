"""Counting a stream of any length in bounded memory; all of it is exact until a bound is met."""

import heapq
import random
from collections.abc import Iterator
from typing import Generic, NamedTuple, TypeVar

from xxhash import xxh3_64_intdigest

T = TypeVar("T")

_KEY_CHARS = 200


class BoundedCounter:
    """Counts by key; of too many keys only the most frequent are kept, the rest is `other`."""

    def __init__(self, limit: int = 20_000) -> None:
        self._limit = limit
        self._counts: dict[str, int] = {}
        self.other = 0
        self.exact = True

    def add(self, key: str) -> None:
        counts = self._counts
        if key in counts:
            counts[key] += 1
            return
        counts[key[:_KEY_CHARS]] = counts.get(key[:_KEY_CHARS], 0) + 1
        if len(counts) >= 2 * self._limit:
            self._prune()

    def _prune(self) -> None:
        kept = dict(self.top(self._limit))
        self.other += sum(self._counts.values()) - sum(kept.values())
        self._counts = kept
        self.exact = False

    def top(self, count: int) -> list[tuple[str, int]]:
        """Return the most frequent, ties by name."""
        return heapq.nsmallest(count, self._counts.items(), key=lambda pair: (-pair[1], pair[0]))

    def __len__(self) -> int:
        return len(self._counts)


class Repeats:
    """How many keys were seen before; an estimate once there are too many to remember.

    Remembers the keys whose hash ends in `level` zero bits; when they are too many, `level` grows
    and half of them are forgotten. So what is remembered stays a fair sample of all keys.
    """

    def __init__(self, limit: int = 1_000_000) -> None:
        self._limit = limit
        self._level = 0
        self._mask = 0
        self._seen: dict[int, int] = {}

    def add(self, key: str) -> None:
        number = xxh3_64_intdigest(key.encode())
        if number & self._mask:
            return
        seen = self._seen
        seen[number] = seen.get(number, 0) + 1
        if len(seen) > self._limit:
            self._level += 1
            self._mask = (1 << self._level) - 1
            self._seen = {key: n for key, n in seen.items() if not key & self._mask}

    @property
    def exact(self) -> bool:
        return self._level == 0

    @property
    def distinct(self) -> int:
        return len(self._seen) << self._level

    @property
    def repeated(self) -> int:
        """How many were not the first of their key."""
        return (sum(self._seen.values()) - len(self._seen)) << self._level


class Ranked(NamedTuple):
    value: int
    order: int
    """Negative number of the record: of equal values the first one stays."""
    url: str
    status: str


class Largest:
    """The records with the greatest values."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._heap: list[Ranked] = []
        self._floor = 0

    def add(self, value: int, number: int, url: str, status: str) -> None:
        if value <= self._floor:
            return
        heapq.heappush(self._heap, Ranked(value, -number, url, status))
        if len(self._heap) > self._limit:
            heapq.heappop(self._heap)
            self._floor = self._heap[0].value

    def __iter__(self) -> Iterator[Ranked]:
        return iter(sorted(self._heap, reverse=True))


class Sample(Generic[T]):
    """A fair sample of the stream, in its order; the same for the same stream."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._chance = random.Random(0)  # noqa: S311 - a sample, not a secret
        self._seen = 0
        self._slot = 0
        self._kept: list[tuple[int, T]] = []

    def wants(self) -> bool:
        """Ask once for each record; most are not wanted, so most need no `keep`."""
        self._seen += 1
        filled = self._seen > self._size
        self._slot = int(self._chance.random() * self._seen) if filled else self._seen - 1
        return self._slot < self._size

    def keep(self, value: T) -> None:
        """Take the record that `wants` has just said yes to."""
        self._kept[self._slot : self._slot + 1] = [(self._seen, value)]

    def __iter__(self) -> Iterator[T]:
        return (value for _, value in sorted(self._kept, key=lambda pair: pair[0]))


class Quantiles:
    """Quantiles of milliseconds, to two digits."""

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self._total = 0

    def add(self, value_ms: int) -> None:
        step = 1
        while value_ms >= 100 * step:
            step *= 10
        rounded = value_ms // step * step
        self._counts[rounded] = self._counts.get(rounded, 0) + 1
        self._total += 1

    def at(self, share: float) -> int | None:
        """Return the value that `share` of all do not exceed; None if there were none."""
        below = 0
        for value, count in sorted(self._counts.items()):
            below += count
            if below >= share * self._total:
                return value
        return None
