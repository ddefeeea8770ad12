"""What reader processes measure: counters and histograms in cells of 8 bytes, one writer each.

The cells may be those of a reader's board: whatever was counted survives a kill, without a lock, a
pipe or a copy. The parent adds the cells of all readers up.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, MutableSequence, Sequence
from typing import NamedTuple

from crawler.model.work import Item, Kind

LONG_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
"""Upper bounds of what the network takes part in: tries and jobs."""
SHORT_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Of calls of the store."""
KINDS: tuple[Kind, ...] = ("page", "robots", "sitemap", "requisite")

_US = 1_000_000
_LONG_US = tuple(int(bound * _US) for bound in LONG_S)
_SHORT_US = tuple(int(bound * _US) for bound in SHORT_S)
# A histogram is one cell for each bound, one for what is above them all, and one for the sum.
_LONG = len(LONG_S) + 2
_SHORT = len(SHORT_S) + 2

_FETCH = 0
_JOB = _FETCH + _LONG
_COMMIT = _JOB + _LONG
_KIND = _COMMIT + _SHORT
_LOST = _KIND + len(KINDS)
_DENIED = _LOST + 1
SIZE = _DENIED + 1
"""Cells of one reader."""
_KIND_CELL = {kind: _KIND + number for number, kind in enumerate(KINDS)}


class Timing(NamedTuple):
    """A histogram as it is read."""

    bounds_s: tuple[float, ...]
    counts: tuple[int, ...]
    """By bound, not added up; the last is above them all."""
    sum_us: int

    @property
    def total(self) -> int:
        return sum(self.counts)

    def nothing(self) -> "Timing":
        """Return the same histogram before anything was in it."""
        return Timing(self.bounds_s, (0,) * len(self.counts), 0)

    def since(self, earlier: "Timing") -> "Timing":
        """Return what has come since an earlier reading of the same histogram."""
        counts = tuple(now - then for now, then in zip(self.counts, earlier.counts, strict=True))
        return Timing(self.bounds_s, counts, self.sum_us - earlier.sum_us)

    def quantile_ms(self, share: float) -> float | None:
        """Return about which time this share does not exceed; None without any."""
        left = self.total * share
        lower = 0.0
        for bound, count in zip((*self.bounds_s, self.bounds_s[-1]), self.counts, strict=True):
            if count and left <= count:
                return 1000 * (lower + (bound - lower) * left / count)
            left -= count
            lower = bound
        return None


class Clocked:
    """A histogram of short calls, for one process alone."""

    def __init__(self) -> None:
        self._cells = [0] * _SHORT

    def add(self, duration_us: int) -> None:
        self._cells[bisect_left(_SHORT_US, duration_us)] += 1
        self._cells[-1] += duration_us

    def read(self) -> Timing:
        return _timing(SHORT_S, self._cells)


class Measures:
    """What one reader process counts."""

    def __init__(self) -> None:
        self._cells: MutableSequence[int] = array("q", bytes(8 * SIZE))

    def move_to(self, cells: MutableSequence[int]) -> None:
        """Count on in these cells, which nobody else writes to."""
        for index, value in enumerate(self._cells):
            cells[index] += value
        self._cells = cells

    def tried(self, elapsed_ms: int) -> None:
        """One HTTP request came to its end."""
        cells, elapsed_us = self._cells, elapsed_ms * 1000
        cells[_FETCH + bisect_left(_LONG_US, elapsed_us)] += 1
        cells[_JOB - 1] += elapsed_us

    def settled(self, items: Iterable[Item], begun: Iterable[int], now: int) -> None:
        """The outcomes of items were committed; `begun`: when the work on each began."""
        cells, total_us = self._cells, 0
        for item, begun_at in zip(items, begun, strict=True):
            duration_us = (now - begun_at) * 1000
            total_us += duration_us
            cells[_JOB + bisect_left(_LONG_US, duration_us)] += 1
            cells[_KIND_CELL[item.kind]] += 1
        cells[_COMMIT - 1] += total_us

    def committed(self, duration_us: int) -> None:
        """A batch was committed, or refused, within this time."""
        cells = self._cells
        cells[_COMMIT + bisect_left(_SHORT_US, duration_us)] += 1
        cells[_KIND - 1] += duration_us

    def lost(self, leases: int) -> None:
        """So many leases of a batch were no longer ours."""
        self._cells[_LOST] += leases

    def denied(self) -> None:
        """The rules of robots.txt forbid a URL that was about to be fetched."""
        self._cells[_DENIED] += 1


class Measured(NamedTuple):
    """The measures of any number of readers, added up."""

    tries: Timing
    jobs: Timing
    commits: Timing
    by_kind: dict[str, int]
    leases_lost: int
    robots_denials: int


def read_measures(cells: Sequence[int]) -> Measured:
    """Read cells that were copied, or added up."""
    return Measured(
        tries=_timing(LONG_S, cells[_FETCH:_JOB]),
        jobs=_timing(LONG_S, cells[_JOB:_COMMIT]),
        commits=_timing(SHORT_S, cells[_COMMIT:_KIND]),
        by_kind=dict(zip(KINDS, cells[_KIND:_LOST], strict=True)),
        leases_lost=cells[_LOST],
        robots_denials=cells[_DENIED],
    )


def _timing(bounds_s: tuple[float, ...], cells: Sequence[int]) -> Timing:
    return Timing(bounds_s, tuple(cells[:-1]), cells[-1])
