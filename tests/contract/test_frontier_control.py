"""What a person does to a crawl through its store: the same on every adapter, and twice is once."""

import pytest

from crawler.model.control import Choice, Failure
from crawler.model.result import Batch
from tests.contract.conftest import counted, links, pages, result, settle

NOW = 1_000_000
WINDOW = 10_000


async def test_a_pause_is_kept_and_counts_as_one_order(make):
    frontier = await make()
    control = frontier.control
    assert await control.pause(paused=True) is True
    assert await control.pause(paused=True) is False
    counters = await counted(frontier)
    assert (counters["paused"], counters["orders"]) == (1, 1)
    await control.heard(1)
    assert await control.pause(paused=False) is True
    assert await control.pause(paused=False) is False
    counters = await counted(frontier)
    assert (counters.get("paused", 0), counters["orders"], counters["orders_heard"]) == (0, 2, 1)
    await control.heard(2)
    await control.heard(1)
    assert (await counted(frontier))["orders_heard"] == 2


async def test_a_halted_host_gives_nothing_and_is_named_as_waiting(make):
    frontier = await make(delay_ms=0)
    await frontier.add(pages("a.example", 3) + pages("b.example", 2), now=NOW)
    found = await frontier.control.halt(["a.example", "no.example"], halted=True)
    assert found == ([], ["no.example"])
    assert await frontier.control.halt(["a.example"], halted=True) == (["a.example"], [])
    assert await frontier.control.halt(["a.example"], halted=True) == ([], [])
    assert await frontier.control.halted() == ["a.example"]
    assert {item.host for item in await frontier.claim(10, now=NOW)} == {"b.example"}
    outlook = await frontier.outlook(now=NOW)
    assert (outlook.claimable, outlook.halted, outlook.next_due) == (0, 3, None)
    [waiting] = await frontier.hosts(now=NOW, limit=5, only_waiting=True)
    assert (waiting.host, bool(waiting.halted)) == ("a.example", True)
    assert await frontier.control.halt(["a.example"], halted=False) == (["a.example"], [])
    assert len(await frontier.claim(10, now=NOW)) == 3
    assert (await frontier.outlook(now=NOW)).halted == 0


async def test_a_pattern_finds_hosts_as_a_whole(make):
    """Else a table with a slip of the pen would count as one that held."""
    frontier = await make(delay_ms=0)
    hosts = ("a.example", "b.a.example", "[2001:db8::1]:81", "c.example:8000")
    await frontier.add([page for host in hosts for page in pages(host, 1)], now=NOW)
    found = {pattern: await frontier.control.has_host(pattern) for pattern in PATTERNS}
    assert found == PATTERNS


PATTERNS = {
    "a.example": True,
    "*.a.example": True,
    "*.example:*": True,
    "[2001:db8::*]:81": True,
    "*": True,
    "example": False,
    "*.b.example": False,
    "c.example": False,
    "A.example": False,
    "[a].example": False,
}


async def test_a_halted_host_is_not_asked_for_robots_txt_either(make):
    frontier = await make(robots=True)
    await frontier.add(pages("a.example", 1), now=NOW)
    await frontier.control.halt(["a.example"], halted=True)
    assert await frontier.claim(10, now=NOW) == []
    assert await frontier.reserve("a.example", now=NOW) == NOW + 60_000
    await frontier.control.halt(["a.example"], halted=False)
    [item] = await frontier.claim(10, now=NOW)
    assert item.kind == "robots"


async def test_a_halted_host_gives_no_requisites(make):
    frontier = await make(delay_ms=0, requisites=True, max_pages=1)
    await frontier.add(pages("a.example", 1), now=NOW)
    await settle(frontier, await frontier.claim(1, now=NOW), NOW)
    needed = links("https://a.example/i.png", kind="requisite", priority=4)
    await frontier.commit(Batch(links=needed), now=NOW)
    await frontier.control.halt(["a.example"], halted=True)
    assert await frontier.claim(10, now=NOW) == []
    assert (await frontier.outlook(now=NOW)).claimable == 0
    await frontier.control.halt(["a.example"], halted=False)
    assert len(await frontier.claim(10, now=NOW)) == 1


async def test_the_end_of_a_halt_shortens_no_delay(make):
    frontier = await make(delay_ms=5_000)
    await frontier.add(pages("a.example", 2), now=NOW)
    await settle(frontier, await frontier.claim(1, now=NOW), NOW)
    await frontier.control.halt(["a.example"], halted=True)
    await frontier.control.halt(["a.example"], halted=False)
    assert await frontier.claim(1, now=NOW + 4_999) == []
    assert len(await frontier.claim(1, now=NOW + 5_000)) == 1


async def fail(frontier, urls, now=NOW, **how):
    """Let these be claimed and end so."""
    await frontier.add(links(*urls), now=now)
    items = await frontier.claim(100, now=now)
    await settle(frontier, items, now, **how)


TWO = ["https://a.example/1", "https://a.example/2"]
TIMEOUTS = Choice(frozenset({Failure("error", "timeout")}))


