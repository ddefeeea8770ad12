"""What a live view of a crawl shows: one shape, be it our own crawl or one read from a store."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from crawler.cli.wording import plural
from crawler.model.view import HostState, Outlook
from crawler.pipeline.moments import span
from crawler.pipeline.watching.bounds import Bound, find_bound
from crawler.pipeline.watching.snapshot import Snapshot

if TYPE_CHECKING:
    from crawler.cli.status_data import Found

STATES = ("done", "dead", "waiting", "leased", "ready")
RATE_WINDOW = 10
"""Looks (seconds) that the rate is taken over."""
KEPT = 300
"""Looks that the sparkline is made of: five minutes."""


class HostLine(NamedTuple):
    """A host, and what it waits for."""

    host: str
    left: int
    done: int
    why: str
    ails: bool
    """Whether `why` is a trouble: a person may want to do something."""


class Totals(NamedTuple):
    """Running sums at one moment."""

    at: int
    records: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveState:
    """A crawl at one moment; times in ms, rates for one second."""

    job: str = ""
    word: str
    """running, paused, stopping, resting."""
    running_ms: int | None
    """How long this run has lasted; None: nobody knows."""
    counts: Mapping[str, int]
    """The frontier's counters."""
    max_pages: int | None = None
    rate: float
    bytes_rate: float
    rates: Sequence[float]
    """Of the last minutes, oldest first."""
    hosts: Sequence[HostLine]
    bound: Bound
    readers: tuple[int, int] | None = None
    """Processes that are ready, and how many there should be; None: nobody knows."""
    warnings: Sequence[str] = ()
    """The last ones, oldest first."""

    @property
    def known(self) -> int:
        return sum(self.counts.get(state, 0) for state in STATES)

    def named(self, prefix: str) -> list[tuple[str, int]]:
        """Return the counters that begin so, largest first, without what they begin with."""
        found = [
            (name.removeprefix(prefix), n)
            for name, n in self.counts.items()
            if n and name.startswith(prefix)
        ]
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))


class Pace:
    """Rates, from totals that come about once a second."""

    def __init__(self) -> None:
        self._seen: deque[Totals] = deque(maxlen=RATE_WINDOW + 1)
        self.rates: deque[float] = deque(maxlen=KEPT)
        self.rate = self.bytes_rate = 0.0

    @property
    def is_new(self) -> bool:
        """Whether nothing was added yet."""
        return not self._seen

    def add(self, totals: Totals) -> None:
        if self._seen:
            last = self._seen[-1]
            if totals.at <= last.at or totals.records < last.records:
                self._seen.clear()  # another job, or a clock that was set back
            else:
                self.rates.append(_for_a_second(totals.records - last.records, last, totals))
        self._seen.append(totals)
        first = self._seen[0]
        self.rate = _for_a_second(totals.records - first.records, first, totals)
        self.bytes_rate = _for_a_second(totals.bytes - first.bytes, first, totals)


def _for_a_second(count: int, first: Totals, last: Totals) -> float:
    return count * 1000 / max(1, last.at - first.at)


def of_snapshot(snapshot: Snapshot, pace: Pace, *, job: str, max_pages: int | None) -> LiveState:
    """Return the state of our own crawl; `pace` has heard of this snapshot."""
    word = "paused" if snapshot.holds else "running"
    if snapshot.gone_by is not None and not snapshot.renews:
        word = "stopping"
    fleet = snapshot.fleet
    ready = 0 if fleet is None else sum(reader.ready for reader in fleet.readers)
    return LiveState(
        job=job,
        word=word,
        running_ms=snapshot.at - snapshot.started_at,
        counts=snapshot.counters,
        max_pages=max_pages,
        rate=pace.rate,
        bytes_rate=pace.bytes_rate,
        rates=list(pace.rates),
        hosts=[line_of(host, snapshot.at) for host in snapshot.hosts if _left(host)],
        bound=find_bound(snapshot, pace.rate, pace.bytes_rate),
        readers=None if fleet is None else (ready, fleet.configured),
    )


def of_store(found: "Found", pace: Pace, *, warnings: Sequence[str] = ()) -> LiveState:
    """Return the state of a job that somebody else runs, or nobody; `pace` has heard of it."""
    counts, outlook = found.counters, found.outlook
    rests = found.holder is None
    if rests:
        left = outlook.ready + outlook.leased + outlook.waiting
        word, bound = "resting", Bound("not running: " + _rest(left, outlook), None)
    else:
        looked = Snapshot(
            at=found.at,
            started_at=found.at,
            counters=counts,
            outlook=outlook,
            hosts=found.hosts,
            holds=found.holds(),
            budget=found.budget,
        )
        word = "paused" if looked.holds else "running"
        bound = find_bound(looked, pace.rate, pace.bytes_rate)
    return LiveState(
        job=str(found.job),
        word=word,
        running_ms=None,
        counts=counts,
        max_pages=found.budget.pages,
        rate=0.0 if rests else pace.rate,
        bytes_rate=0.0 if rests else pace.bytes_rate,
        rates=list(pace.rates),
        hosts=[line_of(host, found.at) for host in found.hosts if _left(host)],
        bound=bound,
        readers=found.readers,
        warnings=warnings,
    )


def _rest(left: int, outlook: Outlook) -> str:
    if left:
        return f"the same start goes on with {plural(left, 'URL')}"
    return (
        f"to be visited again later: {plural(outlook.later, 'URL')}"
        if outlook.later
        else "nothing is left"
    )


def line_of(host: HostState, now: int) -> HostLine:
    """Return what to show of a host; the first reason that holds it back is named."""
    ails = True
    if host.halted:
        why = "paused by the operator"
    elif host.failures_in_row:
        times = "once" if host.failures_in_row == 1 else f"{host.failures_in_row} times in a row"
        why = f"failing: {host.last_failure}, {times}"
        if host.paused_until > now:
            why += f"; again in {span(host.paused_until - now)}"
    elif host.paused_until > now:
        why = f"asked us to wait {span(host.paused_until - now)}"
    else:
        ails = False
        if host.ready + host.leased == 0:
            why = f"{host.waiting:,} for later"
        elif host.delay_ms:
            why = f"every {host.delay_ms / 1000:g} s"
        else:
            why = "no delay"
        if host.throttled:
            why += f", slowed down {host.throttled} times"
    return HostLine(host.host, _left(host), host.done, why, ails)


def _left(host: HostState) -> int:
    return host.ready + host.leased + host.waiting
