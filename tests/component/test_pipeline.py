"""Writer, reader and context alone, as QuasiQueue's guide has them: real sockets, a real store."""

import asyncio
import inspect
import json
from collections.abc import AsyncIterator, Collection, Iterator
from pathlib import Path
from typing import Any

import pytest

from crawler.clock import job_clock
from crawler.conf.load import load_settings
from crawler.conf.plan import make_plan
from crawler.model.plan import Plan
from crawler.model.result import FetchResult, KeptBody
from crawler.model.site import Headers
from crawler.model.view import HostState
from crawler.model.work import Item
from crawler.pipeline.context import context
from crawler.pipeline.node import CrawlNode
from crawler.pipeline.reader import reader
from crawler.pipeline.seeding import sow
from crawler.pipeline.store import open_frontier
from crawler.ports import Frontier, NoParent
from tests.support.fault_server import FaultServer
from tests.support.fetch import make_item
from tests.support.site import TestSite


@pytest.fixture(scope="module")
def site() -> Iterator[TestSite]:
    with TestSite(hosts=2, pages_per_host=6, private=1, first_address="127.0.13.1") as running:
        yield running


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    flags = {"job": str(tmp_path / "job"), "delay": "0", "allow_net": ["127.0.0.0/8"]}
    made = load_settings(flags, {}, tmp_path)
    (tmp_path / "job" / "pages").mkdir(parents=True)
    return {**made.model_dump(), "reader_name": "reader-1"}


@pytest.fixture
def plan(settings: dict[str, Any]) -> Plan:
    return make_plan(settings)


@pytest.fixture
async def frontier(plan: Plan) -> AsyncIterator[Frontier]:
    opened = await open_frontier(plan, check=True)
    await opened.recover(now=job_clock(plan.clock_offset_ms)())
    yield opened
    await opened.close()


class Ear(NoParent):
    def __init__(self) -> None:
        self.fetches: list[str] = []
        self.leases: list[int] = []
        self.back: list[str] = []

    def fetched(self, item: Item) -> None:
        self.fetches.append(item.url)

    def settled(self, lease_ids: Collection[int]) -> None:
        self.leases += lease_ids

    def returned(self, items: Collection[Item]) -> None:
        self.back += [item.url for item in items]


async def test_the_writer_yields_at_most_what_is_desired_and_never_none(
    frontier: Frontier, plan: Plan, site: TestSite
) -> None:
    """A claim that is not yielded is a lease nobody works on; None would count as a full queue."""
    now = job_clock(plan.clock_offset_ms)
    await sow([str(site.seeds_file)], frontier, plan, now)
    node = CrawlNode(plan, frontier, now)
    first = [item async for item in node.writer(desired=1)]
    assert len(first) == 1
    rest = [item async for item in node.writer(desired=10)]
    assert len(rest) == 1
    assert {item.kind for item in (*first, *rest)} == {"robots"}
    assert [item async for item in node.writer(desired=10)] == []
    assert (await frontier.counters())["leased"] == 2


async def test_the_writer_claims_nothing_after_a_limit(
    frontier: Frontier, plan: Plan, site: TestSite
) -> None:
    now = job_clock(plan.clock_offset_ms)
    await sow([str(site.seeds_file)], frontier, plan, now)
    node = CrawlNode(plan, frontier, now)
    node.limit = "max_time"
    assert [item async for item in node.writer(desired=10)] == []


