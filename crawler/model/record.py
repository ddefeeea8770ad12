"""The record: one JSON line for each final outcome of a visit.

Keys may be added later, never renamed; the order is part of the format.
"""

from typing import Literal, TypedDict

LISTED_HEADERS = (
    "cache-control",
    "content-language",
    "content-length",
    "content-type",
    "date",
    "expires",
    "location",
    "retry-after",
    "server",
    "x-robots-tag",
)
"""Response headers that a record keeps, lower-case."""


class Record(TypedDict):
    """One line of the output, keys in this order."""

    url: str
    final_url: str
    """Target of a redirect hop; else the same as `url`."""
    status: int | None
    fetched_at: str
    """RFC 3339, UTC, milliseconds: start of the last try."""
    depth: int
    parent: str | None
    redirects: list[str]
    """URLs that redirected here, first one first."""
    attempts: int
    visit: int
    elapsed_ms: int | None
    content_type: str | None
    charset: str | None
    bytes: int | None
    """Length of the decoded body, after the cap."""
    truncated: bool
    etag: str | None
    last_modified: str | None
    headers: dict[str, str]
    title: str | None
    description: str | None
    lang: str | None
    canonical: str | None
    robots: str | None
    """meta robots and X-Robots-Tag directives, joined by `, `."""
    text: str | None
    links: list[str]
    content_hash: str | None
    """SHA-256 of the decoded body, hex."""
    fields: dict[str, object]
    error: str | None
    """null when a response came; else one word."""
    error_detail: str | None
    nofollow: list[str]
    """Those of `links` that rel=nofollow forbids to follow."""
    noindex: bool
    """The page asks search engines not to list it; nothing that a crawl obeys."""
    unchanged: bool
    """The same content as at the visit before: by a 304, or by its hash."""
    change: str | None
    """Against the visit before: unchanged, changed, gone, returned; None at the first one."""
    extract_error: str | None
    """What went wrong in taking fields; the page is recorded all the same."""
    h1: str | None
    """Text of the first h1."""
    hreflang: dict[str, str]
    """Addresses of the same page in other languages, by `hreflang`."""
    js_required: bool
    """Little text and scripts: the page probably shows itself only to a browser."""
    link_details: list[dict[str, str]]
    """Text and rel of each of `links`, with `--link-details`."""
    main_text: str | None
    markdown: str | None
    published_at: str | None
    author: str | None
    simhash: str | None
    """Of `text`: 64 bits, hex; pages that are nearly alike differ in few of them."""
    kind: Literal["page", "requisite"]
    """requisite: what a page needs to look as it does (`--requisites`); it is kept, not read."""
    warc: dict[str, object] | None
    """Where the body is kept: file, offset, length. The last key: it is known last."""


RECORD_KEYS = tuple(Record.__annotations__)
READ_KEYS = frozenset(
    {"charset", "title", "description", "lang", "canonical", "robots", "text", "links", "fields"}
    | {"nofollow", "noindex", "extract_error", "h1", "hreflang", "js_required", "link_details"}
    | {"main_text", "markdown", "published_at", "author", "simhash"}
)
"""What comes from reading the body, so that it can be read again; the rest from the fetch."""
