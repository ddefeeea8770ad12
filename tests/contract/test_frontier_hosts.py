"""What a frontier tells about one host: its own state, its origins, what of it is stuck."""

import sqlite3

from crawler.frontier.sqlite import SqliteFrontier
from crawler.frontier.statements import load_schema, load_statements
from crawler.model.result import Batch
from crawler.model.view import HostUrl
from tests.contract.conftest import links, note, options, pages, result, rules


async def test_a_host_nobody_knows(make):
    frontier = await make()
    await frontier.add(pages("a.example", 1), now=0)
    assert await frontier.host("b.example", limit=50) is None


async def test_what_waits_comes_before_what_is_dead(make):
    """The oldest first; other hosts, and what is ready, out or done, are left out."""
    frontier = await make(delay_ms=0)
    await frontier.add(pages("a.example", 6, depth=2), now=0)
    await frontier.add(pages("b.example", 2), now=0)
    items = {item.url: item for item in await frontier.claim(20, now=1)}
    mine = [items[f"https://a.example/{number}"] for number in range(4)]
    await frontier.commit(
        Batch(
            results=[
                result(mine[0], "dead", reason="robots"),
                result(mine[1], "retry", reason="timeout", at=90_000, tries=2),
                result(mine[2], "retry", reason="http_503", at=70_000, tries=1),
                result(mine[3]),
                result(items["https://b.example/0"], "dead", reason="robots"),
            ],
            notes=[note(item, 1) for item in items.values()],
        ),
        now=2,
    )
    found = await frontier.host("a.example", limit=50)
    assert found is not None
    assert found.host == next(
        h for h in await frontier.hosts(now=2, limit=9) if h.host == "a.example"
    )
    assert (found.dead, found.pages, found.page_limit) == (1, 1, None)
    assert found.urls == (
        HostUrl("https://a.example/1", "page", "waiting", "timeout", 90_000, 2, 2),
        HostUrl("https://a.example/2", "page", "waiting", "http_503", 70_000, 1, 2),
        HostUrl("https://a.example/0", "page", "dead", "robots", None, 0, 2),
    )
    short = await frontier.host("a.example", limit=2)
    assert short is not None
    assert short.urls == found.urls[:2]


async def test_its_origins_and_what_they_ask_for(make):
    frontier = await make(robots=True, delay_ms=0)
    await frontier.add(pages("a.example", 1), now=0)
    await frontier.add(links("http://a.example/x", "https://b.example/"), now=0)
    for now in range(0, 80_000, 10_000):
        items = await frontier.claim(10, now=now)
        await frontier.commit(
            Batch(
                results=[result(item) for item in items if item.kind == "page"],
                rules=[
                    rules(item, "rules", crawl_delay_ms=3_000, body=b"")
                    for item in items
                    if item.kind == "robots"
                ],
                notes=[note(item, now) for item in items],
            ),
            now=now + 1,
        )
    found = await frontier.host("a.example", limit=50)
    assert found is not None
    assert [name for name, _ in found.origins] == ["http://a.example", "https://a.example"]
    assert {gate.verdict for _, gate in found.origins} == {"rules"}
    assert found.crawl_delay_ms == 3_000


async def test_it_is_found_by_its_index(tmp_path):
    """Of a host with millions of URLs a dashboard wants fifty, while the crawl goes on."""
    frontier = SqliteFrontier(tmp_path / "f.db", options())
    await frontier.open()
    await frontier.close()
    with sqlite3.connect(tmp_path / "f.db") as store:
        statement = load_statements("sqlite")["stuck_urls"]
        (plan,) = store.execute(f"EXPLAIN QUERY PLAN {statement}", (1, 50)).fetchall()
    store.close()
    assert "USING INDEX urls_stuck (host_id=? AND state>?)" in plan[3]


def test_what_pauses_hold_back_is_counted_from_an_index_alone():
    """Of a million hosts tens of thousands are down; the crawl asks for this twice a second."""
    store = sqlite3.connect(":memory:")
    store.executescript(load_schema("sqlite"))
    steps = store.execute("EXPLAIN " + load_statements("sqlite")["paused_hosts"], (1,)).fetchall()
    store.close()
    indexes = {step[2] for step in steps if step[1] == "OpenRead" and str(step[5]).startswith("k(")}
    assert {step[2] for step in steps if step[1] == "Column"} == indexes != set()


async def test_a_person_has_paused_it(make):
    frontier = await make()
    await frontier.add(pages("a.example", 2), now=0)
    await frontier.control.halt(["a.example"], halted=True)
    found = await frontier.host("a.example", limit=50)
    assert found is not None
    assert found.host.halted
