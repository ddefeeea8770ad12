"""What a visit comes to against the one before it, and when the next one is due."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Literal, NamedTuple

from crawler.model.plan import Plan
from crawler.model.result import Failed, Fetched, Redirected
from crawler.model.work import Item
from crawler.policy import revisit
from crawler.policy.revisit import Change, Finding, RevisitTerms
from crawler.policy.sites import Sites


class Outcome(NamedTuple):
    """Of one visit; the names are those of `Result`, but for the first."""

    change: Change | None = None
    due_at: int | None = None
    interval_ms: int | None = None
    misses: int = 0
    etag: str | None = None
    last_modified: str | None = None
    content_hash: bytes | None = None


class Revisiting:
    """Judges visits; one instance per reader process."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._default = terms_of(plan, plan.recrawl_ms)
        own = any(site.recrawl_ms is not None for site in plan.sites)
        self._sites = Sites(plan.sites) if own else None

    def is_same(self, item: Item, result: Fetched) -> bool:
        """Tell whether this says that the page is as at the visit before: the 304 we asked for."""
        return result.status == 304 and bool(revisit.conditions(item))

    def outcome(
        self,
        item: Item,
        result: Fetched | Redirected | Failed | None,
        *,
        at: int,
        content_hash: bytes | None,
        error: str | None = None,
        target: str | None = None,
    ) -> Outcome:
        """Compare a visit with the one before, and say when the next one is due.

        Args:
            item: what was visited, with what is known of earlier visits.
            result: how the fetch ended; None: no request was made.
            at: when, ms on the job's clock.
            content_hash: of the body.
            error: the record's.
            target: of a redirect; another one is a change.
        """
        finding = self._finding(item, result, content_hash, error, target)
        kept = _kept(item, result, finding)
        # What a page needs to look as it does is fetched once.
        terms = self._terms(item.host) if item.kind != "requisite" else None
        if terms is None and item.visit == 1:
            return Outcome(None, None, None, 0, *kept)
        visit = revisit.judge(item, finding, terms or _ANY)
        if terms is None:
            return Outcome(visit.change, None, None, visit.misses, *kept)
        due_at = at + visit.wait_ms
        return Outcome(visit.change, due_at, visit.interval_ms, visit.misses, *kept)

    def _terms(self, host: str) -> RevisitTerms | None:
        site = self._sites.of(host) if self._sites is not None else None
        if site is None or site.recrawl_ms is None:
            return self._default
        return terms_of(self._plan, site.recrawl_ms or None)

    def _finding(
        self,
        item: Item,
        result: Fetched | Redirected | Failed | None,
        content_hash: bytes | None,
        error: str | None,
        target: str | None,
    ) -> Finding:
        if isinstance(result, Redirected) and target is not None and error is None:
            return Finding("content", sha256(target.encode()).digest())
        if not isinstance(result, Fetched):
            return Finding("failure")
        if self.is_same(item, result):
            return Finding("same")
        if 200 <= result.status < 300 and (result.is_capped or not result.truncated):
            return Finding("content", content_hash)
        # Where a body broke off neither its hash nor its ETag is that of the page: a 304 for them
        # would keep the rest away for good.
        return Finding(_KINDS.get(result.status, "failure"))


_ANY = RevisitTerms(1, 1, 1)
_KINDS: Mapping[int, Literal["missing", "gone"]] = {404: "missing", 410: "gone"}


def terms_of(plan: Plan, recrawl_ms: int | None) -> RevisitTerms | None:
    """Return the times that hold where a first wait is so long; it may lie outside the bounds."""
    if recrawl_ms is None:
        return None
    return RevisitTerms(
        recrawl_ms,
        min(plan.recrawl_min_ms, recrawl_ms),
        max(plan.recrawl_max_ms, recrawl_ms),
    )


def _kept(
    item: Item, result: Fetched | Redirected | Failed | None, finding: Finding
) -> tuple[str | None, str | None, bytes | None]:
    """Return ETag, date and hash of what is known now: what says nothing changes nothing."""
    if finding.kind in ("content", "same") and isinstance(result, Fetched):
        etag = revisit.validator(result.headers.get("etag"))
        date = revisit.dated(result.headers.get("last-modified"), result.headers.get("date"))
        if finding.kind == "same":
            return etag or item.etag, date or item.last_modified, item.content_hash
        return etag, date, finding.content_hash
    if finding.kind == "content":
        return None, None, finding.content_hash
    return item.etag, item.last_modified, item.content_hash
