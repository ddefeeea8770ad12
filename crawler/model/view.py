"""What the frontier shows of itself: hosts, what is left, everything about one URL.

Times are ms on the job's clock.
"""

from typing import NamedTuple

from crawler.model.origin import OriginState
from crawler.model.work import Kind


class HostState(NamedTuple):
    """One host, for progress and reports."""

    host: str
    ready: int
    leased: int
    done: int
    waiting: int
    delay_ms: int
    next_at: int
    paused_until: int
    fails: int
    failures_in_row: int = 0
    last_failure: str | None = None
    latency_ms: int | None = None
    """Smoothed over its last answers."""
    throttled: int = 0
    """Answers that asked us to slow down, ever."""
    halted: int = 0
    """1: a person lets it give nothing."""


class HostUrl(NamedTuple):
    """One URL of a host that waits or is dead."""

    url: str
    kind: Kind
    state: str
    """waiting or dead."""
    reason: str | None
    due_at: int | None
    """When it is tried again, where it waits."""
    tries: int
    depth: int


class HostReport(NamedTuple):
    """Everything about one host."""

    host: HostState
    dead: int
    pages: int
    """That count against its budget."""
    page_limit: int | None
    crawl_delay_ms: int
    """That its robots.txt asks for; 0: nothing."""
    origins: tuple[tuple[str, OriginState], ...]
    urls: tuple[HostUrl, ...]
    """The first that wait or are dead."""


class Undone(NamedTuple):
    """One URL without a final outcome of a fetch, for judging by other rules."""

    ref: int
    url: str
    kind: Kind
    depth: int
    seed: bool
    reason: str | None
    """Why it is dead; None: it is ready or waiting."""


class Outlook(NamedTuple):
    """What could still happen, for the decision whether the crawl is over."""

    ready: int
    leased: int
    claimable: int
    """Hosts that have ready URLs and are held back by their plain delay at most."""
    next_at: int | None
    """When the first of those may be asked; None where there is none."""
    next_due: int | None
    """Earliest time of anything that waits: URL, origin or paused host."""
    held_by_budget: int
    """Ready URLs that only a page budget holds back."""
    waiting: int
    """URLs that wait for a due time, paused hosts' included."""
    later: int = 0
    """URLs that are done and will be visited again."""
    next_visit: int | None = None
    """When the first of those is due."""
    halted: int = 0
    """Ready URLs of hosts that a person halted."""


class Explanation(NamedTuple):
    """Everything the store knows about one URL."""

    url: str
    state: str | None
    """ready, leased, done, waiting, dead; None: unknown to the store."""
    reason: str | None = None
    due_at: int | None = None
    lease_until: int | None = None
    depth: int | None = None
    tries: int = 0
    visits: int = 0
    status: int | None = None
    crashes: int = 0
    host: HostState | None = None
    origin_verdict: str | None = None
    origin_due: int | None = None
    parents: tuple[str, ...] = ()
    """From the page it was found on back to the seed."""
    seed: bool = False
    kind: Kind = "page"
    chain: tuple[str, ...] = ()
    """URLs that redirected here, first one first."""
    ahead: int = 0
    """Ready URLs of its host that come first; counting ends at 1,000."""
    host_pages: int = 0
    """Pages of its host that count against the budget of a host."""
    host_leased: int = 0
    """URLs of its host that are leased, without robots.txt."""
    origin: OriginState | None = None
    visited_at: int | None = None
    """When it was claimed for its last visit."""
    visit_due_at: int | None = None
    """done: when it is visited again."""
    interval_ms: int | None = None
    misses: int = 0
    """Visits in a row that found no page."""
