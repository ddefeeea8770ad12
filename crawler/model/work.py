"""What the frontier hands out, and what it takes in: items and links.

Times are integers in milliseconds on the job's clock (`crawler.clock`). Both are `NamedTuple`s
because they cross the process border or are made in large numbers.
"""

from typing import Any, Literal, NamedTuple

Kind = Literal["page", "robots", "sitemap", "requisite"]


class Item(NamedTuple):
    """One leased URL with all that a reader needs, so that no reader asks the store per URL.

    Equality and hash are those of kind and URL: QuasiQueue's requeue window works on them.
    """

    kind: Kind
    url: str
    """Canonical; for `robots` the address of the robots.txt."""
    host: str
    """Host key (`crawler.model.url.host_key`)."""
    host_hash: int
    url_hash: int
    ref: int
    """The store's own row id: of the URL, or of the origin for `robots`."""
    lease_id: int
    """The fence: an int64 that is never used twice."""
    claimed_at: int
    lease_until: int
    depth: int
    priority: int
    tries: int
    """HTTP tries so far in this visit; for `robots` the failures in a row of this origin."""
    visit: int
    """Counts from 1."""
    delay_ms: int
    """The host's delay between two request starts; 0 lets `per_host` requests run side by side."""
    rules_version: int
    """Version of the origin's robots rules at claim; 0 where rules are not asked for."""
    seed: bool
    chain: tuple[str, ...]
    """URLs that redirected here, first one first."""
    parent: str | None
    """URL of the page this one was found on."""
    verdict: str | None
    """Set when the outcome is known without a request: `dns`, `connect`, `tls`, `blocked_address`,
    `crashed`."""
    alone: bool
    """It was there when readers died: a reader gets nothing else beside it."""
    etag: str | None
    last_modified: str | None
    content_hash: bytes | None
    host_failures: int = 0
    """Rounds of failures in a row that the host had at claim: what its next pause depends on."""
    interval_ms: int | None = None
    """How long the last wait for a visit was meant to be; None: no visit has set it yet."""
    misses: int = 0
    """Visits in a row that found no page, counted to `policy.revisit.GONE_AFTER`."""

    def __hash__(self) -> int:
        return hash((self.kind, self.url))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Item) and self.url == other.url and self.kind == other.kind

    def __ne__(self, other: object) -> bool:
        # tuple brings its own __ne__, which would call two leases of one URL unequal and equal at
        # once.
        return not self == other


def unleased(kind: Kind, url: str, /, **known: Any) -> Item:
    """Return an item that no store has handed out, for work on a URL outside of a crawl.

    Args:
        kind: of work.
        url: canonical.
        known: other fields that matter to that work.
    """
    nothing = Item(
        kind=kind,
        url=url,
        host="",
        host_hash=0,
        url_hash=0,
        ref=0,
        lease_id=0,
        claimed_at=0,
        lease_until=0,
        depth=0,
        priority=0,
        tries=0,
        visit=1,
        delay_ms=0,
        rules_version=0,
        seed=False,
        chain=(),
        parent=None,
        verdict=None,
        alone=False,
        etag=None,
        last_modified=None,
        content_hash=None,
    )
    return nothing._replace(**known)


class Link(NamedTuple):
    """A URL to add to the frontier, canonical and already allowed by scope and traps."""

    url: str
    depth: int
    parent: int | None
    """`Item.ref` of the page it was found on."""
    priority: int = 5
    """0 (most urgent) to 9."""
    seed: bool = False
    chain: tuple[str, ...] = ()
    kind: Kind = "page"
    """`page`, `sitemap` or `requisite`. One address may be known as a page and as a sitemap, but
    page and requisite are one URL, fetched once. For a sitemap `depth` is how many sitemaps led to
    it, for a requisite it is that of its page."""
    modified_at: int | None = None
    """When the page changed last, as a sitemap or feed says, ms: a visit that was before that is
    followed by the next one early."""
