"""What `crawler inspect` found: the values behind its tables, and its JSON as they stand here."""

from dataclasses import dataclass

from crawler.cli.records.job_behind import States


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """One row of a table."""

    name: str
    records: int
    example: str | None = None
    """URL of the first one, where the row is a failure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Records by one key, most first (depths and statuses in their own order)."""

    distinct: int
    """A lower bound unless `exact`."""
    exact: bool
    top: list[Count]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Different values of one key, and how many records were not the first with theirs."""

    distinct: int
    repeated: int
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """When the pages were fetched."""

    first: str
    last: str
    seconds: float
    records_per_second: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """How long responses took, to two digits."""

    median_ms: int
    p95_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Extreme:
    """One of the slowest or largest."""

    url: str
    status: str
    value: int
    """Milliseconds or bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How often one field has a value."""

    name: str
    """`items.price`: of the objects in `items`."""
    asked: int
    """Pages, or objects, that could have it."""
    have: int
    lack_required: int
    """Those without a value although the field is required."""
    samples: list[str]
    """URLs of some of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NearGroup:
    """Pages with nearly the same text."""

    pages: int
    samples: list[str]
    """URLs of some of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NearCopies:
    """Pages whose texts are nearly alike, by `simhash`; copies of one body count once."""

    compared: int
    """URLs with a fingerprint."""
    exact: bool
    """False: there were more of them, which were not looked at."""
    pages: int
    """In groups."""
    groups: int
    largest: list[NearGroup]


@dataclass(frozen=True, slots=True, kw_only=True)
class Glimpse:
    """One record in short."""

    status: str
    depth: int | None
    title: str | None
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The whole summary."""

    files: int
    read_bytes: int
    records_read: int
    records: int
    """Those that the filters let pass: all that follows is of them."""
    states: States | None
    """Of all known URLs, whatever the filters; None: not of one job."""
    invalid_lines: int
    torn_lines: int
    """Last lines that end in the middle: somebody is writing, or was stopped."""
    foreign_records: int
    """Records that this crawler did not write."""
    urls: Seen
    """Repeated: the same URL and visit twice, which this crawler never writes."""
    contents: Seen
    """Successful pages by content_hash."""
    body_bytes: int
    links: int
    requisites: int
    """Records of what pages need to look as they do."""
    js_required: int
    """Pages that probably show themselves only to a browser."""
    retried: int
    truncated: int
    span: Span | None
    response: Response | None
    status: Counts
    types: Counts
    hosts: Counts
    depths: Counts
    errors: Counts
    sizes: Counts
    """Of bodies that are not empty, in order of size."""
    languages: Counts
    fields: Counts
    """Fields that have a value; keys of other crawlers."""
    coverage: list[Coverage]
    extract_errors: Counts
    """Of `extract_error`, by what failed; required fields that are missing are in `coverage`."""
    near_copies: NearCopies | None
    """None: no record has a fingerprint."""
    slowest: list[Extreme]
    largest: list[Extreme]
    samples: list[Glimpse]