async def test_failures_are_visited_again_once(make):
    frontier = await make(delay_ms=0)
    await fail(
        frontier, ["https://a.example/1", "https://a.example/2"], reason="timeout", status=None
    )
    await fail(frontier, ["https://a.example/3"], status=503)
    await fail(frontier, ["https://a.example/4"])
    before = await counted(frontier)
    assert await frontier.control.failures() == {
        Failure("error", "timeout"): 2,
        Failure("status", "503"): 1,
    }
    later = NOW + WINDOW
    assert await frontier.control.retry(TIMEOUTS, now=later) == 2
    assert await frontier.control.retry(TIMEOUTS, now=later) == 0
    assert await frontier.control.failures() == {Failure("status", "503"): 1}
    counters = await counted(frontier)
    assert (counters["ready"], counters["again"], counters["done"]) == (2, 2, 2)
    items = await frontier.claim(100, now=later)
    assert {(item.url[-1], item.visit) for item in items} == {("1", 2), ("2", 2)}
    assert await frontier.control.retry(TIMEOUTS, now=later) == 0
    await settle(frontier, items, later)
    counters = await counted(frontier)
    assert counters["records"] == before["records"] + 2
    assert counters["pages"] == before["pages"]
    assert counters["done"] == 4


async def test_another_try_is_not_sooner_than_the_window(make):
    """The window refuses what it saw a moment ago, and a server must not be pressed."""
    frontier = await make(delay_ms=0)
    await fail(frontier, ["https://a.example/1"], reason="timeout", status=None)
    assert await frontier.control.retry(TIMEOUTS, now=NOW + 1) == 1
    assert await frontier.claim(9, now=NOW + 1) == []
    await frontier.tick(now=NOW + WINDOW - 1)
    assert await frontier.claim(9, now=NOW + WINDOW - 1) == []
    await frontier.tick(now=NOW + WINDOW)
    assert len(await frontier.claim(9, now=NOW + WINDOW)) == 1


async def test_a_spent_budget_of_pages_holds_no_other_try(make):
    frontier = await make(delay_ms=0, max_pages=2)
    await fail(
        frontier, ["https://a.example/1", "https://a.example/2"], reason="timeout", status=None
    )
    assert await frontier.control.retry(TIMEOUTS, now=NOW + WINDOW) == 2
    assert len(await frontier.claim(9, now=NOW + WINDOW)) == 2


async def test_only_the_host_that_is_named(make):
    frontier = await make(delay_ms=0)
    await fail(frontier, ["https://a.example/1", "https://b.example/1"], status=500)
    choice = Choice(frozenset({Failure("status", "500")}), "b.example")
    assert await frontier.control.failures("b.example") == {Failure("status", "500"): 1}
    assert await frontier.control.retry(choice, now=NOW + WINDOW) == 1
    [item] = await frontier.claim(9, now=NOW + WINDOW)
    assert item.host == "b.example"


async def test_the_dead_come_back_with_their_origin(make):
    frontier = await make(delay_ms=0)
    await frontier.add(links("https://a.example/1", seed=True), now=NOW)
    [item] = await frontier.claim(9, now=NOW)
    await frontier.commit(Batch(results=[result(item, "dead", reason="robots")]), now=NOW)
    assert (await counted(frontier))["seeds_final"] == 1
    assert await frontier.control.failures() == {Failure("reason", "robots"): 1}
    choice = Choice(frozenset({Failure("reason", "robots")}))
    assert await frontier.control.retry(choice, now=NOW) == 1
    assert await frontier.control.retry(choice, now=NOW) == 0
    counters = await counted(frontier)
    assert "seeds_final" not in counters
    assert "dead:robots" not in counters
    await frontier.tick(now=NOW + WINDOW)
    [item] = await frontier.claim(9, now=NOW + WINDOW)
    assert item.visit == 1


async def test_rules_of_the_crawl_are_not_lifted_by_another_try(make):
    frontier = await make(delay_ms=0)
    await frontier.add(links("https://a.example/1"), now=NOW)
    [item] = await frontier.claim(9, now=NOW)
    await frontier.commit(Batch(results=[result(item, "dead", reason="exclude")]), now=NOW)
    assert await frontier.control.failures() == {}


@pytest.mark.parametrize("sort", ["left", "done", "failures", "latency", "next", "host"])
async def test_hosts_are_listed_in_the_order_that_is_asked_for(make, sort):
    frontier = await make(delay_ms=0)
    await fail(frontier, ["https://b.example/1"], status=500, reason="timeout")
    await frontier.add(pages("a.example", 1) + pages("c.example", 2), now=NOW)
    await frontier.control.halt(["c.example"], halted=True)
    rows = await frontier.control.table(now=NOW, sort=sort, limit=9)
    first = {"left": "c", "done": "b", "failures": "b"}.get(sort, "a")
    assert rows[0].state.host == f"{first}.example"
    assert len(rows) == 3
    rows = await frontier.control.table(now=NOW, sort=sort, limit=9, only_waiting=True)
    assert [row.state.host for row in rows] == ["c.example"]
    assert len(await frontier.control.table(now=NOW, sort=sort, limit=1)) == 1
