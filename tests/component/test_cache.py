"""Robots rules in memory and in Redis."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from crawler.cache import rules as cache
from crawler.cache.rules import RulesCache
from crawler.errors import ConfigError
from crawler.ports import StoredRules
from tests.support.fetch import make_plan

pytestmark = pytest.mark.component

ORIGIN = "http://h"
RULES = StoredRules("rules", b"User-agent: *\nDisallow: /x\n\xff", 7, 1_800_000_000_000)


class Store:
    """Stands for the frontier's `rules`."""

    def __init__(self, answer: StoredRules | None = RULES) -> None:
        self.asked = 0
        self.answer = answer

    async def __call__(self) -> StoredRules | None:
        self.asked += 1
        return self.answer


@pytest.fixture
async def memory() -> AsyncIterator[RulesCache]:
    rules = RulesCache(make_plan())
    yield rules
    await rules.close()


async def test_rules_are_parsed_once(memory: RulesCache) -> None:
    """Each page would cost a look-up in the store and a parse."""
    store = Store()
    assert memory.parsed(ORIGIN, 7) is None
    first = await memory.rules(ORIGIN, 7, store)
    assert first is not None
    assert not first.allows("/x")
    assert first.allows("/y")
    assert memory.parsed(ORIGIN, 7) is first
    assert await memory.rules(ORIGIN, 7, store) is first
    assert store.asked == 1


async def test_versions_and_origins_are_apart(memory: RulesCache) -> None:
    """New rules would be hidden by the old ones, or https by http."""
    await memory.rules(ORIGIN, 7, Store())
    assert memory.parsed(ORIGIN, 8) is None
    assert memory.parsed("https://h", 7) is None
    newer = Store(RULES._replace(body=b"User-agent: *\nDisallow: /y", version=8))
    rules = await memory.rules(ORIGIN, 8, newer)
    assert rules is not None
    assert rules.allows("/x")
    assert newer.asked == 1


async def test_allow_is_remembered(memory: RulesCache) -> None:
    """An origin without robots.txt would be looked up for every page."""
    store = Store(StoredRules("allow", None, 3, 0))
    rules = await memory.rules(ORIGIN, 3, store)
    assert rules is not None
    assert rules.allows("/x")
    assert memory.parsed(ORIGIN, 3) is rules


@pytest.mark.parametrize("verdict", ["defer", "dns", "connect", None])
async def test_no_rules_is_no_permission(memory: RulesCache, verdict: str | None) -> None:
    """An origin whose robots.txt has failed since would be crawled without rules."""
    stored = None if verdict is None else RULES._replace(verdict=verdict, body=None)
    store = Store(stored)
    assert await memory.rules(ORIGIN, 7, store) is None
    assert await memory.rules(ORIGIN, 7, store) is None
    assert store.asked == (2 if stored is None else 1 + (verdict is None))


async def test_second_layer_serves_what_was_dropped(
    memory: RulesCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parsed rules are few; without the layer below each drop would ask the store."""
    store = Store()
    await memory.rules(ORIGIN, 7, store)
    memory._parsed.clear()
    rules = await memory.rules(ORIGIN, 7, store)
    assert rules is not None
    assert not rules.allows("/x")
    assert store.asked == 1


async def test_both_layers_are_bounded(memory: RulesCache, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crawl of many hosts would fill the memory with robots.txt."""
    monkeypatch.setattr(cache, "MAX_KEPT_BYTES", 50_000)
    body = b"User-agent: *\nDisallow: /\n" + b"#" * 9_000
    for n in range(30):
        await memory.rules(f"http://h{n}", 1, Store(RULES._replace(body=body, version=1)))
    backend = memory._backend
    assert len(memory._parsed) == 4
    assert len(backend._cache) == len(backend._handlers) == 4
    assert memory.parsed("http://h29", 1) is not None
    assert memory.parsed("http://h0", 1) is None


async def test_nothing_needs_preparing_in_memory(memory: RulesCache) -> None:
    """A start without Redis would fail or open something."""
    await memory.prepare()
    assert memory._backend is None


@pytest.mark.redis
async def test_redis_is_shared_and_holds_bytes(redis_url: str, tmp_path: Path) -> None:
    """Each reader would ask the store; a pickle in a shared Redis would run anybody's code."""
    plan = make_plan(cache_redis_url=redis_url, job=tmp_path)
    first, second = RulesCache(plan), RulesCache(plan)
    await first.prepare()
    store = Store()
    await first.rules(ORIGIN, 7, store)
    rules = await second.rules(ORIGIN, 7, store)
    assert store.asked == 1
    assert rules is not None
    assert not rules.allows("/x")
    client = second._backend._client
    keys = [key for key in await client.keys("*") if ORIGIN.encode() in key]
    (raw,) = [await client.get(key) for key in keys if second._prefix.encode() in key]
    head, _, body = raw.partition(b"\n")
    assert json.loads(head) == ["rules", 7, RULES.expires_at, True]
    assert body == RULES.body
    assert 0 < await client.ttl(keys[0]) <= 86_400
    await first.close()
    await second.close()


@pytest.mark.redis
async def test_jobs_in_one_redis_are_apart(redis_url: str, tmp_path: Path) -> None:
    """Version 7 of another frontier would be taken for ours."""
    one = RulesCache(make_plan(cache_redis_url=redis_url, job=tmp_path / "a"))
    two = RulesCache(make_plan(cache_redis_url=redis_url, job=tmp_path / "b"))
    store = Store()
    await one.rules(ORIGIN, 7, store)
    await two.rules(ORIGIN, 7, store)
    await one.close()
    await two.close()
    assert store.asked == 2


@pytest.mark.redis
async def test_foreign_value_is_not_believed(redis_url: str, tmp_path: Path) -> None:
    """Whatever else lives under our key would raise in a reader."""
    rules = RulesCache(make_plan(cache_redis_url=redis_url, job=tmp_path))
    store = Store()
    await rules.rules(ORIGIN, 7, store)
    for junk in (b"junk", b'["rules"]\n', b'["other", 7, 1, true]\nx', b"\xff\xfe", b"{}"):
        rules._parsed.clear()
        await rules._backend._client.set(f"{rules._prefix}7:{ORIGIN}", junk)
        found = await rules.rules(ORIGIN, 7, store)
        assert found is not None
        assert not found.allows("/x")
    await rules.close()
    assert store.asked == 6
    assert rules.failures == 0


async def test_dead_redis_costs_no_page(tmp_path: Path) -> None:
    """Every page would fail, or wait for a time-out each."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: refused
        url = f"redis://127.0.0.1:{taken.getsockname()[1]}/0"
        rules = RulesCache(make_plan(cache_redis_url=url, job=tmp_path))
        store = Store()
        async with asyncio.timeout(60):
            for n in range(20):
                found = await rules.rules(f"http://h{n}", 7, store)
                assert found is not None
        assert (store.asked, rules.failures) == (20, 1)
        await rules.close()


async def test_prepare_names_what_is_wrong(tmp_path: Path) -> None:
    """A crawl would start and only its readers would find out; a password would be shown."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"redis://:secret@127.0.0.1:{taken.getsockname()[1]}/0"
        rules = RulesCache(make_plan(cache_redis_url=url, job=tmp_path))
        with pytest.raises(ConfigError, match=r"no Redis at redis://127\.0\.0\.1") as raised:
            await rules.prepare()
    assert "secret" not in str(raised.value)
    assert "\n" not in str(raised.value)
    with pytest.raises(ConfigError, match="cache"):
        await RulesCache(make_plan(cache_redis_url="http://127.0.0.1/")).prepare()
