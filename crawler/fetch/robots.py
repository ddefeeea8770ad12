"""One robots.txt: asked for politely, its redirects followed, turned into a verdict (RFC 9309).

    2xx                          rules: the first 512,000 bytes count
    3xx                          followed, five times at most; then as if there were none
    4xx but 429                  allow: there are no rules
    429, 5xx, cut, time-out …    defer: nothing of the origin is asked for until an answer came
    no address, refused, TLS …   that verdict: the origin has no server we can talk to (of the
                                 origin itself; where a redirect led to, it is one more "defer")

A hop to another host takes that host's turn; one to a host that was asked before waits for its
delay. No record is written for any of it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from crawler.errors import UrlRejected
from crawler.fetch.fetcher import Fetcher
from crawler.model.plan import Plan
from crawler.model.result import Failed, Fetched, Redirected, Rules, RulesVerdict
from crawler.model.url import host_key
from crawler.model.work import Item
from crawler.policy import robots as policy
from crawler.policy.canonicalization import resolve
from crawler.policy.politeness import pause_until
from crawler.policy.retry import LEASE_MARGIN_MS
from crawler.ports import Now

Reserve = Callable[[str], Awaitable[int | None]]
"""Take a host's turn: None if taken, else when to come again."""


class _TooSoon(NamedTuple):
    """A hop must wait longer than this lease may."""

    due: int


class _HopFailed(NamedTuple):
    """No answer from where a redirect led to."""


_Answer = Fetched | Redirected | Failed | _HopFailed | _TooSoon


class RobotsFetcher:
    """Fetches robots.txt with the fetcher of its process."""

    def __init__(self, fetcher: Fetcher, plan: Plan, now: Now) -> None:
        self._fetcher = fetcher
        self._plan = plan
        self._now = now

    async def fetch(self, item: Item, reserve: Reserve) -> tuple[Rules, int | None]:
        """Return the verdict on an origin, and when its own host was last asked (None: never)."""
        asked: dict[str, int] = {}
        answer = await self._follow(item, reserve, asked)
        return self._judge(item, answer), asked.get(item.host)

    async def _follow(self, item: Item, reserve: Reserve, asked: dict[str, int]) -> _Answer:
        """Return the last answer of the chain; `asked` gets each host's last request start."""
        url = item.url
        for hop in range(policy.MAX_HOPS + 1):
            host = host_key(url)
            if hop:
                due = await self._turn(item, host, reserve, asked)
                if due is not None:
                    return _TooSoon(due)
            answer = (await self._fetcher.ask_robots(url, cap=policy.MAX_BYTES)).result
            if not (isinstance(answer, Failed) and answer.error in ("dns", "blocked_address")):
                asked[host] = answer.started_at
            if not isinstance(answer, Redirected):
                return _HopFailed() if hop and isinstance(answer, Failed) else answer
            try:
                url = resolve(url, answer.location)
            except UrlRejected:
                return answer
        return answer

    async def _turn(
        self, item: Item, host: str, reserve: Reserve, asked: dict[str, int]
    ) -> int | None:
        """Wait until a hop may ask this host; return a due time where that is too far off."""
        last = asked.get(host)
        if last is not None:
            due = last + max(item.delay_ms, self._plan.delay_ms if host != item.host else 0)
            if not await self._wait_until(item, due):
                return due
        if host == item.host:
            return None  # its turn is ours: the item holds it
        due_there = await reserve(host)
        if due_there is None or last is None:
            return due_there
        # Its turn was ours a moment ago; what the store asks for now is the rest of its delay.
        if not await self._wait_until(item, due_there):
            return due_there
        return await reserve(host)

    async def _wait_until(self, item: Item, due: int) -> bool:
        """Wait, unless the lease would run out before another try could end."""
        wait_ms = due - self._now()
        if wait_ms <= 0:
            return True
        if due + self._plan.timeout_ms + LEASE_MARGIN_MS > item.lease_until:
            return False
        await asyncio.sleep(wait_ms / 1000)
        return True

    def _judge(self, item: Item, answer: _Answer) -> Rules:
        match answer:
            case _TooSoon():
                return self._rules(item, "defer", due=answer.due)
            case Failed():
                return self._later(item, _verdict(answer), policy.NETWORK_BACKOFF_MS)
            case _HopFailed():
                # The origin has a server, it only points to none: its URLs must not be told so.
                return self._later(item, "defer", policy.NETWORK_BACKOFF_MS)
            case Redirected():
                return self._allow(item, answer)
            case Fetched():
                return self._judge_status(item, answer)

    def _judge_status(self, item: Item, answer: Fetched) -> Rules:
        status = answer.status
        if status == 429 or status >= 500:
            until = pause_until(status, answer.headers, self._now())
            rules = self._later(item, "defer", policy.HTTP_BACKOFF_MS, status=status)
            return rules if until is None else rules._replace(due=until)
        if not 200 <= status < 300:
            return self._allow(item, answer)
        if answer.truncated and len(answer.body) < policy.MAX_BYTES:
            # Not our cut: what is missing may be the rule that matters.
            return self._later(item, "defer", policy.NETWORK_BACKOFF_MS, status=status)
        delay_ms = policy.parse_robots(answer.body, self._plan.product_token).crawl_delay_ms
        return self._rules(
            item,
            "rules",
            status=status,
            body=answer.body,
            expires_at=self._expires_at(answer),
            crawl_delay_ms=(
                None if delay_ms is None else min(delay_ms, self._plan.max_crawl_delay_ms)
            ),
        )

    def _allow(self, item: Item, answer: Fetched | Redirected) -> Rules:
        return self._rules(item, "allow", status=answer.status, expires_at=self._expires_at(answer))

    def _later(
        self, item: Item, verdict: RulesVerdict, base_ms: int, *, status: int | None = None
    ) -> Rules:
        wait_ms = policy.backoff_ms(base_ms, item.tries)
        return self._rules(item, verdict, status=status, due=self._now() + wait_ms)

    def _expires_at(self, answer: Fetched | Redirected) -> int:
        return policy.expires_at(
            self._now(), answer.headers.get("cache-control"), self._plan.robots_max_age_ms
        )

    def _rules(
        self,
        item: Item,
        verdict: RulesVerdict,
        *,
        status: int | None = None,
        body: bytes | None = None,
        expires_at: int = 0,
        due: int | None = None,
        crawl_delay_ms: int | None = None,
    ) -> Rules:
        return Rules(
            item_ref=item.ref,
            host_hash=item.host_hash,
            lease_id=item.lease_id,
            verdict=verdict,
            status=status,
            body=body,
            expires_at=expires_at,
            due=due,
            crawl_delay_ms=crawl_delay_ms,
        )


def _verdict(failure: Failed) -> RulesVerdict:
    if failure.passing:
        return "defer"  # our resolver is out of order: that says nothing about the origin
    match failure.error:
        case "dns" | "connect" | "tls" | "blocked_address":
            return failure.error
        case _:
            return "defer"
