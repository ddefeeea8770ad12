"""Asking once for what pages link to beyond the crawl, as politely as a crawl does.

    URLs ─► by host ─► its turn ─► robots.txt of the origin ─► GET ─► answer
                          ▲                                     │
                          └──────────── redirect ◄──────────────┘

One request at a time goes to a host, and its delay lies between two. A GET whose body is dropped
after a few kilobytes is sent, no HEAD: too many servers answer a HEAD otherwise, and to be sure a
GET would have to follow, so that they were asked twice. A host that answers 429 or 503 is left
alone for the rest of the run; one that says for how long (Retry-After) for as long, in later runs
too.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from crawler.audit.outside import Answer
from crawler.errors import MachineError, UrlRejected
from crawler.fetch.fetcher import Fetcher, Try
from crawler.fetch.robots import RobotsFetcher
from crawler.model.plan import Plan
from crawler.model.result import Failed, Fetched, Redirected
from crawler.model.site import Headers
from crawler.model.url import host_key, origin, robots_url
from crawler.model.work import Item, unleased
from crawler.pipeline.trying.robots import OriginRules, origin_rules
from crawler.pipeline.turns import Turns
from crawler.policy.canonicalization import resolve
from crawler.policy.health import SLOW_DOWN
from crawler.policy.politeness import pause_until
from crawler.ports import Now

MAX_HOPS = 5
_BODY_BYTES = 16_384
_HOSTS_AT_ONCE = 16
_DEFERRED = "robots_deferred"


class _TurnFetcher(Fetcher):
    """Lets one request at a time go to a host, robots.txt too, each after the host's delay."""

    def __init__(self, plan: Plan, now: Now, turns: Turns, holds: Mapping[str, int]) -> None:
        super().__init__(plan, now)
        self._turns = turns
        self.holds = dict(holds)
        """Hosts, and until when they want to be left alone."""
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def try_once(
        self, url: str, *, headers: Headers = (), attempts: int = 1, cap: int | None = None
    ) -> Try:
        host = host_key(url)
        async with self._locks[host]:
            await self._turns.take(host)
            begun = await super().try_once(url, headers=headers, attempts=attempts, cap=cap)
            self._turns.asked(host, begun.result.started_at)
            if isinstance(begun.result, Fetched):
                until = pause_until(begun.result.status, begun.result.headers, self._now())
                if until is not None:
                    self.holds[host] = until
            return begun


class _Step(NamedTuple):
    """What one request came to: one of the three."""

    status: int | None = None
    error: str | None = None
    target: str | None = None
    """Where a redirect leads."""


