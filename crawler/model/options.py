"""What the claim rules of a frontier depend on: terms of the crawl, and of single hosts."""

from collections.abc import Callable
from typing import NamedTuple


class HostTerms(NamedTuple):
    """What one host's queue works by, where that is not what all others have."""

    delay_ms: int
    per_host: int
    max_pages: int | None
    """Of this host."""
    max_depth: int | None
    recrawl_ms: int | None = None
    """First time until a URL is visited again; None: never."""


class FrontierOptions(NamedTuple):
    """What the claim rules of a frontier depend on."""

    delay_ms: int
    per_host: int
    lease_ms: int
    window_ms: int
    """No URL is offered again within this time of its last claim, but after `release`, or as a
    page after it was a requisite."""
    robots: bool
    max_depth: int | None = None
    max_pages: int | None = None
    max_pages_per_host: int | None = None
    terms_of: Callable[[str], HostTerms | None] | None = None
    """By host key; None, or an answer of None: the host has the terms above."""
    max_sitemaps_per_host: int = 1000
    """More sitemaps of one host are not added, but counted as `refused:sitemap_count`."""
    adaptive_factor: int = 0
    """A host's delay is at least so many times its latency, up to `adaptive_cap_ms`; 0: no."""
    adaptive_cap_ms: int = 60_000
    requisites: bool = False
    """The crawl adds requisites: they are claimed also where budgets of pages are used up."""
    unreachable_robots_ms: int = 30 * 24 * 3_600_000
    """A robots.txt that has not been answered for so long no longer stops its origin: the last
    rules hold, or none (RFC 9309 section 2.3.1.4)."""
    recrawl_ms: int | None = None
    """First time until a URL is visited again; None: never, but where a host has its own."""
    recrawl_by: str = ""
    """Names these times, all hosts' together; under another name than in the run before, all begin
    anew."""
    recrawl_min_ms: int = 3_600_000
    """No date of a sitemap brings a visit nearer to the last one than this."""
    recrawl_max_ms: int = 90 * 24 * 3_600_000
    """No visit is due further away than this."""
    ships: bool = False
    """A command takes the parts that are sealed."""

    @property
    def shipped_at_first(self) -> int | None:
        """What the store says of a part when it is sealed: to be shipped, or nothing to do."""
        return 0 if self.ships else None
