"""One URL through every rule of a crawl, by the crawl's own code; nothing is stored.

    canonical form → scope, traps → robots.txt → fetch → record, links
                          ▲                        │
                          └──── redirect ◄─────────┘

What the frontier does in a crawl is done here for a handful of requests: each host is asked no
sooner than its delay allows, each origin's robots.txt comes before its pages.
"""

from dataclasses import dataclass
from typing import assert_never

from crawler.fetch.kept import KeptFetcher
from crawler.fetch.robots import RobotsFetcher
from crawler.model.plan import Plan
from crawler.model.result import Deferred, Failed, Fetched, HostNote, Redirected
from crawler.model.secret import mask_typed
from crawler.model.url import host_key, origin, robots_url, with_tls
from crawler.model.work import Item, Kind, Link, unleased
from crawler.pipeline.explaining.account import RobotsVerdict, ScopeVerdict
from crawler.pipeline.known import KnownUrls
from crawler.pipeline.pages import PageSettler
from crawler.pipeline.reading import PageReader, Reading
from crawler.pipeline.requisite_choice import requisites_of
from crawler.pipeline.revisiting import Revisiting
from crawler.pipeline.settlement import Settlement
from crawler.pipeline.trying.around import Around, around_seeds
from crawler.pipeline.trying.links import LinkJudge
from crawler.pipeline.trying.outcomes import deferred, ended, refused, response_of
from crawler.pipeline.trying.robots import OriginRules, origin_rules
from crawler.pipeline.trying.trial import Fields, Hop, Links, Outcome, Trial
from crawler.pipeline.turns import OnWait, Turns
from crawler.policy.admission import admission_of
from crawler.policy.canonicalization import LinkResolver, canonicalize_seed
from crawler.policy.parameters import Parameters
from crawler.policy.sites import Sites
from crawler.policy.spelling import changes
from crawler.ports import Now, Responses

