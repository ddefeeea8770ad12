"""How a fetch ends, and how a lease ends.

A fetch ends in exactly one member of `FetchResult`; a `match` over it closes with `assert_never`.
A lease ends in exactly one `Result` inside a `Batch`, which the frontier commits in one
transaction.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from crawler.model.work import Kind, Link

if TYPE_CHECKING:
    from crawler.model.capture import Capture

FailureKind = Literal[
    "dns",
    "connect",
    "tls",
    "timeout",
    "reset",
    "protocol",
    "decode",
    "blocked_address",
]
"""Why no usable response came. `decode`: the content coding was broken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What every HTTP fetch, ended well or not, can say about itself."""

    attempts: int
    """HTTP tries of this visit, earlier leases included."""
    started_at: int
    """When the last try's request was sent (or begun, if no connection came about), ms on the
    job's clock: the host's delay counts from here."""
    elapsed_ms: int
    """Of the last try, connecting included."""
    throttled: int = 0
    """Answers of this lease that asked us to slow down (429, 503), the last one included."""
    capture: "Capture | None" = None
    """Of the last try, where it was answered and the crawl keeps bodies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched(Exchange):
    """A final response that is no redirect, any status."""

    status: int
    headers: Mapping[str, str]
    """Lower-case names; repeated fields joined by `, `."""
    body: bytes
    """Decoded (gzip, br, zstd), cut at the body cap."""
    truncated: bool
    """The body was cut by us, or the server ended it early."""
    is_capped: bool = False
    """It was cut by us, so it will be cut at the same place another time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirected(Exchange):
    """A 301, 302, 303, 307 or 308 with a `Location`; never followed inside the client."""

    status: int
    headers: Mapping[str, str]
    location: str
    """Raw, as sent; not yet resolved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(Exchange):
    """No usable response, and no try left (or none that would help)."""

    error: FailureKind
    detail: str
    """One line, control characters escaped."""
    passing: bool = False
    """dns: no server could tell, so the name may be good all the same (EAI_AGAIN)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred(Exchange):
    """Worth another try, but later than this lease may wait: a due time in the store."""

    reason: str
    """`http_429`, `http_503` … or a `FailureKind`."""
    due_at: int
    """Not before, ms on the job's clock."""
    pause_host: bool
    """Retry-After was sent: nothing of this host is asked before `due_at`."""


FetchResult = Fetched | Redirected | Failed | Deferred


Outcome = Literal["done", "retry", "dead"]
"""done: a record was written · retry: due again at `at` · dead: refused for `reason`, no record."""


class Result(NamedTuple):
    """How the lease of one page ends (robots items end in `Rules`)."""

    item_ref: int
    host_hash: int
    url_hash: int
    lease_id: int
    outcome: Outcome
    reason: str | None = None
    """dead: `robots`, `depth` …; retry: why; done: the record's `error`."""
    at: int | None = None
    """retry: due time in ms."""
    tries: int = 0
    """retry: HTTP tries so far in this visit."""
    status: int | None = None
    is_page: bool = False
    """done: counts against page budgets (a record that is no redirect hop)."""
    seed: bool = False
    body_bytes: int = 0
    etag: str | None = None
    last_modified: str | None = None
    content_hash: bytes | None = None
    kind: Kind = "page"
    """sitemap, done: no record was written, so it counts as a sitemap only."""
    leads_on: bool = False
    """requisite, done: as a page it would lead to other URLs (HTML, or a redirect), so it is
    fetched again if a page links to it."""
    due_at: int | None = None
    """done: when to visit it again, ms; None: never."""
    interval_ms: int | None = None
    """done: what the time until then is derived from, and the next one will be."""
    misses: int = 0
    """done: visits in a row, this one included, that found no page."""


class HostNote(NamedTuple):
    """What a settled item says about its host."""

    host_hash: int
    started_at: int | None
    """Start of the last request; None: no request was made, so no delay is spent."""
    paused_until: int | None = None
    server_lost: bool = False
    """No server was there any more: the rules of the host's origins count as expired, so that
    robots.txt is asked for before anything else, and the host backs off if that fails as well."""
    answered: bool = False
    """A response came that does not ask us to slow down: the host's failures in a row are over."""
    failed_at: int | None = None
    """Start of a request that failed for the host's sake (no response, 429, 5xx). It is one more
    failure in a row only if it started after the last one that counted, so that requests side by
    side are one."""
    failure: str | None = None
    """Its class: a `FailureKind`, `http_429`, `http_503` …"""
    failures: int = 0
    """Failures in a row as the reader counts them, this one included: it also sees rounds that end
    within one batch."""
    latency_ms: int | None = None
    """From request to response of the last one that was answered."""
    throttled: int = 0
    """How many answers asked us to slow down (429, 503)."""


RulesVerdict = Literal["rules", "allow", "defer", "dns", "connect", "tls", "blocked_address"]
"""rules: obey `body` · allow: no rules (4xx) · defer: ask again at `due` · dns, connect, tls,
blocked_address: no server there that we can talk to."""

NO_SERVER: frozenset[RulesVerdict] = frozenset({"dns", "connect", "tls", "blocked_address"})
"""Verdicts that a URL of the origin gets as its outcome, without a request."""


class Rules(NamedTuple):
    """How the lease of a robots item ends."""

    item_ref: int
    host_hash: int
    lease_id: int
    verdict: RulesVerdict
    status: int | None = None
    body: bytes | None = None
    """The robots.txt, at most 512,000 bytes (rules only)."""
    expires_at: int = 0
    """rules, allow: when they must be asked for again."""
    due: int | None = None
    """All but rules and allow: when to ask again."""
    crawl_delay_ms: int | None = None


class PartMark(NamedTuple):
    """The committed end of one part file."""

    part_id: int
    old_bytes: int
    """The offset that the committer knows; the commit holds only if the store agrees."""
    new_bytes: int
    records: int
    """How many records this batch adds."""
    sealed: bool = False
    old_store_bytes: int = 0
    """The same for the file of bodies beside it; 0 where there is none."""
    new_store_bytes: int = 0


class KeptBody(NamedTuple):
    """A body that was stored for the first time, and where."""

    content_hash: bytes
    """SHA-256."""
    part_id: int
    start: int
    """Of the response record, bytes from the start of the part's file of bodies."""
    length: int
    item_ref: int
    """Of the page it was fetched from."""
    fetched_at: int
    """ms on the job's clock, as in the page's record."""
    url: str
    """Of that page."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one reader commits in one transaction."""

    results: Sequence[Result] = ()
    links: Sequence[Link] = ()
    notes: Sequence[HostNote] = ()
    rules: Sequence[Rules] = ()
    parts: Sequence[PartMark] = ()
    roots: Sequence[str] = ()
    """New scope roots: targets of redirected seeds."""
    bodies: Sequence[KeptBody] = ()
    refers_to: Collection[int] = ()
    """Ids of other parts that records of this batch point into."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Added to the counters of the same name: `refused:scope`, `status:404` …"""
    listed: Sequence[str] = ()
    """Pages that sitemaps of this batch name, also those that were known before."""
