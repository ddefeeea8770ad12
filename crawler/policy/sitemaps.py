"""Which sitemaps are read, how far, and what their dates say about the order of pages.

Sitemaps come from `Sitemap:` lines of robots.txt and from index sitemaps only: nothing is asked for
that nobody named. Sizes are those of sitemaps.org.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from crawler.errors import UrlRejected
from crawler.model.plan import Plan
from crawler.model.url import host_key
from crawler.policy.admission import Admission
from crawler.policy.canonicalization import canonicalize

MAX_BYTES = 52_428_800
"""Of one sitemap, decoded."""
MAX_ENTRIES = 50_000
"""Of one sitemap."""
MAX_CHILDREN = 1_000
"""Sitemaps that one index may name."""
MAX_NAMED = 100
"""`Sitemap:` lines of one robots.txt that count."""
MAX_NESTING = 3
"""An index may name an index; sitemaps.org allows none, some sites have two."""

PAGE_DEPTH = 1
"""Of a page that a sitemap names: one step from a seed's site."""
SITEMAP_PRIORITY = 0
"""Before the pages of its host, which it puts in order."""

_DAY_MS = 86_400_000
_FRESH = ((7 * _DAY_MS, 3), (30 * _DAY_MS, 4))
"""Changed within so long: this priority."""
USUAL_PRIORITY = 5
"""Of a page of which nothing is known."""
_MAX_DATE_LENGTH = 64


def are_read(plan: Plan) -> bool:
    """Tell whether the crawl reads sitemaps; it does not where nothing could come of them."""
    return plan.sitemaps and plan.scope != "page" and plan.max_depth != 0


def taken(
    addresses: Iterable[str], *, named_by: str, admission: Admission, limit: int
) -> tuple[list[str], list[str]]:
    """Return the canonical addresses of sitemaps that are asked for, and refusals of the others.

    A sitemap on the host of the file that names it is taken wherever it lies, unless an exclude
    glob or a trap rule is against it; on another host it must be in scope.

    Args:
        addresses: as written; those that are no URL are passed over.
        named_by: canonical URL of the robots.txt or of the index.
        admission: the rules of the crawl.
        limit: more are refused as `sitemap_count`.
    """
    urls: dict[str, None] = {}
    refusals: list[str] = []
    host = host_key(named_by)
    for address in addresses:
        try:
            url = canonicalize(address)
        except UrlRejected:
            refusals.append("sitemap_url")
            continue
        if url in urls:
            continue
        refusal = admission.refusal(url, 0)
        if refusal in ("scope", "include") and host_key(url) == host:
            refusal = admission.trap(url, 0)
        if refusal is None and len(urls) >= limit:
            refusal = "sitemap_count"
        if refusal is None:
            urls[url] = None
        else:
            refusals.append(refusal)
    return list(urls), refusals


def changed_at(lastmod: str | None, now: int) -> int | None:
    """Return when a page changed last, ms; a hint, so garbage is usual, and None then."""
    at = _ms(lastmod) if lastmod else None
    return None if at is None or at > now + _DAY_MS else at


def priority(changed_at: int | None, now: int) -> int:
    """Return the priority of a page by the date of its last change."""
    if changed_at is None:
        return USUAL_PRIORITY
    return next((value for age, value in _FRESH if now - changed_at <= age), USUAL_PRIORITY)


def _ms(text: str) -> int | None:
    """Read a date as sitemaps and Atom (ISO 8601) or RSS (RFC 822) write it."""
    text = text.strip()[:_MAX_DATE_LENGTH]
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            date = read(text)
            return int((date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() * 1000)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None
