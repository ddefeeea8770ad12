"""Hosts with terms of their own: delay, requests side by side, budgets."""

from crawler.model.result import Batch, HostNote
from crawler.ports import HostTerms
from tests.contract.conftest import links, pages, result, rules, settle

OWN = {
    "slow.example": HostTerms(delay_ms=9_000, per_host=1, max_pages=None, max_depth=None),
    "fast.example": HostTerms(delay_ms=0, per_host=2, max_pages=3, max_depth=1),
}


async def test_a_host_goes_by_its_own_delay_and_leases(make):
    frontier = await make(delay_ms=1_000, per_host=4, terms_of=OWN.get)
    for host in ("slow.example", "fast.example", "a.example"):
        await frontier.add(pages(host, 20), now=0)
    items = await frontier.claim(100, now=0)
    assert {i.host: i.delay_ms for i in items} == {
        "slow.example": 9_000,
        "fast.example": 0,
        "a.example": 1_000,
    }
    # fast.example: 2 x 4 by its own requests side by side, 3 by its own budget.
    assert sorted(i.host for i in items).count("fast.example") == 3
    await settle(frontier, items, 0)
    later = [i.host for now in (1_000, 8_999) for i in await frontier.claim(100, now=now)]
    assert "slow.example" not in later
    assert "fast.example" not in later
    assert [i.host for i in await frontier.claim(100, now=9_000)] == ["slow.example"]


async def test_a_host_without_delay_is_leased_by_its_own_number(make):
    own = {"b.example": HostTerms(0, 1, None, None)}
    frontier = await make(delay_ms=0, per_host=4, terms_of=own.get)
    await frontier.add([*pages("a.example", 50), *pages("b.example", 50)], now=0)
    items = await frontier.claim(100, now=0)
    counts = {host: sum(i.host == host for i in items) for host in ("a.example", "b.example")}
    assert counts == {"a.example": 16, "b.example": 4}
    # Leased ahead for a while, then its own number again.
    key = next(i.host_hash for i in items if i.host == "b.example")
    assert len(await frontier.claim(100, now=0, ahead={key: 10})) == 6
    assert await frontier.claim(100, now=0) == []
    await settle(frontier, [i for i in items if i.host == "b.example"], 1)
    assert await frontier.claim(100, now=1) == []


async def test_depth_is_that_of_the_links_own_host(make):
    frontier = await make(delay_ms=0, max_depth=5, terms_of=OWN.get)
    deep = links("https://fast.example/", "https://slow.example/", "https://a.example/", depth=2)
    await frontier.add(deep, now=0)
    await frontier.add(links("https://slow.example/deep", depth=9), now=0)
    await frontier.add(links("https://a.example/deep", depth=9), now=0)
    ready = {i.url for i in await frontier.claim(20, now=0)}
    assert ready == {"https://slow.example/", "https://a.example/"}
    assert await frontier.dead_reasons() == {"depth": 2}
    # Found nearer, it is near enough.
    await frontier.add(links("https://fast.example/", depth=1), now=1)
    assert [i.url for i in await frontier.claim(20, now=1)] == ["https://fast.example/"]


async def test_depth_of_one_host_counts_where_the_others_have_none(make):
    frontier = await make(delay_ms=0, terms_of=OWN.get)
    await frontier.add(links("https://fast.example/", depth=7), now=0)
    await frontier.commit(Batch(links=links("https://fast.example/", depth=1)), now=1)
    assert (await frontier.explain("https://fast.example/")).state == "ready"


async def test_a_crawl_delay_lengthens_a_hosts_own_delay(make):
    frontier = await make(delay_ms=5_000, robots=True, terms_of=OWN.get)
    await frontier.add(pages("fast.example", 20), now=0)
    (robots,) = await frontier.claim(9, now=0)
    note = HostNote(robots.host_hash, 0)
    slow = rules(robots, "rules", crawl_delay_ms=700, expires_at=20_000)
    await frontier.commit(Batch(rules=[slow], notes=[note]), now=0)
    assert (await frontier.explain("https://fast.example/0")).host.delay_ms == 700
    (robots,) = await frontier.claim(9, now=20_000)
    await frontier.commit(Batch(rules=[rules(robots)]), now=20_000)
    items = await frontier.claim(9, now=21_000)
    assert [i.delay_ms for i in items] == [0, 0, 0]
    await frontier.commit(Batch(results=[result(i) for i in items]), now=21_000)
