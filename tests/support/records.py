"""Builds records of ours, so that a test names only the keys it is about."""

from typing import Any

from crawler.model.record import RECORD_KEYS

_USUAL: dict[str, Any] = {
    "url": "http://a.example/",
    "status": 200,
    "fetched_at": "2026-03-01T10:00:00.000Z",
    "depth": 0,
    "redirects": [],
    "attempts": 1,
    "visit": 1,
    "elapsed_ms": 12,
    "content_type": "text/html; charset=utf-8",
    "charset": "utf-8",
    "bytes": 1000,
    "truncated": False,
    "headers": {},
    "title": "A page",
    "lang": "en",
    "text": "Words.",
    "links": ["http://a.example/x", "http://a.example/y"],
    "content_hash": "00" * 32,
    "fields": {},
    "kind": "page",
    "canonicals": [],
}


def record(**values: Any) -> dict[str, Any]:
    """Return a record with all keys in their order."""
    given = _USUAL | values
    given.setdefault("final_url", given["url"])
    return {key: given.get(key) for key in RECORD_KEYS}
