"""What a running crawl shows of itself, once a second, to whoever watches."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from crawler.model.fleet import FleetState
from crawler.model.measures import Timing
from crawler.model.plan import Plan
from crawler.model.view import HostState, Outlook


class Budget(NamedTuple):
    """What may end a crawl before nothing is left; None: not that."""

    pages: int | None = None
    total_bytes: int | None = None
    until: int | None = None
    """When the time of this run is up."""

    @classmethod
    def of(cls, plan: Plan, started_at: int) -> "Budget":
        """Pages that are visited again, and requisites, go on after the last new page."""
        goes_on = plan.revisits or plan.requisites
        until = None if plan.max_time_ms is None else started_at + plan.max_time_ms
        return cls(None if goes_on else plan.max_pages, plan.max_total_bytes, until)


class Snapshot(NamedTuple):
    """What progress shows, taken once a second; counts are the frontier's own."""

    at: int
    started_at: int
    counters: Mapping[str, int]
    outlook: Outlook
    hosts: Sequence[HostState] = ()
    """Those with most left to do, then those that wait."""
    pages_at_start: int = 0
    budget: Budget = Budget()
    stopping: str | None = None
    """Why nothing more is claimed: max_pages, max_time, max_total_bytes."""
    holds: Sequence[str] = ()
    """Why nothing is claimed for now."""
    gone_by: int | None = None
    """Once the end was asked for from outside: when the last reader is gone at the latest."""
    renews: bool = False
    """It winds down for other settings, and goes on by them at once."""
    finishing: str | None = None
    """What is done after the last reader is gone: packing or shipping of which part."""
    fleet: FleetState | None = None
    """The processes; None before there are any."""
    drops: int = 0
    """URLs that QuasiQueue's window refused."""
    claims: Timing | None = None
    """How long the claims of this run took."""
