"""The links of a tried page, sorted into those that a crawl would take and those it would not.

The crawl's own judgement is in the settlement: which links it adds. Here only the reason is found
for each of the others, and what a crawl finds out later: depth, and what robots.txt forbids.
"""

from collections.abc import Mapping, Sequence

from crawler.model.plan import Plan
from crawler.model.url import host_key, origin
from crawler.model.work import Item, Link
from crawler.pipeline.reading import Reading
from crawler.pipeline.trying.robots import OriginRules
from crawler.pipeline.trying.trial import KeptLink, Links, RefusedLink
from crawler.policy.admission import Admission
from crawler.policy.sites import Sites

NOT_FOLLOWED = "status"
"""Reason of all links of an answer that is no success."""


class LinkJudge:
    """Names the reason of each link that is not taken."""

    def __init__(self, plan: Plan, admission: Admission, rules: Mapping[str, OriginRules]) -> None:
        """`rules` are those of the origins asked so far; it may grow."""
        self._max_depth = plan.max_depth
        self._sites = Sites(plan.sites)
        self._admission = admission
        self._rules = rules

    def links(self, item: Item, status: int, reading: Reading, added: Sequence[Link]) -> Links:
        """Return all links of a page.

        Args:
            item: the page.
            status: of its response.
            reading: what was read of it.
            added: what the settlement adds to the frontier.
        """
        self.kept: list[KeptLink] = []
        self.refused: list[RefusedLink] = []
        self._pages(item, status, reading, {x.url: x for x in added if x.kind == "page"})
        self._requisites(reading, {x.url: x for x in added if x.kind == "requisite"})
        return Links.of(self.kept, self.refused)

    def _pages(self, item: Item, status: int, reading: Reading, taken: Mapping[str, Link]) -> None:
        found = [] if reading.document is None else reading.document.links
        followable = frozenset(() if reading.document is None else reading.document.followable)
        followable = followable.union(reading.frames)
        asked = {link.url: link for link in reading.extras.links}
        known = {item.url, *item.chain}
        for url in dict.fromkeys([*found, *reading.frames, *asked, *taken]):
            link = taken.get(url)
            if link is not None:
                self._add(link, "known" if url in known else self._later(link))
                continue
            reason: str | None = NOT_FOLLOWED
            if url in asked:
                # A callback asks for it, whatever the page says.
                depth = asked[url].depth
                reason = self._admission.refusal(url, item.depth + 1 if depth is None else depth)
            elif 200 <= status < 300:
                is_nofollow = url not in followable or reading.directives.nofollow
                reason = None if is_nofollow else self._admission.refusal(url, item.depth + 1)
            self.refused.append(RefusedLink(url=url, kind="page", reason=reason or "nofollow"))

    def _requisites(self, reading: Reading, taken: Mapping[str, Link]) -> None:
        for url in dict.fromkeys([*reading.requisites, *taken]):
            link = taken.get(url)
            if link is not None:
                self._add(link, self._forbidden(url))
                continue
            reason = self._admission.refusal_of_requisite(url) or "requisite_count"
            self.refused.append(RefusedLink(url=url, kind="requisite", reason=reason))

    def _add(self, link: Link, reason: str | None) -> None:
        if reason is None:
            self.kept.append(
                KeptLink(url=link.url, kind=link.kind, depth=link.depth, priority=link.priority)
            )
        else:
            self.refused.append(RefusedLink(url=link.url, kind=link.kind, reason=reason))

    def _later(self, link: Link) -> str | None:
        """Why a link that is added would not be fetched."""
        site = self._sites.of(host_key(link.url))
        own = None if site is None else site.max_depth
        limit = self._max_depth if own is None else own
        if limit is not None and link.depth > limit:
            return "depth"
        return self._forbidden(link.url)

    def _forbidden(self, url: str) -> str | None:
        rules = self._rules.get(origin(url))
        return None if rules is None or rules.allows(url) else "robots"
