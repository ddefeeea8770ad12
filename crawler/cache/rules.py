"""Robots rules for the readers of one node, or of many with Redis.

Two layers. Parsed rules are in a plain dict of the process, because a look-up is made per page and
one of aiocache costs 70 us. The robots.txt itself is in aiocache: in memory, or in Redis, where one
reader's look-up serves all. The store stays the authority: rules are keyed by the version that it
gave with the item, so nothing cached is ever too old, and where all of this fails it is asked.

Values are bytes of our own making; nothing is pickled.
"""
# aiocache has no annotations.
# mypy: disable-error-code="no-untyped-call"

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable
from typing import cast, get_args

from crawler.cache.backend import (
    BaseCache,
    BaseSerializer,
    RedisBackend,
    SimpleMemoryCache,
    check_redis,
)
from crawler.model.plan import Plan
from crawler.model.result import RulesVerdict
from crawler.policy.robots import RobotsRules, parse_robots
from crawler.ports import StoredRules

MAX_KEPT_BYTES = 16 * 1024 * 1024
"""Of robots.txt behind the parsed rules of a process; aiocache's memory keeps as much again."""

_PREFIX = "quasicrawler:robots:"
_ENTRY_BYTES = 1_000  # what an entry costs beside its body, roughly
_REST_S = 30.0
_VERDICTS = frozenset(get_args(RulesVerdict))


class RulesCache:
    """Rules of the origins that a process meets; made anew in each process, after the fork."""

    def __init__(self, plan: Plan, *, namespace: str | None = None) -> None:
        """Make the cache; nothing is connected yet.

        Args:
            plan: token, age, where Redis is.
            namespace: what a shared Redis tells frontiers apart by, since versions are theirs;
                None: the job's directory.
        """
        self._token = plan.product_token
        self._url = plan.cache_redis_url
        self._ttl_s = plan.robots_max_age_ms / 1000
        scope = hashlib.sha256((namespace or str(plan.job.absolute())).encode()).hexdigest()[:16]
        self._prefix = f"{_PREFIX}{scope}:"
        self._backend: BaseCache | None = None
        self._resting_until = 0.0
        self._parsed: dict[tuple[str, int], tuple[RobotsRules, int]] = {}
        self._kept_bytes = 0
        self.failures = 0
        """How often the cache could not be used; each time the store was asked instead."""

    async def prepare(self) -> None:
        """Check, in the parent and before any fork, that Redis can be used; leave nothing open.

        Raises:
            ConfigError: it cannot.
        """
        if self._url is None:
            return
        await check_redis(self._url)

    def parsed(self, origin: str, version: int) -> RobotsRules | None:
        """Return rules that this process has parsed already: the hot path, a dict look-up."""
        found = self._parsed.get((origin, version))
        return None if found is None else found[0]

    async def rules(
        self, origin: str, version: int, load: Callable[[], Awaitable[StoredRules | None]]
    ) -> RobotsRules | None:
        """Return the rules of an origin, from the nearest place that has them.

        Args:
            origin: scheme, host and port.
            version: of the rules, as the item has it.
            load: asks the store; used where no cache has this version.

        Returns:
            None where the store has no rules that can be obeyed (any more): the item should be
            given back.
        """
        found = self.parsed(origin, version)
        if found is not None:
            return found
        key = f"{version}:{origin}"
        stored = await self._get(key)
        if stored is None:
            stored = await load()
            if stored is None:
                return None
            if stored.version == version:
                await self._set(key, stored)
        if stored.verdict == "rules":
            return self._remember(origin, version, stored.body or b"")
        if stored.verdict == "allow":
            return self._remember(origin, version, b"")
        return None

    async def close(self) -> None:
        """Close the connection, if there is one."""
        backend, self._backend = self._backend, None
        if backend is not None:
            await backend.close()

    def _remember(self, origin: str, version: int, body: bytes) -> RobotsRules:
        known = self.parsed(origin, version)
        if known is not None:  # another task was faster
            return known
        rules = parse_robots(body, self._token)
        cost = len(body) + _ENTRY_BYTES
        self._parsed[origin, version] = (rules, cost)
        self._kept_bytes += cost
        while self._kept_bytes > MAX_KEPT_BYTES and len(self._parsed) > 1:
            oldest = next(iter(self._parsed))
            self._kept_bytes -= self._parsed.pop(oldest)[1]
        return rules

    async def _get(self, key: str) -> StoredRules | None:
        backend = self._usable()
        if backend is None:
            return None
        try:
            return cast("StoredRules | None", await backend.get(self._prefix + key))
        except Exception:  # noqa: BLE001 - whatever a cache does, the page goes on
            self._rest()
            return None

    async def _set(self, key: str, stored: StoredRules) -> None:
        backend = self._usable()
        if backend is None:
            return
        try:
            await backend.set(self._prefix + key, stored, ttl=self._ttl_s)
        except Exception:  # noqa: BLE001 - as above
            self._rest()

    def _usable(self) -> BaseCache | None:
        if self._backend is None:
            self._backend = (
                _MemoryBackend()
                if self._url is None
                else RedisBackend(self._url, _RulesSerializer())
            )
        if self._resting_until and asyncio.get_running_loop().time() < self._resting_until:
            return None
        return self._backend

    def _rest(self) -> None:
        """Leave a failing cache alone for a while: no page waits for its time-out twice."""
        self.failures += 1
        self._resting_until = asyncio.get_running_loop().time() + _REST_S


class _RulesSerializer(BaseSerializer):
    """One line of JSON, then the body as it is."""

    DEFAULT_ENCODING = None

    def dumps(self, value: StoredRules) -> bytes:  # type: ignore[override]
        head = [value.verdict, value.version, value.expires_at, value.body is not None]
        return json.dumps(head).encode() + b"\n" + (value.body or b"")

    def loads(self, value: bytes | None) -> StoredRules | None:  # type: ignore[override]
        if value is None:
            return None
        head, _, body = value.partition(b"\n")
        try:
            verdict, version, expires_at, has_body = json.loads(head)
        except (ValueError, TypeError):
            return None  # not ours
        if verdict not in _VERDICTS or not isinstance(version, int):
            return None
        return StoredRules(verdict, body if has_body else None, version, int(expires_at))


class _MemoryBackend(SimpleMemoryCache):
    """aiocache's memory with an upper limit, which it lacks; the oldest entries go first."""

    def __init__(self) -> None:
        super().__init__(serializer=_RulesSerializer())
        self._kept_bytes = 0

    async def _set(
        self,
        key: str,
        value: bytes,
        ttl: float | None = None,
        _cas_token: object = None,
        _conn: object = None,
    ) -> object:
        await self._delete(key)
        result = await super()._set(key, value, ttl=ttl)
        # Counted anew where it seems too much: entries also vanish by their age.
        self._kept_bytes += len(value) + _ENTRY_BYTES
        if self._kept_bytes > MAX_KEPT_BYTES:
            self._kept_bytes = sum(
                len(cast("bytes", v)) + _ENTRY_BYTES for v in self._cache.values()
            )
        while self._kept_bytes > MAX_KEPT_BYTES and len(self._cache) > 1:
            oldest = next(iter(self._cache))
            self._kept_bytes -= len(cast("bytes", self._cache[oldest])) + _ENTRY_BYTES
            await self._delete(oldest)
        return result
