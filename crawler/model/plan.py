"""The plan of a crawl: every setting the pipeline needs, checked and in fixed units.

`crawler.conf` makes it from flags, environment and file; nothing below the command line reads
settings in any other form.
"""

from dataclasses import dataclass
from pathlib import Path

from crawler.model.site import Cookie, ScopeMode, Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one crawl does; times in milliseconds, sizes in bytes, None where there is no limit."""

    job: Path
    output: Path
    """Directory of the part files."""
    user_agent: str
    """The whole header value."""
    product_token: str
    """What robots.txt groups are matched against."""

    concurrency: int
    """Tasks of each reader process."""
    per_host: int
    delay_ms: int
    adaptive_delay: bool
    """A slow host has a longer delay than `delay_ms`, by its latency."""
    connect_timeout_ms: int
    timeout_ms: int
    """Total of one try, body included."""
    retries: int
    """So at most retries + 1 HTTP tries per visit."""
    retry_base_ms: int
    window_ms: int
    """W, QuasiQueue's prevent_requeuing_time."""
    lease_ms: int

    scope: ScopeMode
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    strip_params: tuple[str, ...]
    """Names of parameters that canonical URLs do not keep (`policy.parameters.NAME`)."""
    max_depth: int | None
    max_pages: int | None
    max_pages_per_host: int | None
    max_time_ms: int | None
    max_body_bytes: int
    max_total_bytes: int | None
    max_wait_ms: int
    max_failures: int | None

    robots: bool
    sitemaps: bool
    """Read those that robots.txt names."""
    headers: tuple[tuple[str, str], ...]
    """Sent only to hosts that a person named."""
    allow_net: tuple[str, ...]
    """CIDR ranges that are reachable although not global."""
    proxy: str | None

    part_max_bytes: int
    part_max_age_ms: int
    robots_max_age_ms: int
    max_crawl_delay_ms: int
    cache_redis_url: str | None
    sites: tuple[Site, ...]
    """The first that matches a host holds for it."""
    cookies: tuple[Cookie, ...]
    """Of the cookie file."""
    clock_offset_ms: int
    """Wall clock minus monotonic clock at start; shared by all processes of the node."""

    @property
    def has_max_depth(self) -> bool:
        """Whether it matters by how many links a URL was found."""
        return self.max_depth is not None or any(site.max_depth is not None for site in self.sites)
