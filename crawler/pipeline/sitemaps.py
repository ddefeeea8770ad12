"""From robots.txt to sitemaps, and from sitemaps to pages: settlements without a record.

A sitemap is a URL of the frontier like a page: asked for in its host's turn, under robots.txt, with
retries and a due time that survive a restart. What it names are links; what became of it is an
event of the log and a count.
"""

import asyncio
from collections.abc import Sequence
from hashlib import sha256

from crawler.logs import get_logger
from crawler.model.plan import Plan
from crawler.model.result import Failed, Fetched, HostNote, Redirected, Result, Rules
from crawler.model.url import robots_url
from crawler.model.work import Item, Link
from crawler.parse.sitemap import Entry, Sitemap
from crawler.pipeline.pages import hop_target
from crawler.pipeline.revisiting import Revisiting
from crawler.pipeline.settlement import Settlement
from crawler.policy import sitemaps as policy
from crawler.policy.admission import Admission
from crawler.policy.canonicalization import LinkResolver
from crawler.policy.robots import parse_robots


class SitemapSettler:
    """Makes settlements of sitemaps; one instance per reader process."""

    def __init__(
        self,
        plan: Plan,
        admission: Admission,
        resolver: LinkResolver,
        revisiting: Revisiting,
    ) -> None:
        self._revisits = plan.revisits
        self._revisiting = revisiting
        self._is_on = policy.are_read(plan)
        self._token = plan.product_token
        self._admission = admission
        self._resolver = resolver
        self._log = get_logger("crawler.sitemaps")

    def named_by_robots(self, item: Item, rules: Rules) -> tuple[Sequence[Link], Sequence[str]]:
        """Return the sitemaps that an origin's robots.txt names, and the refusals of others."""
        body = rules.body
        if not self._is_on or body is None or b"map" not in body.lower():
            return (), ()
        urls, refusals = policy.taken(
            parse_robots(body, self._token).sitemaps,
            named_by=item.url,
            admission=self._admission,
            limit=policy.MAX_NAMED,
        )
        return [_sitemap(url, 0, None) for url in urls], refusals

    async def fetched(self, item: Item, result: Fetched, note: HostNote, *, now: int) -> Settlement:
        """Settle a final response, any status: the links of a good one."""
        if self._revisiting.is_same(item, result):
            self._log.info("sitemap_settled", url=item.url, status=result.status, unchanged=True)
            return self._settle(item, result, note)
        if not 200 <= result.status < 300:
            reason = f"http_{result.status}"
            return self._settle(item, result, note, reason=reason)
        sitemap = Sitemap(result.body)
        found = _Found(self._admission, self._resolver, item, now, dated=self._revisits)
        for entries in sitemap.pieces():
            found.add(entries)
            await asyncio.sleep(0)
        problem = sitemap.problem or ("cut" if result.truncated else None)
        links = found.links()
        self._log.info(
            "sitemap_settled",
            url=item.url,
            status=result.status,
            entries=sitemap.entries,
            links=len(links),
            problem=problem,
        )
        return self._settle(
            item,
            result,
            note,
            links=links,
            refusals=found.refusals,
            # One that was read in part has done its work.
            reason="sitemap" if problem is not None and not sitemap.entries else None,
        )

    def redirected(self, item: Item, result: Redirected, note: HostNote) -> Settlement:
        """Settle a hop: the target is a sitemap of its own, judged as one that was named here."""
        target, error, _ = hop_target(item, result)
        if target is None or error is not None:
            return self._settle(item, result, note, reason=error, target=target)
        urls, refusals = policy.taken(
            [target], named_by=item.url, admission=self._admission, limit=1
        )
        links = [
            _sitemap(url, item.depth, item.ref)._replace(chain=(*item.chain, item.url))
            for url in urls
        ]
        return self._settle(item, result, note, links=links, refusals=refusals, target=target)

    def failed(self, item: Item, result: Failed, note: HostNote) -> Settlement:
        """Settle a fetch that yielded no usable response."""
        return self._settle(item, result, note, reason=result.error)

    def unfetched(self, item: Item, error: str, now: int) -> Settlement:
        """Settle one whose outcome is known without a request (dns, connect, crashed)."""
        return self._settle(item, None, HostNote(item.host_hash, None), reason=error, at=now)

    def broken(self, item: Item, _: BaseException, now: int) -> Settlement:
        """Settle one that our own code could not handle."""
        return self.unfetched(item, "internal", now)

    def _settle(
        self,
        item: Item,
        result: Fetched | Redirected | Failed | None,
        note: HostNote,
        *,
        links: Sequence[Link] = (),
        refusals: Sequence[str] = (),
        reason: str | None = None,
        target: str | None = None,
        at: int = 0,
    ) -> Settlement:
        outcome = self._revisiting.outcome(
            item,
            result,
            at=at if result is None else result.started_at,
            content_hash=_hash(result) if self._revisits else None,
            error=reason,
            target=target,
        )
        if reason is not None:
            self._log.info("sitemap_failed", url=item.url, reason=reason)
        return Settlement(
            item=item,
            note=note,
            result=Result(
                item.ref,
                item.host_hash,
                item.url_hash,
                item.lease_id,
                "done",
                reason=reason,
                status=result.status if isinstance(result, Fetched | Redirected) else None,
                kind="sitemap",
                etag=outcome.etag,
                last_modified=outcome.last_modified,
                content_hash=outcome.content_hash,
                due_at=outcome.due_at,
                interval_ms=outcome.interval_ms,
                misses=outcome.misses,
            ),
            links=links,
            refusals=refusals,
        )


