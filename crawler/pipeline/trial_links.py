"""The links of a tried page, sorted into those that a crawl would take and those it would not.

The crawl's own judgement is in the settlement: which links it adds. Here only the reason is found
for each of the others, and what a crawl finds out later: depth, and what robots.txt forbids.
"""

from collections.abc import Mapping, Sequence
from typing import cast

from crawler.model.plan import Plan
from crawler.model.url import host_key, origin
from crawler.model.work import Item, Link
from crawler.pipeline.trial import KeptLink, Links, RefusedLink
from crawler.pipeline.trial_robots import OriginRules
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

    def links(self, item: Item, record: Mapping[str, object], added: Sequence[Link]) -> Links:
        """Return all links of a page.

        Args:
            item: the page.
            record: its record.
            added: what the settlement adds to the frontier.
        """
        taken = {link.url: link for link in added}
        nofollow = set(cast("list[str]", record["nofollow"]))
        status = cast("int", record["status"])
        known = {item.url, *item.chain}
        kept: list[KeptLink] = []
        refused: list[RefusedLink] = []
        for url in dict.fromkeys([*cast("list[str]", record["links"]), *taken]):
            link = taken.get(url)
            if link is None:
                reason = self._reason(url, item.depth + 1, status, is_nofollow=url in nofollow)
            else:
                reason = "known" if url in known else self._later(link)
            if link is not None and reason is None:
                kept.append(KeptLink(url=url, depth=link.depth, priority=link.priority))
            else:
                refused.append(RefusedLink(url=url, reason=reason or "nofollow"))
        return Links.of(kept, refused)

    def _reason(self, url: str, depth: int, status: int, *, is_nofollow: bool) -> str | None:
        """Why it was not added; None: the page as a whole forbids it."""
        if not 200 <= status < 300:
            return NOT_FOLLOWED
        return "nofollow" if is_nofollow else self._admission.refusal(url, depth)

    def _later(self, link: Link) -> str | None:
        """Why a link that is added would not be fetched."""
        site = self._sites.of(host_key(link.url))
        own = None if site is None else site.max_depth
        limit = self._max_depth if own is None else own
        if limit is not None and link.depth > limit:
            return "depth"
        rules = self._rules.get(origin(link.url))
        return None if rules is None or rules.allows(link.url) else "robots"
