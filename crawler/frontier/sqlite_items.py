"""Rows of the store as a claim sees them, and the items made of them."""

import json
from typing import Any, NamedTuple

from crawler.model.work import Item, Kind

ALONE_CRASHES = 2
"""A URL that was there when this many readers died is worked on alone."""
CRASHED_CRASHES = 4
"""After this many it gets the verdict `crashed` instead of a request."""

UrlRow = tuple[Any, ...]
"""A row of `ready_urls`: id, url, depth, priority, tries, crashes, visits, seed, chain …"""
ROW_PRIORITY = 3
ROW_SEED = 7
ROW_KIND = 10
SITEMAP = 1
"""`urls.kind` of a sitemap; 0 is a page."""
REQUISITE = 2
"""`urls.kind` of what a page needs to look as it does."""
FIRST_PRIORITY_AGAIN = 10
"""URLs that are visited again have this `urls.priority` or a greater one."""
LEADING = 3
"""`urls.kind` of a requisite that was answered with what would lead further from a page."""

KINDS: tuple[Kind, ...] = ("page", "sitemap", "requisite", "requisite")
"""By `urls.kind`."""


def is_again(row: UrlRow) -> bool:
    """Tell whether a URL is visited again."""
    return bool(row[ROW_PRIORITY] >= FIRST_PRIORITY_AGAIN)


class DueHost(NamedTuple):
    """A row of `due_hosts`."""

    host_id: int
    host: str
    delay_ms: int
    free_leases: int
    page_budget: int | None
    owed: int
    last_start: int
    paused_until: int
    streak: int


class GateOrigin(NamedTuple):
    """A row of `host_origins`."""

    ref: int
    origin: str
    is_valid: int
    version: int
    is_deferred: int
    due: int
    obstacle: str | None
    failures: int
    owes: int
    gone: int
    crashes: int


class Terms(NamedTuple):
    """What all items of one claim share."""

    now: int
    lease_until: int


def page_item(
    host: DueHost,
    row: UrlRow,
    entry: GateOrigin | None,
    verdict: str | None,
    *,
    url_hash: int,
    lease_id: int,
    terms: Terms,
) -> Item:
    """Make the item of a URL; by position, because a claim makes hundreds."""
    ref, url, depth, priority, tries, crashes, visits, seed, chain, *rest = row
    parent, kind, etag, last_modified, content_hash, interval_ms, misses = rest
    if crashes >= CRASHED_CRASHES and verdict is None:
        verdict = "crashed"
    return Item(
        KINDS[kind],
        url,
        host.host,
        host.host_id,
        url_hash,
        ref,
        lease_id,
        terms.now,
        terms.lease_until,
        depth,
        priority,
        tries,
        visits + 1,
        host.delay_ms,
        entry.version if entry else 0,
        bool(seed),
        tuple(json.loads(chain)) if chain else (),
        parent,
        verdict,
        verdict is None and crashes >= ALONE_CRASHES,
        etag,
        last_modified,
        content_hash,
        host.streak,
        interval_ms,
        misses,
    )


def robots_item(
    host: DueHost, entry: GateOrigin, *, url: str, url_hash: int, lease_id: int, terms: Terms
) -> Item:
    """Make the item of an origin's robots.txt."""
    return Item(
        kind="robots",
        url=url,
        host=host.host,
        host_hash=host.host_id,
        url_hash=url_hash,
        ref=entry.ref,
        lease_id=lease_id,
        claimed_at=terms.now,
        lease_until=terms.lease_until,
        depth=0,
        priority=0,
        tries=entry.failures,
        visit=1,
        delay_ms=host.delay_ms,
        rules_version=entry.version,
        seed=False,
        chain=(),
        parent=None,
        verdict=None,
        alone=entry.crashes >= ALONE_CRASHES,
        etag=None,
        last_modified=None,
        content_hash=None,
        host_failures=host.streak,
    )
