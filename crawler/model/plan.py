"""The plan of a crawl: every setting the pipeline needs, checked and in fixed units.

`crawler.conf` makes it from flags, environment and file; nothing below the command line reads
settings in any other form.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from crawler.model.site import Cookie, ScopeMode, Site

if TYPE_CHECKING:
    # Milliseconds of a start, for crawls that have such tables.
    from crawler.model.extraction import ExtractTable

Store = Literal["none", "warc"]
Packing = Literal["none", "zstd"]


class Plan(NamedTuple):
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
    compress_parts: Packing
    """How parts that are sealed are packed."""
    on_part_sealed: str | None
    """Command that gets the path of each sealed part."""
    min_free_bytes: int
    """Nothing is claimed while less is free on the disks of job and output; 0: never mind."""
    robots_max_age_ms: int
    max_crawl_delay_ms: int
    cache_redis_url: str | None
    sites: tuple[Site, ...]
    """The first that matches a host holds for it."""
    extract: "tuple[ExtractTable, ...]"
    """`[[extract]]` tables in the order they were written."""
    extract_timeout_ms: int
    """Of one call of a callback."""
    main_text: bool
    markdown: bool
    simhash: bool
    link_details: bool
    store: Store
    """Whether bodies are kept, and how."""
    store_max_bytes: int
    """A new part when its bodies have this size."""
    requisites: bool
    """Fetch images, style sheets and scripts of pages."""
    max_requisites: int
    """Of one page."""
    recrawl_ms: int | None
    """How long after its first visit a page is due again; None: never."""
    recrawl_min_ms: int
    """Pages that change are not visited more often."""
    recrawl_max_ms: int
    """Pages that do not change are still visited so often."""
    keep_running: bool
    """Go on when all is done: for what is due later, or is added."""
    cookies: tuple[Cookie, ...]
    """Of the cookie file."""
    clock_offset_ms: int
    """Wall clock minus monotonic clock at start; shared by all processes of the node."""

    @property
    def has_extras(self) -> bool:
        """Whether more is taken from pages than every record has."""
        texts = self.main_text or self.markdown or self.simhash or self.link_details
        return bool(self.extract) or texts

    @property
    def revisits(self) -> bool:
        """Whether any page is visited again."""
        return self.recrawl_ms is not None or any(site.recrawl_ms for site in self.sites)

    @property
    def has_max_depth(self) -> bool:
        """Whether it matters by how many links a URL was found."""
        return self.max_depth is not None or any(site.max_depth is not None for site in self.sites)
