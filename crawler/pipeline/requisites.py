"""From a page to its requisites, and from a style sheet to its own: links of their kind."""

from collections.abc import Sequence

from crawler.model.plan import Plan
from crawler.model.result import Fetched
from crawler.model.work import Item, Link
from crawler.parse.charset import sheet_text
from crawler.parse.content_type import header_charset, is_html, media_type
from crawler.parse.css import sheet_urls
from crawler.pipeline.known import KnownUrls
from crawler.policy import requisites as policy
from crawler.policy.admission import Admission
from crawler.policy.canonicalization import LinkResolver


class RequisiteLinks:
    """Makes links of requisites; one instance per reader process, only where a crawl has them."""

    def __init__(self, plan: Plan, admission: Admission, resolver: LinkResolver) -> None:
        self._limit = plan.max_requisites
        self._admission = admission
        self._resolver = resolver
        self.known = KnownUrls(by_depth=False)
        """Those that are committed or refused; pages are known elsewhere."""

    def of_page(self, item: Item, urls: Sequence[str]) -> tuple[list[Link], list[str]]:
        """Return the links of a page's requisites that this process has not added, and refusals."""
        return self._links(item, urls, policy.FIRST_PRIORITY)

    def of_requisite(self, item: Item, result: Fetched) -> tuple[list[Link], list[str]]:
        """Return what a requisite leads to: images, fonts and sheets, if it is a style sheet."""
        content_type = result.headers.get("content-type") or ""
        if not 200 <= result.status < 300 or media_type(content_type) != "text/css":
            return [], []
        priority = policy.priority_below(item.priority)
        if priority is None:
            return [], []
        text = sheet_text(result.body, header_charset(content_type))
        return self._links(item, self._resolver.resolve(item.url, sheet_urls(text)), priority)

    def leads_on(self, result: Fetched) -> bool:
        """Tell whether an answer would lead to other URLs if its URL were a page."""
        if not 200 <= result.status < 300:
            return False
        return is_html(result.headers.get("content-type"), result.body)

    def of_hop(self, item: Item, target: str) -> tuple[list[Link], list[str]]:
        """Return the target of a requisite's redirect as the requisite that it is."""
        refusal = self._admission.refusal_of_requisite(target)
        if refusal is not None:
            return [], [refusal]
        chain = (*item.chain, item.url)
        link = Link(target, item.depth, item.ref, item.priority, chain=chain, kind="requisite")
        return [link], []

    def _links(
        self, item: Item, urls: Sequence[str], priority: int
    ) -> tuple[list[Link], list[str]]:
        named = [url for url in urls if url != item.url]
        refusals = ["requisite_count"] * (len(named) - self._limit)
        links: list[Link] = []
        refused: list[str] = []
        # The pages of a site share most of theirs: one verdict for each is enough.
        for url in self.known.fresh(named[: self._limit], item.depth):
            refusal = self._admission.refusal_of_requisite(url)
            if refusal is None:
                links.append(Link(url, item.depth, item.ref, priority, kind="requisite"))
            else:
                refusals.append(refusal)
                refused.append(url)
        self.known.add(refused, item.depth)
        return links, refusals