async def test_hosts_that_take_long_to_list_are_listed_rarely(
    frontier: Frontier, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a million hosts each list is a scan; the claims of a crawl wait for it."""
    at, listed, shown = [1_000_000], [], []

    async def hosts(*, now: int, **_: Any) -> list[HostState]:
        listed.append(now)
        at[0] += 200
        return []

    monkeypatch.setattr(frontier, "hosts", hosts)
    node = CrawlNode(plan, frontier, lambda: at[0], on_snapshot=shown.append)
    for _ in range(90):
        assert await node.beat() is False
        at[0] += 1_000
    assert len(shown) == 90
    assert len(listed) == 2 * 3, "busy and waiting ones, after forty seconds again"


async def test_what_quasiqueue_asks_of_reader_and_context() -> None:
    """It passes the item by name, and the context's settings only where they are a parameter."""
    assert inspect.iscoroutinefunction(reader)
    assert list(inspect.signature(reader).parameters) == ["item", "ctx"]
    assert inspect.getfullargspec(reader).args == ["item", "ctx"]
    assert inspect.iscoroutinefunction(context)
    assert inspect.getfullargspec(context).args == ["settings"]


async def test_a_reader_settles_what_the_writer_yields(
    frontier: Frontier, plan: Plan, settings: dict[str, Any], site: TestSite
) -> None:
    """Robots first, then the page: one record, its links in the frontier, the lease ended."""
    now = job_clock(plan.clock_offset_ms)
    await sow([str(site.seeds_file)], frontier, plan, now)
    node = CrawlNode(plan, frontier, now)
    ear = Ear()
    ctx = await context(settings)
    ctx["attach"](ear)
    for _ in range(2):  # robots.txt, then the pages it lets us have
        for item in [item async for item in node.writer(desired=2)]:
            await reader(item=item, ctx=ctx)
        while (await frontier.counters())["leased"]:
            pass
    await ctx["close"]()
    lines = (plan.output / "part-000001.jsonl").read_bytes().splitlines()
    assert sorted(json.loads(line)["url"] for line in lines) == sorted(site.seeds)
    assert len(ear.fetches) == len(set(ear.leases)) == 4
    counters = await frontier.counters()
    assert counters["records"] == counters["done"] == 2
    assert counters["ready"] > 2
    (part,) = await frontier.parts()
    assert part.sealed
    assert part.bytes == (plan.output / part.name).stat().st_size


async def test_a_lease_that_is_nearly_over_is_given_back(
    frontier: Frontier, plan: Plan, settings: dict[str, Any], site: TestSite
) -> None:
    """A fetch that outlives its lease would be fetched by another reader as well."""
    now = job_clock(plan.clock_offset_ms)
    await sow([str(site.seeds_file)], frontier, plan, now)
    ear = Ear()
    ctx = await context({**settings, "robots": False})
    ctx["attach"](ear)
    (item, *_) = await frontier.claim(1, now=now())
    page = item._replace(kind="page", url=site.seeds[0], rules_version=0)
    await reader(item=page._replace(lease_until=now() + plan.timeout_ms), ctx=ctx)
    assert ear.back == [site.seeds[0]]
    await reader(item=page, ctx=ctx)
    assert ear.fetches == [site.seeds[0]]
    await ctx["close"]()


async def test_items_of_a_paused_host_are_given_back(
    frontier: Frontier, plan: Plan, settings: dict[str, Any], site: TestSite
) -> None:
    """Another reader of this node has heard a Retry-After; this one must keep to it too."""
    now = job_clock(plan.clock_offset_ms)
    await sow([str(site.seeds_file)], frontier, plan, now)
    ear = Ear()
    ctx = await context(settings)
    ctx["attach"](ear)
    (item, *_) = await frontier.claim(1, now=now())
    page = item._replace(kind="page", url=site.seeds[0], rules_version=0, host=site.hosts[0])
    before = len(site.requests())
    ctx["on_pause"](site.hosts[0], now() + 60_000)
    await reader(item=page, ctx=ctx)
    assert ear.back == [site.seeds[0]]
    assert len(site.requests()) == before
    ctx["on_pause"](site.hosts[1], now() - 1)
    await reader(item=page._replace(host=site.hosts[1]), ctx=ctx)
    assert ear.fetches == [site.seeds[0]]
    await ctx["close"]()


async def test_an_unused_context_leaves_nothing_behind(
    frontier: Frontier, plan: Plan, settings: dict[str, Any]
) -> None:
    """Readers are recycled for months: a part or a connection each would add up."""
    ctx = await context(settings)
    ctx["attach"](NoParent())
    await ctx["close"]()
    assert list(plan.output.iterdir()) == []
    assert await frontier.parts() == []


async def test_a_fault_of_ours_is_a_record_and_robots_are_given_back(
    frontier: Frontier,
    plan: Plan,
    settings: dict[str, Any],
    site: TestSite,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An exception of an async reader is swallowed: the page would hang until its lease ends."""
    now = job_clock(plan.clock_offset_ms)
    await sow([site.seeds[0]], frontier, plan, now)
    ctx = await context(settings)
    ctx["attach"](Ear())

    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(ctx["reader"], "_work", broken)
    (robots, *_) = await frontier.claim(1, now=now())
    with pytest.raises(ZeroDivisionError):
        await reader(item=robots, ctx=ctx)
    monkeypatch.undo()
    await reader(item=robots, ctx=ctx)
    while (await frontier.counters())["leased"]:
        pass
    (page, *_) = await frontier.claim(1, now=now())
    assert page.kind == "page"
    monkeypatch.setattr(ctx["reader"], "_work", broken)
    await reader(item=page, ctx=ctx)
    await ctx["close"]()
    (record,) = map(json.loads, (plan.output / "part-000001.jsonl").read_bytes().splitlines())
    assert (record["url"], record["error"]) == (page.url, "internal")
    assert record["error_detail"].startswith("ZeroDivisionError")


@pytest.mark.parametrize(("named", "is_sent"), [("https", False), ("http", True)])
async def test_headers_never_go_from_https_to_http(
    frontier: Frontier, settings: dict[str, Any], plan: Plan, named: str, is_sent: bool
) -> None:
    """Both schemes are one host: a link without TLS would send a password for all to read."""
    settings = {**settings, "header": ("Authorization: Basic c2VjcmV0",)}
    plan = make_plan(settings)
    async with FaultServer() as server:
        await sow([f"{named}://{server.host}/"], frontier, plan, job_clock(0))
        built = await context(settings)
        await built["reader"]._fetch(make_item(server.url("/ok")))
        await built["close"]()
        (request,) = server.requests
    assert ("authorization" in request.headers) is is_sent


class Stopper:
    """Takes down what a page would be asked for with, and goes no further."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []

    async def fetch(self, item: Item, *, headers: Headers) -> FetchResult:
        self.asked.append(dict(headers))
        raise asyncio.CancelledError

    async def close(self) -> None: ...


@pytest.mark.parametrize("store", ["none", "warc"])
async def test_a_condition_needs_a_body_that_the_304_stands_for(
    settings: dict[str, Any], frontier: Frontier, store: str
) -> None:
    """Bodies that are kept only since the last visit would never come: the page is as it was."""
    ctx = await context({**settings, "store": store})
    worker = ctx["reader"]
    await worker._fetcher.close()
    worker._fetcher = stopper = Stopper()
    url, known = "http://127.0.0.1:1/", b"a" * 32
    until = job_clock(make_plan(settings).clock_offset_ms)() + 600_000
    item = make_item(url, visit=2, etag='"1"', content_hash=known)
    item = item._replace(lease_until=until, rules_version=0, seed=True)
    for is_kept in (False, True):
        if is_kept and worker._bodies is not None:
            worker._bodies.remember([KeptBody(known, 1, 0, 9, 1, 1, url)])
        with pytest.raises(asyncio.CancelledError):
            await reader(item=item, ctx=ctx)
    await ctx["close"]()
    with_condition = {"If-None-Match": '"1"'}
    assert stopper.asked == [with_condition if store == "none" else {}, with_condition]
