"""The delay of a host, kept by a single process that makes a few requests without a frontier."""

import asyncio
from collections.abc import Callable

from crawler.model.plan import Plan
from crawler.policy.politeness import host_delay_ms
from crawler.policy.sites import Sites
from crawler.ports import Now

OnWait = Callable[[str, int], None]
"""Told the host and the ms of a wait that begins."""


class Turns:
    """When each host may be asked next: its delay after the start of the last request."""

    def __init__(self, plan: Plan, now: Now, on_wait: OnWait) -> None:
        self._plan = plan
        self._now = now
        self._on_wait = on_wait
        self._sites = Sites(plan.sites)
        self._asked: dict[str, int] = {}
        self._crawl_delays: dict[str, int] = {}

    def delay_ms(self, host: str) -> int:
        """Return the delay of a host: ours or that of its robots.txt, whichever is longer."""
        site = self._sites.of(host)
        own_ms = self._plan.delay_ms
        if site is not None and site.delay_ms is not None:
            own_ms = site.delay_ms
        return host_delay_ms(own_ms, self._crawl_delays.get(host), self._plan.max_crawl_delay_ms)

    async def take(self, host: str) -> None:
        """Wait until the host may be asked."""
        last = self._asked.get(host)
        if last is None:
            return
        wait_ms = last + self.delay_ms(host) - self._now()
        if wait_ms > 0:
            self._on_wait(host, wait_ms)
            await asyncio.sleep(wait_ms / 1000)

    def asked(self, host: str, at: int) -> None:
        """A request to the host was started."""
        self._asked[host] = max(at, self._asked.get(host, 0))

    def slow_down(self, host: str, crawl_delay_ms: int | None) -> None:
        """A robots.txt of the host asks for this delay; None: it asks for none."""
        if crawl_delay_ms is not None:
            known = self._crawl_delays.get(host, 0)
            self._crawl_delays[host] = max(known, crawl_delay_ms)
