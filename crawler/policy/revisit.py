"""When a page is visited again, and what a visit tells against the one before.

The time between two visits follows the page: a visit that finds a change halves it, one that finds
none adds a half. Both weigh the same where about 37 visits of 100 find a change. Apache Nutch's
AdaptiveFetchSchedule does the same with 0.8 and 1.4, and comes to rest where 60 of 100 do.
"""

import re
from typing import Literal, NamedTuple

from crawler.model.site import Headers
from crawler.model.work import Item

Change = Literal["unchanged", "changed", "gone", "returned"]

GONE_AFTER = 2
"""A page that was not found by so many visits in a row is gone; one 410 says it at once."""

MAX_VALIDATOR_LENGTH = 1_024
"""Longer ETags and dates are neither stored nor sent."""

_SENDABLE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")


class RevisitTerms(NamedTuple):
    """Times between two visits of a page, ms."""

    first: int
    """After the first visit."""
    least: int
    most: int


class Finding(NamedTuple):
    """What a visit found."""

    kind: Literal["content", "same", "missing", "gone", "failure"]
    """content: a good answer, with its hash · same: a 304 that was asked for · missing: 404 ·
    gone: 410 · failure: all else, which says nothing about the page."""
    content_hash: bytes | None = None


class Visit(NamedTuple):
    """What follows from a visit."""

    change: Change | None
    """None: there is nothing to compare, or the visit says nothing about the page."""
    misses: int
    interval_ms: int
    """What the next time is derived from."""
    wait_ms: int
    """From this visit to the next one."""


def validator(value: str | None) -> str | None:
    """Return an ETag or a date as it can be stored and sent back; None where it cannot."""
    if value is None or len(value) > MAX_VALIDATOR_LENGTH or not _SENDABLE.fullmatch(value):
        return None
    return value


def dated(modified: str | None, sent: str | None) -> str | None:
    """Return the `Last-Modified` of an answer as it can be sent back; `sent`: its `Date`.

    None also where both are the same second: the page may have changed again within it, and would
    be called unchanged for ever (RFC 9110, 8.8.2.2).
    """
    return None if modified == sent else validator(modified)


def conditions(item: Item) -> Headers:
    """Return what asks for a page only if it is another one than at the last visit (RFC 9110).

    Nothing at a first visit, or where the page is gone: if it came back its body is wanted.
    """
    if item.visit == 1 or item.misses >= GONE_AFTER or item.content_hash is None:
        return ()
    found = []
    if item.etag is not None:
        found.append(("If-None-Match", item.etag))
    if item.last_modified is not None:
        found.append(("If-Modified-Since", item.last_modified))
    return tuple(found)


def judge(item: Item, finding: Finding, terms: RevisitTerms) -> Visit:
    """Compare a visit with those before it, and say when the next one is due."""
    interval = _within(terms.first if item.interval_ms is None else item.interval_ms, terms)
    match finding.kind:
        case "failure":
            # The host's own pauses keep failures apart; of the page it says nothing.
            return Visit(None, item.misses, interval, interval)
        case "missing" | "gone":
            return _missed(item, interval, terms, at_once=finding.kind == "gone")
    if item.misses >= GONE_AFTER:
        first = _within(terms.first, terms)
        change: Change = "changed" if item.content_hash is None else "returned"
        return Visit(change, 0, first, first)
    if item.visit == 1 or (item.content_hash is None and not item.misses):
        return Visit(None, 0, interval, interval)
    if finding.kind == "same" or finding.content_hash == item.content_hash:
        interval = _within(interval * 3 // 2, terms)
        return Visit("unchanged", 0, interval, interval)
    interval = _within(interval // 2, terms)
    return Visit("changed", 0, interval, interval)


def _missed(item: Item, interval: int, terms: RevisitTerms, *, at_once: bool) -> Visit:
    misses = GONE_AFTER if at_once else min(item.misses + 1, GONE_AFTER)
    if misses < GONE_AFTER:
        return Visit(None, misses, interval, interval)
    # What was never there cannot go.
    is_news = item.misses < GONE_AFTER and item.content_hash is not None
    return Visit("gone" if is_news else None, misses, interval, terms.most)


def _within(interval_ms: int, terms: RevisitTerms) -> int:
    return max(terms.least, min(interval_ms, terms.most))
