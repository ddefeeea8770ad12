"""A fetcher for single requests: each waits for its host's turn, or was answered before.

A crawl has its frontier for the first, and no use for the second.
"""

import json
from collections.abc import Awaitable, Callable
from hashlib import sha256

from crawler.fetch.fetcher import Fetcher, Try
from crawler.model.plan import Plan
from crawler.model.result import Failed, Fetched
from crawler.model.site import Headers
from crawler.model.url import host_key
from crawler.policy.politeness import RETRY_STATUSES
from crawler.policy.sites import Sites
from crawler.ports import Now, Response, Responses

Turn = Callable[[str], Awaitable[None]]
"""Wait until a host (by its key) may be asked."""
Asked = Callable[[str, int], None]
"""A request to a host was started, at this time."""

_FORMAT = 1


class KeptFetcher(Fetcher):
    """Asks what is kept before it asks a server."""

    def __init__(
        self,
        plan: Plan,
        now: Now,
        *,
        turn: Turn,
        asked: Asked,
        kept: Responses | None = None,
        max_age_ms: int = 0,
    ) -> None:
        """Make the fetcher.

        Args:
            plan: as of any fetcher.
            now: the clock.
            turn: called before each request.
            asked: called after each.
            kept: where answers are; None: nowhere.
            max_age_ms: older answers are not used, and replaced.
        """
        super().__init__(plan, now)
        self._identity = (plan.user_agent, plan.proxy, plan.max_body_bytes)
        self._clock = now
        self._sites = Sites(plan.sites)
        self._turn = turn
        self._asked = asked
        self._kept = kept
        self._max_age_ms = max_age_ms
        self.kept_at: dict[str, int] = {}
        """URLs whose last answer was a kept one, with the time when it was given."""

    async def try_once(
        self, url: str, *, headers: Headers = (), attempts: int = 1, cap: int | None = None
    ) -> Try:
        key = self._key(url, headers, cap)
        found = None if self._kept is None else await self._kept.get(key)
        if found is not None and self._clock() - found.started_at < self._max_age_ms:
            self.kept_at[url] = found.started_at
            return Try(found)
        self.kept_at.pop(url, None)
        host = host_key(url)
        await self._turn(host)
        tried = await super().try_once(url, headers=headers, attempts=attempts, cap=cap)
        self._asked(host, tried.result.started_at)
        result = tried.result
        if self._kept is None or tried.cut or isinstance(result, Failed):
            return tried
        if self._may_keep(url, result, cap):
            await self._kept.set(key, result)
        return tried

    def _key(self, url: str, headers: Headers, cap: int | None) -> str:
        """Return what the answer depends on, as a hash: there are secrets in it."""
        parts = [_FORMAT, url, *self._identity, cap, sorted(headers)]
        return sha256(json.dumps(parts).encode()).hexdigest()

    def _may_keep(self, url: str, result: Response, cap: int | None) -> bool:
        """Whether the same question would get the same answer."""
        if result.status in RETRY_STATUSES:
            return False
        limit = self._identity[2] if cap is None else cap
        if isinstance(result, Fetched) and result.truncated and len(result.body) < limit:
            return False  # not our cut
        if "set-cookie" not in result.headers:
            return True
        # A jar would lack the cookie the next time, and what it opens.
        site = self._sites.of(host_key(url))
        return site is None or not site.cookie_jar