class Asking:
    """One run of questions."""

    def __init__(
        self,
        plan: Plan,
        now: Now,
        *,
        on_answer: Callable[[Answer], None],
        never: Collection[str] = (),
        asked: Iterable[tuple[str, int]] = (),
        holds: Mapping[str, int] | None = None,
    ) -> None:
        """Make the run.

        Args:
            plan: agent, delays, proxy and addresses that may be reached; nothing secret.
            now: the clock.
            on_answer: told each answer at once.
            never: hosts that are not asked: a crawl that runs has their turns.
            asked: hosts, and when they were asked before.
            holds: hosts, and until when they want to be left alone.
        """
        self._plan = plan
        self._now = now
        self._on_answer = on_answer
        self._never = frozenset(never)
        self._turns = Turns(plan, now, lambda _host, _ms: None)
        for host, at in asked:
            self._turns.asked(host, at)
        self._fetcher = _TurnFetcher(plan, now, self._turns, holds or {})
        self._robots = RobotsFetcher(self._fetcher, plan, now)
        self._rules: dict[str, asyncio.Future[OriginRules]] = {}
        self._left_alone: set[str] = set()
        self._stopped_at: dict[str, str] = {}
        """URLs without an answer, and the host that one redirects to and is not to be asked."""

    async def run(self, urls: Sequence[str], *, within_s: float) -> None:
        """Ask for canonical URLs, until all are answered or the time is up."""
        by_host: dict[str, list[str]] = {}
        for url in urls:
            by_host.setdefault(host_key(url), []).append(url)
        room = asyncio.Semaphore(_HOSTS_AT_ONCE)
        await self._fetcher.open()
        try:
            async with asyncio.timeout(within_s):
                async with asyncio.TaskGroup() as group:
                    for host_urls in by_host.values():
                        group.create_task(self._ask_host(host_urls, room))
        except TimeoutError:
            pass  # what is left is asked for the next time
        finally:
            for rules in self._rules.values():
                rules.cancel()
            await self._fetcher.close()

    def barred_by(self, url: str) -> str | None:
        """Return the host that is not to be asked now, so that a URL has no answer."""
        host = self._stopped_at.get(url, host_key(url))
        return host if self._is_barred(host) else None

    def barred_until(self, host: str) -> int | None:
        """Return until when a host wants to be left alone, ms on the job's clock, if it says so."""
        until = self._fetcher.holds.get(host, 0)
        return until if until > self._now() else None

    async def _ask_host(self, urls: Sequence[str], room: asyncio.Semaphore) -> None:
        async with room:
            for url in urls:
                try:
                    answer = await self._ask(url)
                except MachineError:
                    return  # what is left is asked for the next time
                if answer is not None:
                    self._on_answer(answer)
                elif self._is_barred(host_key(url)):
                    return

    async def _ask(self, asked: str) -> Answer | None:
        """Return how it ended; None where a host wants to be left alone."""
        url, hops, at = asked, [asked], self._now()
        while not self._is_barred(host_key(url)):
            step = await self._step(url)
            error = step.error
            if step.target is not None:
                error = _fault(step.target, hops)
                hops.append(step.target)
                url = step.target
                if error is None:
                    continue
            return Answer(
                url=asked,
                asked_at=at,
                final_url=url,
                hops=len(hops) - 1,
                status=step.status,
                error=error,
                left_alone_until=self._fetcher.holds.get(host_key(url)),
            )
        self._stopped_at[asked] = host_key(url)
        return None

    async def _step(self, url: str) -> _Step:
        """Make one request, if robots.txt lets us."""
        refusal = await self._refusal(url)
        if refusal is not None:
            return _Step(error=refusal)
        result = (await self._fetcher.try_once(url, cap=_BODY_BYTES)).result
        match result:
            case Failed():
                return _Step(error=result.error)
            case Fetched():
                if result.status in SLOW_DOWN:
                    self._left_alone.add(host_key(url))
                return _Step(status=result.status)
            case Redirected():
                try:
                    return _Step(target=resolve(url, result.location))
                except UrlRejected:
                    return _Step(error="bad_redirect")

    def _is_barred(self, host: str) -> bool:
        is_held = self._fetcher.holds.get(host, 0) > self._now()
        return is_held or host in self._left_alone or host in self._never

    async def _refusal(self, url: str) -> str | None:
        """Return why a page may not be asked for, or need not be; None if it may."""
        verdict = (await self._rules_of(url)).verdict(url)
        match verdict.verdict:
            case "forbidden":
                return "robots"
            case "deferred":
                return _DEFERRED
            case "unreachable":
                return verdict.obstacle
            case _:
                return None

    async def _rules_of(self, url: str) -> OriginRules:
        """Ask for the rules of an origin, once however many want them."""
        key = origin(url)
        known = self._rules.get(key)
        if known is None:
            known = self._rules[key] = asyncio.ensure_future(self._fetch_rules(url))
        return await asyncio.shield(known)

    async def _fetch_rules(self, url: str) -> OriginRules:
        item = self._item(robots_url(url))
        answer, asked_at = await self._robots.fetch(item, _reserve)
        self._turns.slow_down(item.host, answer.crawl_delay_ms)
        at = self._now() if asked_at is None else asked_at
        return origin_rules(answer, self._plan.product_token, at, None)

    def _item(self, url: str) -> Item:
        now, host = self._now(), host_key(url)
        return unleased(
            "robots",
            url,
            host=host,
            claimed_at=now,
            lease_until=now + self._plan.lease_ms,
            delay_ms=self._turns.delay_ms(host),
        )


async def _reserve(_: str) -> None:
    """Every request takes its turn where it is made."""


def _fault(target: str, hops: Sequence[str]) -> str | None:
    """Return why a redirect is not followed."""
    if target in hops:
        return "redirect_loop"
    return "too_many_redirects" if len(hops) > MAX_HOPS else None
