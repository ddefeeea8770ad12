"""What the admin server knows of the crawl: the last snapshot, and what came before it."""

from collections import deque
from collections.abc import Callable

from crawler.pipeline.node import Snapshot
from crawler.pipeline.progress import Verdict, anchor_of, judge_progress

HISTORY = 600
"""Rows of history: one a second at most, so ten minutes or more."""
_ROW_MS = 950
"""Snapshots are a second apart, give or take the turn of a loop."""
RATE_WINDOW = 10

COLUMNS = ("records", "bytes", "failures", "retries", "ready", "waiting", "dead", "done")
Row = tuple[int, ...]
"""at, then the counters of these names."""


class Watch:
    """Takes snapshots as they come; everything else reads from here."""

    def __init__(self, now: Callable[[], int], *, patience_ms: int) -> None:
        self._now = now
        self._patience_ms = patience_ms
        self._begun_at = now()
        self.latest: Snapshot | None = None
        self.anchor: Snapshot | None = None
        self.history: deque[Row] = deque(maxlen=HISTORY)
        self._recent: deque[tuple[int, int]] = deque(maxlen=RATE_WINDOW + 1)

    def take(self, snapshot: Snapshot) -> None:
        """Listen to the node, once a second."""
        self.anchor = anchor_of(self.anchor, snapshot)
        self.latest = snapshot
        counters = snapshot.counters
        if not self._recent:
            self._recent.append((snapshot.started_at, snapshot.pages_at_start))
        self._recent.append((snapshot.at, counters.get("records", 0)))
        if not self.history or snapshot.at - self.history[-1][0] >= _ROW_MS:
            self.history.append((snapshot.at, *(counters.get(name, 0) for name in COLUMNS)))

    def rate(self) -> float:
        """Return records per second over the last seconds."""
        if len(self._recent) < 2:
            return 0.0
        (first_at, first), (last_at, last) = self._recent[0], self._recent[-1]
        return max(0.0, (last - first) * 1000 / max(1, last_at - first_at))

    def verdict(self) -> Verdict:
        """Say whether the crawl gets on now."""
        if self.latest is None or self.anchor is None:
            since = (self._now() - self._begun_at) / 1000
            return Verdict(False, f"starting, for {since:.0f} s")
        return judge_progress(self.anchor, self.latest, self._now(), patience_ms=self._patience_ms)
