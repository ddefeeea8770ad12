"""What a running crawl shows of itself, once a second, to whoever watches."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from crawler.model.fleet import FleetState
from crawler.model.measures import Timing
from crawler.model.view import HostState, Outlook


class Snapshot(NamedTuple):
    """What progress shows, taken once a second; counts are the frontier's own."""

    at: int
    started_at: int
    counters: Mapping[str, int]
    outlook: Outlook
    hosts: Sequence[HostState] = ()
    """Those with most left to do, then those that wait."""
    pages_at_start: int = 0
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
