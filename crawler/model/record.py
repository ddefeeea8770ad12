"""The record: one JSON line for each final outcome of a visit.

Keys may be added later, never renamed; the order is part of the format.
"""

from typing import TypedDict

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


RECORD_KEYS = tuple(Record.__annotations__)
