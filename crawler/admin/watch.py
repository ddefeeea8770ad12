"""What the admin server knows of the crawl: the last snapshot, and what came before it."""

from collections import deque
from collections.abc import Callable

from crawler.model.measures import Timing
from crawler.pipeline.watching.progress import Verdict, anchor_of, judge_progress
from crawler.pipeline.watching.snapshot import Snapshot

HISTORY = 600
"""Rows of history: one a second at most, so ten minutes or more."""
_ROW_MS = 950
"""Snapshots are a second apart, give or take the turn of a loop."""
RATE_WINDOW = 10
LATENCY_WINDOW = 60

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
        self._tries: deque[Timing] = deque(maxlen=LATENCY_WINDOW + 1)
        self._recent: deque[tuple[int, int]] = deque(maxlen=RATE_WINDOW + 1)

    def take(self, snapshot: Snapshot) -> None:
        """Listen to the node, once a second."""
        self.anchor = anchor_of(self.anchor, snapshot)
        self.latest = snapshot
        counters = snapshot.counters
        if not self._recent:
            self._recent.append((snapshot.started_at, snapshot.pages_at_start))
        self._recent.append((snapshot.at, counters.get("records", 0)))
        if snapshot.fleet is not None:
            self._note_tries(snapshot.fleet.measured.tries)
        if not self.history or snapshot.at - self.history[-1][0] >= _ROW_MS:
            self.history.append((snapshot.at, *(counters.get(name, 0) for name in COLUMNS)))

    def rate(self) -> float:
        """Return records per second over the last seconds."""
        if len(self._recent) < 2:
            return 0.0
        (first_at, first), (last_at, last) = self._recent[0], self._recent[-1]
        return max(0.0, (last - first) * 1000 / max(1, last_at - first_at))

    def tries(self) -> Timing | None:
        """Return how long HTTP tries took, over the last minute."""
        if not self._tries:
            return None
        return self._tries[-1].since(self._tries[0])

    def _note_tries(self, tries: Timing) -> None:
        if self._tries and tries.total < self._tries[-1].total:
            self._tries.clear()  # a new run in this process: it counts from nothing
        if not self._tries:
            self._tries.append(tries.nothing())
        self._tries.append(tries)

    def verdict(self) -> Verdict:
        """Say whether the crawl gets on now."""
        if self.latest is None or self.anchor is None:
            since = (self._now() - self._begun_at) / 1000
            return Verdict(False, f"starting, for {since:.0f} s")
        return judge_progress(self.anchor, self.latest, self._now(), patience_ms=self._patience_ms)
