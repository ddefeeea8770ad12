"""Makes the record of one outcome: the line that a user gets."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256

from crawler.extract.metadata import Metadata
from crawler.model.document import Document
from crawler.model.extras import NO_EXTRAS, Extras
from crawler.model.record import LISTED_HEADERS
from crawler.model.result import Failed, Fetched, Redirected
from crawler.model.secret import mask_typed
from crawler.model.text import one_line
from crawler.model.work import Item
from crawler.policy.directives import Directives

_NO_HEADERS: Mapping[str, str] = {}
_NO_METADATA = Metadata(None, None, None, None, None)


def make_record(
    item: Item,
    *,
    result: Fetched | Redirected | Failed | None,
    now: int = 0,
    final_url: str | None = None,
    document: Document | None = None,
    metadata: Metadata | None = None,
    directives: Directives | None = None,
    extras: Extras = NO_EXTRAS,
    error: str | None = None,
    error_detail: str | None = None,
) -> dict[str, object]:
    """Return the record of a final outcome, keys in their order.

    Args:
        item: What was worked on.
        result: How the fetch ended; None if no request was made (dns, connect, crashed).
        now: Job's clock, ms; the record's time if no request was made.
        final_url: Target of a redirect hop; None: the URL itself.
        document: The parsed page, if it was HTML.
        metadata: Of `document`.
        directives: Of the page and its headers.
        extras: What only a crawl that asks for it takes from a page.
        error: One word; None takes that of a `Failed`.
        error_detail: One line; None takes that of a `Failed`.
    """
    status: int | None = None
    headers = _NO_HEADERS
    body: bytes | None = None
    truncated = False
    match result:
        case Fetched():
            status, headers, body = result.status, result.headers, result.body
            truncated = result.truncated
        case Redirected():
            status, headers = result.status, result.headers
        case Failed():
            error = error or result.error
            error_detail = error_detail or result.detail
        case None:
            pass
    content_type = headers.get("content-type")
    etag = headers.get("etag")
    last_modified = headers.get("last-modified")
    title, description, lang, canonical, h1, canonicals = metadata or _NO_METADATA
    return {
        "url": item.url,
        "final_url": final_url or item.url,
        "status": status,
        "fetched_at": timestamp(now if result is None else result.started_at),
        "depth": item.depth,
        "parent": item.parent,
        "redirects": list(item.chain),
        "attempts": item.tries if result is None else result.attempts,
        "visit": item.visit,
        "elapsed_ms": None if result is None else result.elapsed_ms,
        "content_type": None if content_type is None else one_line(content_type),
        "charset": None if document is None else document.charset,
        "bytes": None if body is None else len(body),
        "truncated": truncated,
        "etag": None if etag is None else one_line(etag),
        "last_modified": None if last_modified is None else one_line(last_modified),
        "headers": _listed(headers),
        "title": title,
        "description": description,
        "lang": lang,
        "canonical": canonical,
        "robots": None if directives is None else directives.text,
        "text": None if document is None else document.text,
        "links": [] if document is None else document.links,
        "content_hash": None if body is None else sha256(body).hexdigest(),
        "fields": extras.fields,
        "error": error,
        "error_detail": None if error_detail is None else one_line(error_detail),
        "nofollow": [] if document is None else _forbidden(document),
        "noindex": directives is not None and directives.noindex,
        "unchanged": False,
        "change": None,
        "extract_error": extras.extract_error,
        "h1": h1,
        "hreflang": {} if document is None else document.hreflang,
        "js_required": document is not None and document.js_required,
        "link_details": extras.link_details,
        "main_text": extras.main_text,
        "markdown": extras.markdown,
        "published_at": extras.published_at,
        "author": extras.author,
        "simhash": extras.simhash,
        "kind": item.kind,
        "canonicals": canonicals or [],
        "warc": None,
    }


def unchanged_record(item: Item, result: Fetched) -> dict[str, object]:
    """Return the record of a 304: what the response says, and the hash of what is still there."""
    record = make_record(item, result=result)
    record["bytes"] = None
    record["content_hash"] = None if item.content_hash is None else item.content_hash.hex()
    record["etag"] = record["etag"] or item.etag
    record["last_modified"] = record["last_modified"] or item.last_modified
    return record


def _listed(headers: Mapping[str, str]) -> dict[str, str]:
    kept = {name: one_line(headers[name]) for name in LISTED_HEADERS if name in headers}
    if "location" in kept:
        kept["location"] = mask_typed(kept["location"])
    return kept


def _forbidden(document: Document) -> list[str]:
    if len(document.links) == len(document.followable):
        return []
    allowed = set(document.followable)
    return [link for link in document.links if link not in allowed]


def timestamp(ms: int) -> str:
    """Return a time on the job's clock as RFC 3339: UTC, milliseconds."""
    seconds, ms = divmod(ms, 1000)
    return f"{_second(seconds)}.{ms:03d}Z"


@lru_cache(maxsize=64)
def _second(seconds: int) -> str:
    """Return a second without its fraction; many records share one."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"