_NO_NOTE = HostNote(0, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Where answers are kept, and how old a one may be."""

    responses: Responses
    max_age_ms: int


async def try_url(
    text: str,
    plan: Plan,
    now: Now,
    *,
    around: Around | None = None,
    kept: Kept | None = None,
    on_wait: OnWait = lambda _host, _ms: None,
) -> Trial:
    """Try a URL as a person typed it.

    Args:
        text: the URL.
        plan: by whose rules.
        now: the clock.
        around: the crawl that it is tried within; None: the URL is its own seed.
        kept: asked before any server is; None: servers are asked.
        on_wait: told of each wait for a host's turn.

    Raises:
        UrlRejected: no URL that can be crawled.
    """
    exact = canonicalize_seed(text)
    parameters = Parameters(plan.strip_params)
    url = parameters.stripped(exact)
    around = around or around_seeds(url, (), plan)
    plan = plan._replace(store="none")
    trying = _Trying(plan, around, now, kept, on_wait)
    await trying.open()
    try:
        outcome = await trying.follow(Link(url, around.depth, None, seed=around.is_seed))
    finally:
        await trying.close()
    first, last = trying.hops[0], trying.hops[-1]
    return Trial(
        asked=mask_typed(text),
        url=url,
        changes=tuple(changes(text, exact, parameters.removed(exact) if url != exact else ())),
        at=now(),
        scope=first.scope,
        trap=first.trap,
        robots=first.robots,
        hops=tuple(trying.hops),
        outcome=outcome,
        record=last.record,
        fields=trying.fields,
        links=trying.links,
    )


class _LastReading(PageReader):
    """Remembers what it read."""

    last: Reading | None = None

    async def read(self, url: str, result: Fetched) -> Reading:
        self.last = await super().read(url, result)
        return self.last


class _Trying:
    """The state of one try."""

    def __init__(
        self, plan: Plan, around: Around, now: Now, kept: Kept | None, on_wait: OnWait
    ) -> None:
        self._plan = plan
        self._now = now
        self._sites = Sites(plan.sites)
        self._admission = admission_of(plan, around.roots, now())
        self._turns = Turns(plan, now, on_wait)
        self._fetcher = KeptFetcher(
            plan,
            now,
            turn=self._turns.take,
            asked=self._turns.asked,
            kept=None if kept is None else kept.responses,
            max_age_ms=0 if kept is None else kept.max_age_ms,
        )
        self._robots = RobotsFetcher(self._fetcher, plan, now)
        self._resolver = LinkResolver(Parameters(plan.strip_params))
        self._reader = _LastReading(plan, self._resolver)
        self._pages = PageSettler(
            self._reader,
            self._admission,
            KnownUrls(by_depth=plan.has_max_depth),
            Revisiting(plan),
            requisites=requisites_of(plan, self._admission, self._resolver),
        )
        self._parent = around.parent
        self._named_origins = with_tls(around.named)
        self._rules: dict[str, OriginRules] = {}
        self._judge = LinkJudge(plan, self._admission, self._rules)
        self.links = Links()
        self.fields: Fields | None = None
        self.hops: list[Hop] = []

    async def open(self) -> None:
        await self._fetcher.open()

    async def close(self) -> None:
        await self._reader.close()
        await self._fetcher.close()

    async def follow(self, link: Link) -> Outcome:
        """Visit a URL, and where it redirects to."""
        found: Outcome | Link = link
        while isinstance(found, Link):
            found = await self._visit(found)
        return found

    async def _visit(self, link: Link) -> Outcome | Link:
        hop = self._judged(link)
        self.hops.append(hop)
        # A redirect's target was judged where it was found, a seed is fetched in any case.
        refusal = None if link.seed or link.chain else hop.scope.rule or hop.trap
        if refusal is not None:
            return refused(refusal, hop)
        item = self._item("page", link.url, link)
        hop.robots = RobotsVerdict(verdict="off", origin=origin(link.url))
        if self._plan.robots:
            rules = await self._rules_of(link)
            hop.robots, hop.robots_kept_at = rules.verdict(link.url), rules.kept_at
        match hop.robots.verdict:
            case "forbidden":
                return refused("robots", hop)
            case "deferred":
                answer = hop.robots.status or "unanswered"
                return deferred(f"robots.txt: {answer}", hop.robots.due_at)
            case "unreachable":
                error = str(hop.robots.obstacle)
                return ended(hop, self._pages.unfetched(item, error, self._now()))
        return await self._fetch(hop, item)

    async def _fetch(self, hop: Hop, item: Item) -> Outcome | Link:
        headers = self._plan.headers if origin(item.url) in self._named_origins else ()
        # Only now is it known what delay robots.txt asks for.
        item = item._replace(delay_ms=self._turns.delay_ms(item.host))
        result = await self._fetcher.fetch(item, headers=headers)
        if isinstance(result, Fetched | Redirected):
            hop.response = response_of(result, self._fetcher.kept_at.get(item.url))
        match result:
            case Fetched():
                settlement = await self._pages.fetched(item, result, _NO_NOTE)
                outcome = ended(hop, settlement)
                reading = self._reader.last
                if reading is not None:
                    added = [*settlement.links, *settlement.extra_links]
                    self.links = self._judge.links(item, result.status, reading, added)
                self.fields = self._fields(item, result, hop.record or {})
                return outcome
            case Redirected():
                return self._redirected(hop, self._pages.redirected(item, result, _NO_NOTE))
            case Failed():
                return ended(hop, self._pages.failed(item, result, _NO_NOTE))
            case Deferred():
                return deferred(result.reason, result.due_at)
            case _:
                assert_never(result)

    def _fields(self, item: Item, result: Fetched, record: dict[str, object]) -> Fields | None:
        if not self._plan.extract:
            return None
        from crawler.pipeline.trying.fields import fields_of

        return fields_of(self._plan, item.url, result, record, self._resolver)

    def _redirected(self, hop: Hop, settlement: Settlement) -> Outcome | Link:
        outcome = ended(hop, settlement)
        if settlement.root is not None:
            self._admission.scope.add_root(settlement.root)
        if settlement.links:
            return settlement.links[0]
        if not settlement.refusals or hop.record is None:
            return outcome
        target = self._judged(Link(str(hop.record["final_url"]), 0, None))
        self.hops.append(target)
        return refused(settlement.refusals[0], target)

    def _judged(self, link: Link) -> Hop:
        scope, site = self._admission.scope, self._sites.of(host_key(link.url))
        rule = scope.refusal(link.url)
        text = scope.explain(link.url)
        if link.seed and rule is not None:
            text += "; but seeds are fetched in any case"
        return Hop(
            url=link.url,
            site=None if site is None else f"[[site]] {site.match}: {', '.join(site.keys)}",
            scope=ScopeVerdict(allowed=link.seed or rule is None, rule=rule, text=text),
            trap=self._admission.trap(link.url, link.depth),
        )

    async def _rules_of(self, link: Link) -> OriginRules:
        key = origin(link.url)
        if key not in self._rules:
            url = robots_url(link.url)
            item = self._item("robots", url, link)
            answer, asked_at = await self._robots.fetch(item, self._reserve)
            self._turns.slow_down(item.host, answer.crawl_delay_ms)
            self._rules[key] = origin_rules(
                answer,
                self._plan.product_token,
                self._now() if asked_at is None else asked_at,
                self._fetcher.kept_at.get(url),
            )
        return self._rules[key]

    async def _reserve(self, host: str) -> None:
        await self._turns.take(host)

    def _item(self, kind: Kind, url: str, link: Link) -> Item:
        now = self._now()
        host = host_key(url)
        return unleased(
            kind,
            url,
            host=host,
            claimed_at=now,
            lease_until=now + self._plan.lease_ms,
            depth=link.depth,
            priority=link.priority,
            delay_ms=self._turns.delay_ms(host),
            seed=link.seed,
            chain=link.chain,
            parent=self._parent,
        )
