"""What the service manager hears of a crawl: ready, how it stands, a sign of life, reload, end.

The sign of life is given when the crawl got on since the last one, or has nothing to do for a known
reason; a loop that turns is no sign of life. How long it may get nowhere is the manager's to say.
"""

import time
from collections import deque
from collections.abc import MutableMapping
from types import TracebackType
from typing import Self

from crawler.errors import CrawlerError
from crawler.logs import get_logger
from crawler.pipeline.ending import Ending
from crawler.pipeline.watching.bounds import find_bound
from crawler.pipeline.watching.progress import anchor_of, judge_progress, patience_ms
from crawler.pipeline.watching.snapshot import Snapshot
from crawler.service import ServiceManager, monotonic_usec

ALIVE = "WATCHDOG=1"
READY = "READY=1"
RELOADING = "RELOADING=1"
STOPPING = "STOPPING=1"
RATE_WINDOW = 10
"""Snapshots (seconds) that the rate is taken over."""
QUIET_MS = 3_000
"""So long nothing may be settled before the status says so."""
WORK_EVERY_S = 1.0
WORK_MS = 120_000
"""How long the next piece of what is summed up may take, on a disk that hangs."""
RELOAD_MS = 3_600_000
"""While settings are taken up, every URL may be judged again: longer than the usual patience."""


class Announcer:
    """Tells a service manager about one run; called in the parent's loop, silent without one."""

    def __init__(self, manager: ServiceManager | None, *, timeout_s: float) -> None:
        """`timeout_s`: of one try. So long, and a bit, a crawl that is well may settle nothing."""
        self._manager = manager
        self._needed_ms = patience_ms(int(timeout_s * 1000))
        self._is_ready = self._is_reloading = self._is_stopping = False
        self._anchor: Snapshot | None = None
        self._rates: deque[tuple[int, int]] = deque(maxlen=RATE_WINDOW)
        self._worked_at_s = 0.0

    @classmethod
    def of(cls, environ: MutableMapping[str, str], *, timeout_s: float) -> "Announcer":
        """Return one for the manager that the environment names, which it is taken out of."""
        return cls(ServiceManager.take_from(environ), timeout_s=timeout_s)

    def __enter__(self) -> Self:
        self._tell("STATUS=looks at what is there, and sows")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave behind what a person must mend, for those who ask how the service is."""
        if isinstance(error, CrawlerError):
            self._tell(STOPPING, f"STATUS={error}")

    def take(self, snapshot: Snapshot) -> None:
        """Tell what a snapshot shows, once a second."""
        if not self._is_ready and _has_reader(snapshot):
            self._be_ready()
            self._check_patience()
        anchor = self._anchor = anchor_of(self._anchor, snapshot)
        lines = self._alive() if anchor is snapshot else []
        if not self._is_stopping and not self._is_reloading and _is_cut_short(snapshot):
            lines += self._stop()
        self._tell(*lines, f"STATUS={self._status(snapshot, anchor)}")

    def begin(self, phase: str) -> None:
        """Take notice of a phase of `qq.Runner`: running, reloading."""
        if phase == "reloading":
            self._is_reloading = True
            self._tell(RELOADING, monotonic_usec(), *self._patience(RELOAD_MS))
        elif self._is_reloading:
            self._is_reloading = False
            watchdog_ms = 0 if self._manager is None else self._manager.watchdog_ms or 0
            self._tell(READY, *self._alive(), *self._patience(watchdog_ms))

    def work(self) -> None:
        """The end takes its time, and gets on: its files are read once more."""
        now_s = time.monotonic()
        if now_s - self._worked_at_s >= WORK_EVERY_S:
            self._worked_at_s = now_s
            extension = f"EXTEND_TIMEOUT_USEC={WORK_MS * 1000}"
            self._tell(*self._stop(), extension, "STATUS=sums up what it has written")

    def ended(self, ending: Ending) -> Ending:
        """Say how it ended, as the last word."""
        self._tell(*self._stop(), f"STATUS={ending.line}")
        return ending

    def _stop(self) -> list[str]:
        """Who ends in good order has been ready, also where nothing was left to do."""
        self._be_ready()
        self._is_stopping = True
        return [STOPPING]

    def _be_ready(self) -> None:
        """Say so alone: of several states in one message systemd takes the last and no other."""
        if not self._is_ready:
            self._is_ready = True
            self._tell(READY)

    def _tell(self, *lines: str) -> None:
        if self._manager is not None:
            self._manager.tell(*lines)

    def _alive(self) -> list[str]:
        is_waited_for = self._manager is not None and self._manager.watchdog_ms is not None
        return [ALIVE] if is_waited_for else []

    def _patience(self, watchdog_ms: int) -> list[str]:
        return [f"WATCHDOG_USEC={watchdog_ms * 1000}"] if self._alive() else []

    def _check_patience(self) -> None:
        watchdog_ms = None if self._manager is None else self._manager.watchdog_ms
        if watchdog_ms is not None and watchdog_ms < self._needed_ms:
            get_logger("crawler.service").warning(
                "watchdog_impatient", watchdog_ms=watchdog_ms, needed_ms=self._needed_ms
            )

    def _status(self, snapshot: Snapshot, anchor: Snapshot) -> str:
        counters = snapshot.counters
        records = counters.get("records", 0)
        self._rates.append((snapshot.at, records))
        first_at, first = self._rates[0]
        rate = (records - first) * 1000 / max(1, snapshot.at - first_at)
        verdict = judge_progress(anchor, snapshot, snapshot.at, patience_ms=QUIET_MS)
        how = find_bound(snapshot, rate).what if verdict.moving else verdict.why
        left = sum(counters.get(state, 0) for state in ("ready", "leased", "waiting"))
        failures = counters.get("failures", 0)
        return f"{records} records, {rate:.1f}/s, {failures} failures, {left} left; {how}"


def _is_cut_short(snapshot: Snapshot) -> bool:
    """Whether it ends with work left. One that has come to its own end may be given more yet."""
    outlook = snapshot.outlook
    has_work = bool(outlook.leased or outlook.claimable or snapshot.stopping)
    return snapshot.gone_by is not None and has_work


def _has_reader(snapshot: Snapshot) -> bool:
    return snapshot.fleet is not None and any(reader.ready for reader in snapshot.fleet.readers)