class _Found:
    """What one sitemap leads to."""

    def __init__(
        self,
        admission: Admission,
        resolver: LinkResolver,
        item: Item,
        now: int,
        *,
        dated: bool,
    ) -> None:
        self._dated = dated
        self._admission = admission
        self._resolver = resolver
        self._item = item
        self._now = now
        self._pages: dict[str, Link] = {}
        self._sitemaps: list[str] = []
        self.refusals: list[str] = []

    def add(self, entries: Sequence[Entry]) -> None:
        item, judge = self._item, self._admission.refusal
        for entry in entries:
            if entry.is_sitemap:
                self._sitemaps.append(entry.url)
                continue
            found = self._resolver.resolve(item.url, [entry.url])
            if not found:
                self.refusals.append("sitemap_url")
                continue
            url = found[0]
            refusal = judge(url, policy.PAGE_DEPTH)
            if refusal is None:
                changed_at = policy.changed_at(entry.lastmod, self._now)
                link = Link(
                    url,
                    policy.PAGE_DEPTH,
                    item.ref,
                    policy.priority(changed_at, self._now),
                    modified_at=changed_at if self._dated else None,
                )
                self._pages.setdefault(url, link)
            else:
                self.refusals.append(refusal)

    def links(self) -> list[Link]:
        item = self._item
        if not self._sitemaps:
            return list(self._pages.values())
        if item.depth + 1 > policy.MAX_NESTING:
            self.refusals += ["sitemap_depth"] * len(self._sitemaps)
            return list(self._pages.values())
        urls, refusals = policy.taken(
            self._sitemaps,
            named_by=robots_url(item.url),
            admission=self._admission,
            limit=policy.MAX_CHILDREN,
        )
        self.refusals += refusals
        return [*self._pages.values(), *(_sitemap(url, item.depth + 1, item.ref) for url in urls)]


def _hash(result: Fetched | Redirected | Failed | None) -> bytes | None:
    return sha256(result.body).digest() if isinstance(result, Fetched) else None


def _sitemap(url: str, depth: int, parent: int | None) -> Link:
    return Link(url, depth, parent, policy.SITEMAP_PRIORITY, kind="sitemap")
