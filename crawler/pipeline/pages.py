"""From the result of a fetch to a settlement: parse, extract, judge links, make the record."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import orjson

from crawler.errors import UrlRejected
from crawler.extract.record import make_record, unchanged_record
from crawler.model.extras import ExtraLink
from crawler.model.result import Failed, Fetched, HostNote, Redirected, Result
from crawler.model.work import Item, Link
from crawler.pipeline.known import KnownUrls
from crawler.pipeline.reading import PageReader
from crawler.pipeline.revisiting import Revisiting
from crawler.pipeline.settlement import Settlement
from crawler.policy.admission import Admission
from crawler.policy.canonicalization import resolve
from crawler.policy.sitemaps import USUAL_PRIORITY

if TYPE_CHECKING:
    from crawler.pipeline.packing import PackedExchange, Packer
    from crawler.pipeline.requisites import RequisiteLinks

MAX_HOPS = 10
"""Redirects in one chain (web.md section 2; browsers allow 20, search engines 10)."""


UNFETCHED = {
    "dns": "the host has no address; robots.txt could not be asked for",
    "connect": "no connection to the host; robots.txt could not be asked for",
    "tls": "no trusted connection to the host; robots.txt could not be asked for",
    "blocked_address": "the host's address is not public; --allow-net opens a range",
    "crashed": "reader processes died over this page, more than once",
}
"""What a record says where no request was made for the page itself."""


def hop_target(item: Item, result: Redirected) -> tuple[str | None, str | None, str | None]:
    """Return (canonical target, error, detail) of a redirect, of a page or of a sitemap."""
    try:
        target = resolve(item.url, result.location)
    except UrlRejected as rejected:
        return None, "bad_redirect", str(rejected)
    if target == item.url or target in item.chain:
        return target, "redirect_loop", None
    if len(item.chain) + 1 > MAX_HOPS:
        return target, "too_many_redirects", f"more than {MAX_HOPS} hops"
    return target, None, None


class PageSettler:
    """Makes settlements of pages; one instance per reader process."""

    def __init__(
        self,
        reader: PageReader,
        admission: Admission,
        known: KnownUrls,
        revisiting: Revisiting,
        *,
        requisites: "RequisiteLinks | None" = None,
        packer: "Packer | None" = None,
    ) -> None:
        """None: the crawl fetches no requisites, or keeps no bodies."""
        self._reader = reader
        self._admission = admission
        self._known = known
        self._revisiting = revisiting
        self._requisites = requisites
        self._packer = packer

    async def fetched(self, item: Item, result: Fetched, note: HostNote) -> Settlement:
        """Settle a final response, any status."""
        if item.kind == "requisite":
            return await self._requisite(item, result, note)
        packer = self._packer
        if self._revisiting.is_same(item, result):
            record = unchanged_record(item, result)
            exchange = await packer.pack(item, result, record) if packer else None
            return self._settle(item, result, record, note, exchange=exchange)
        reading = await self._reader.read(item.url, result)
        document, directives = reading.document, reading.directives
        links: Sequence[Link] = ()
        extra_links: Sequence[Link] = ()
        refusals: Sequence[str] = ()
        if document is not None and 200 <= result.status < 300 and not directives.nofollow:
            found = document.followable
            if reading.frames:
                found = [*found, *reading.frames]
            links, refusals = self._judge(found, item)
        if self._requisites is not None and reading.requisites and 200 <= result.status < 300:
            needed, others = self._requisites.of_page(item, reading.requisites)
            links, refusals = [*links, *needed], [*refusals, *others]
        if reading.extras.links:
            extra_links, refused = self._judge_extra(reading.extras.links, item)
            refusals = [*refusals, *refused]
        record = make_record(
            item,
            result=result,
            document=document,
            metadata=reading.metadata,
            directives=directives,
            extras=reading.extras,
        )
        return self._settle(
            item,
            result,
            record,
            note,
            links=links,
            extra_links=extra_links,
            refusals=refusals,
            exchange=await packer.pack(item, result, record) if packer else None,
        )

    async def _requisite(self, item: Item, result: Fetched, note: HostNote) -> Settlement:
        """Settle what a page needs: kept as it is, read only for what a style sheet loads."""
        links: Sequence[Link] = ()
        refusals: Sequence[str] = ()
        leads_on = True
        if self._requisites is not None:
            leads_on = self._requisites.leads_on(result)
            links, refusals = self._requisites.of_requisite(item, result)
        record = make_record(item, result=result)
        packer = self._packer
        return self._settle(
            item,
            result,
            record,
            note,
            links=links,
            refusals=refusals,
            leads_on=leads_on,
            exchange=await packer.pack(item, result, record) if packer else None,
        )

    def redirected(self, item: Item, result: Redirected, note: HostNote) -> Settlement:
        """Settle a hop: its own record, and the target as a URL of its own with the chain."""
        target, error, detail = hop_target(item, result)
        links: Sequence[Link] = ()
        refusals: Sequence[str] = ()
        root: str | None = None
        if item.kind == "requisite":
            if target is not None and error is None and self._requisites is not None:
                links, refusals = self._requisites.of_hop(item, target)
        elif target is not None and error is None:
            refusal = self._admission.refusal(target, item.depth)
            if item.seed and refusal is not None:
                # A seed's redirect target becomes a seed: its host joins the scope.
                refusal = self._admission.trap(target, item.depth)
                root = target if refusal is None else None
            if refusal is None:
                chain = (*item.chain, item.url)
                priority = item.priority if item.visit == 1 else USUAL_PRIORITY
                links = [Link(target, item.depth, item.ref, priority, item.seed, chain)]
            else:
                refusals = (refusal,)
        record = make_record(
            item,
            result=result,
            final_url=target,
            error=error,
            error_detail=detail,
        )
        packer = self._packer
        return self._settle(
            item,
            result,
            record,
            note,
            links=links,
            refusals=refusals,
            root=root,
            error=error,
            target=target,
            is_page=False,
            leads_on=error is None,
            exchange=packer.pack_hop(item, result, record) if packer else None,
        )

    def failed(self, item: Item, result: Failed, note: HostNote) -> Settlement:
        """Settle a fetch that yielded no usable response."""
        record = make_record(item, result=result, error=result.error, error_detail=result.detail)
        return self._settle(item, result, record, note, error=result.error)

    def unfetched(self, item: Item, error: str, now: int, detail: str | None = None) -> Settlement:
        """Settle an item whose outcome is known without a request (dns, connect, crashed)."""
        detail = detail or UNFETCHED.get(error)
        record = make_record(item, result=None, error=error, error_detail=detail, now=now)
        # No request was made, so the note carries no start: the host's turn is given back.
        note = HostNote(item.host_hash, None)
        return self._settle(item, None, record, note, error=error, at=now)

    def broken(self, item: Item, fault: BaseException, now: int) -> Settlement:
        """Settle an item that our own code could not handle."""
        return self.unfetched(item, "internal", now, f"{type(fault).__name__}: {fault}"[:300])

    def _judge(self, urls: Sequence[str], item: Item) -> tuple[list[Link], list[str]]:
        """Split links that this process does not know yet into allowed ones and refusals."""
        depth = item.depth + 1
        fresh = self._known.fresh(urls, depth)
        if not fresh:
            return [], []
        judge = self._admission.refusal
        links: list[Link] = []
        refusals: list[str] = []
        refused: list[str] = []
        for url in fresh:
            reason = judge(url, depth)
            if reason is None:
                links.append(Link(url, depth, item.ref))
            else:
                refusals.append(reason)
                refused.append(url)
        if refused:
            # At depth -1, so that no later sighting is judged again: scope does not depend on
            # depth.
            self._known.add(refused, -1)
        return links, refusals

    def _judge_extra(self, asked: Sequence[ExtraLink], item: Item) -> tuple[list[Link], list[str]]:
        """Judge what a callback asks for as what a page leads to; `nofollow` is not asked."""
        links: list[Link] = []
        refusals: list[str] = []
        for url, given, priority in asked:
            depth = item.depth + 1 if given is None else given
            if not self._known.fresh((url,), depth):
                continue
            reason = self._admission.refusal(url, depth)
            if reason is None:
                links.append(Link(url, depth, item.ref, priority))
            else:
                refusals.append(reason)
                self._known.add((url,), -1)
        return links, refusals

    def _settle(
        self,
        item: Item,
        result: Fetched | Redirected | Failed | None,
        record: dict[str, object],
        note: HostNote,
        *,
        links: Sequence[Link] = (),
        extra_links: Sequence[Link] = (),
        refusals: Sequence[str] = (),
        root: str | None = None,
        error: str | None = None,
        target: str | None = None,
        at: int = 0,
        is_page: bool = True,
        leads_on: bool = False,
        exchange: "PackedExchange | None" = None,
    ) -> Settlement:
        content_hash = record["content_hash"]
        outcome = self._revisiting.outcome(
            item,
            result,
            at=at if result is None else result.started_at,
            content_hash=bytes.fromhex(content_hash) if isinstance(content_hash, str) else None,
            error=error,
            target=target,
        )
        record["unchanged"], record["change"] = outcome.change == "unchanged", outcome.change
        return Settlement(
            item=item,
            note=note,
            result=Result(
                item.ref,
                item.host_hash,
                item.url_hash,
                item.lease_id,
                "done",
                reason=error,
                status=result.status if isinstance(result, Fetched | Redirected) else None,
                is_page=is_page and item.kind == "page",
                seed=item.seed,
                body_bytes=len(result.body) if isinstance(result, Fetched) else 0,
                etag=outcome.etag,
                last_modified=outcome.last_modified,
                content_hash=outcome.content_hash,
                kind=item.kind,
                leads_on=leads_on and item.kind == "requisite",
                due_at=outcome.due_at,
                interval_ms=outcome.interval_ms,
                misses=outcome.misses,
            ),
            line=orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE),
            exchange=exchange,
            links=links,
            extra_links=extra_links,
            refusals=refusals,
            root=root,
        )
