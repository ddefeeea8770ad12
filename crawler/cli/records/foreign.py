"""Records of other crawlers: what they call the keys that are looked at."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

NONE = "none"
"""Stands for a value that is null or missing."""


_NAMES = {
    "url": ("url", "uri", "request_url", "page_url", "link"),
    "status": ("status", "status_code", "statusCode", "http_status"),
    "content_type": ("content_type", "contentType", "mime_type", "mime"),
    "fetched_at": ("fetched_at", "timestamp", "crawled_at", "fetch_time"),
    "bytes": ("bytes", "content_length", "size"),
    "elapsed_ms": ("elapsed_ms", "duration_ms"),
    "content_hash": ("content_hash", "digest", "sha256"),
    "depth": ("depth",),
    "title": ("title",),
    "text": ("text", "body", "content"),
    "lang": ("lang", "language"),
    "error": ("error",),
    "links": ("links",),
}


def ours(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a record of another crawler under our names."""
    return {
        key: next((record[name] for name in names if name in record), None)
        for key, names in _NAMES.items()
    }


def host_of(url: str) -> str:
    """Return the host of a URL as it is counted, with its port where it has one; lower-case."""
    _, slashes, rest = url.partition("://")
    if not slashes:
        return NONE
    for end in "/?#":
        rest = rest.partition(end)[0]
    return rest.rpartition("@")[2].lower() or NONE


def moment_of(value: object) -> datetime | None:
    """Return a time in ISO 8601, in UTC where it has no zone; None: it is none."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
