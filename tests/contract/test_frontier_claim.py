"""What a claim hands out: fair over hosts, polite to each, within budgets."""

import pytest

from crawler.model.result import Batch
from tests.contract.conftest import counted, links, note, pages, result, settle


async def test_an_item_carries_what_a_reader_needs(make):
    # A reader that had to ask the store per URL would halve the speed.
    frontier = await make()
    await frontier.add(links("https://a.example/", seed=True), now=1_000)
    (parent,) = await frontier.claim(5, now=1_000)
    assert (parent.kind, parent.url, parent.host) == ("page", "https://a.example/", "a.example")
    assert (parent.claimed_at, parent.lease_until) == (1_000, 61_000)
    assert (parent.seed, parent.parent, parent.visit, parent.tries) == (True, None, 1, 0)
    assert (parent.delay_ms, parent.rules_version, parent.verdict) == (1_000, 0, None)
    chain = ("https://a.example/1", "https://a.example/2")
    child = links("https://b.example/x", depth=3, parent=parent.ref, priority=2, chain=chain)
    await frontier.commit(Batch(results=[result(parent)], links=child), now=1_100)
    (item,) = await frontier.claim(5, now=1_100)
    assert (item.url, item.depth, item.priority) == ("https://b.example/x", 3, 2)
    assert (item.parent, item.chain, item.seed) == ("https://a.example/", chain, False)
    assert item.lease_id != parent.lease_id


async def test_one_url_per_host_while_there_is_a_delay(make):
    # Two at once would break the delay, however long the claim asks for.
    frontier = await make()
    await frontier.add(pages("a.example", 5) + pages("b.example", 5), now=0)
    assert sorted(i.host for i in await frontier.claim(10, now=0)) == ["a.example", "b.example"]
    assert await frontier.claim(10, now=50_000) == []


async def test_the_delay_counts_from_the_start_of_the_last_request(make):
    # Counting from the claim would let a request that waited in the queue come too close.
    frontier = await make()
    await frontier.add(pages("a.example", 5), now=0)
    items = await frontier.claim(10, now=0)
    await settle(frontier, items, 900, started_at=700)
    assert await frontier.claim(10, now=1_699) == []
    assert len(await frontier.claim(10, now=1_700)) == 1


async def test_a_refusal_gives_the_turn_back(make):
    # A refusal makes no request; spending a delay on it would stall sites with many refusals.
    frontier = await make()
    await frontier.add(pages("a.example", 3), now=0)
    (first,) = await frontier.claim(10, now=0)
    await settle(frontier, [first], 10, started_at=5)
    (second,) = await frontier.claim(10, now=1_005)
    refused = result(second, "dead", reason="robots")
    await frontier.commit(Batch(results=[refused], notes=[note(second, None)]), now=1_010)
    assert len(await frontier.claim(10, now=1_010)) == 1


async def test_hosts_take_turns_by_how_long_they_have_waited(make):
    # Else a giant host, or a fixed order, starves the rest.
    frontier = await make(delay_ms=0, per_host=1)
    await frontier.add(pages("giant.example", 100), now=0)
    await frontier.add([link for n in range(6) for link in pages(f"h{n}.example", 2)], now=1)
    seen = []
    for now in range(10, 20):
        items = await frontier.claim(2, now=now)
        seen += [item.host for item in items]
        await settle(frontier, items, now)
    assert sorted(seen[:7]) == sorted(["giant.example", *(f"h{n}.example" for n in range(6))])
    assert seen.count("giant.example") <= 10


async def test_a_claim_is_shared_between_hosts_without_delay(make):
    # The first host would take all of it.
    frontier = await make(delay_ms=0, per_host=50)
    await frontier.add(pages("a.example", 100) + pages("b.example", 100), now=0)
    hosts = [item.host for item in await frontier.claim(20, now=0)]
    assert (hosts.count("a.example"), hosts.count("b.example")) == (10, 10)


async def test_priority_then_age_within_a_host(make):
    # A redirect target or a person's seed would wait behind everything else.
    frontier = await make(delay_ms=0)
    await frontier.add(links("https://a.example/old", priority=5), now=0)
    await frontier.add(links("https://a.example/new", priority=5), now=1)
    await frontier.add(links("https://a.example/urgent", priority=1), now=2)
    urls = [item.url.rpartition("/")[2] for item in await frontier.claim(10, now=3)]
    assert urls == ["urgent", "old", "new"]


async def test_leasing_ahead_without_delay_is_bounded(make):
    # Unbounded, a slow host would fill the queue; too small, a fast host would wait for commits.
    frontier = await make(delay_ms=0, per_host=4)
    await frontier.add(pages("a.example", 100), now=0)
    first = await frontier.claim(100, now=0)
    assert len(first) == 16
    assert await frontier.claim(100, now=1) == []
    more = await frontier.claim(100, now=2, ahead={first[0].host_hash: 40})
    assert len(more) == 24
    await settle(frontier, first, 3)
    # The dealer says nothing any more: back to the default, and 24 are still out.
    assert await frontier.claim(100, now=4) == []
    await settle(frontier, more[:10], 5)
    assert len(await frontier.claim(100, now=6)) == 2


async def test_a_pause_holds_a_host_back_and_others_go_on(make):
    # Retry-After must hold for the whole host, over restarts; and must not stop the crawl.
    frontier = await make()
    await frontier.add(pages("a.example", 3) + pages("b.example", 3), now=0)
    items = await frontier.claim(10, now=0)
    notes = [note(i, 0, 30_000 if i.host == "a.example" else None) for i in items]
    await frontier.commit(Batch(results=[result(i) for i in items], notes=notes), now=100)
    assert [i.host for i in await frontier.claim(10, now=29_999)] == ["b.example"]
    outlook = await frontier.outlook(now=29_999)
    assert (outlook.next_due, outlook.waiting, outlook.claimable) == (30_000, 2, 0)
    assert [i.host for i in await frontier.claim(10, now=30_000)] == ["a.example"]


async def test_pages_of_the_budget_are_exact(make):
    # With 16 in flight a budget that only counts what is done would be overrun by 16.
    frontier = await make(delay_ms=0, per_host=50, max_pages=10)
    await frontier.add(pages("a.example", 50), now=0)
    items = await frontier.claim(100, now=0)
    assert len(items) == 10
    assert await frontier.claim(100, now=1) == []
    hop, retry, dead, freed, *rest = items
    await frontier.commit(
        Batch(
            results=[
                result(hop, status=301, is_page=False),
                result(retry, "retry", at=90_000, reason="http_503", tries=1),
                result(dead, "dead", reason="robots"),
                *(result(item) for item in rest),
            ]
        ),
        now=100,
    )
    await frontier.release([freed], now=100)
    # Hop, retry, refusal and freed lease give theirs back: six pages are done, four may follow.
    items = await frontier.claim(100, now=200)
    assert len(items) == 4
    await settle(frontier, items, 300)
    assert await frontier.claim(100, now=400) == []
    outlook = await frontier.outlook(now=400)
    assert (outlook.claimable, outlook.next_at, outlook.held_by_budget) == (0, None, 37)
    assert (await counted(frontier))["pages"] == 10


async def test_pages_of_a_host_budget_are_exact(make):
    # One host out of budget must not be offered for ever, nor hold the others up.
    frontier = await make(delay_ms=0, per_host=50, max_pages_per_host=3)
    await frontier.add(pages("a.example", 10) + pages("b.example", 2), now=0)
    items = await frontier.claim(100, now=0)
    assert sorted(i.host for i in items) == ["a.example"] * 3 + ["b.example"] * 2
    hop = next(i for i in items if i.host == "a.example")
    await settle(frontier, [hop], 10, status=301, is_page=False)
    await settle(frontier, [i for i in items if i is not hop], 10)
    items = await frontier.claim(100, now=20)
    assert [i.host for i in items] == ["a.example"]
    await settle(frontier, items, 30)
    assert await frontier.claim(100, now=40) == []
    outlook = await frontier.outlook(now=40)
    assert (outlook.ready, outlook.held_by_budget, outlook.claimable) == (6, 6, 0)


async def test_nothing_is_offered_twice_while_it_is_leased(make):
    # Two readers on one URL would write two records.
    frontier = await make(delay_ms=0, per_host=100)
    await frontier.add(pages("a.example", 30), now=0)
    urls = [i.url for now in range(5) for i in await frontier.claim(10, now=now)]
    assert len(urls) == len(set(urls)) == 30


@pytest.mark.parametrize("limit", [0, -3])
async def test_a_claim_of_nothing(make, limit):
    # The dealer asks for what is missing, which may be nothing.
    frontier = await make()
    await frontier.add(pages("a.example", 1), now=0)
    assert await frontier.claim(limit, now=0) == []


async def test_reserve_takes_a_turn_of_another_host(make):
    # A robots.txt that redirects elsewhere must keep that host's delay too.
    frontier = await make()
    await frontier.add(pages("a.example", 2), now=0)
    assert await frontier.reserve("a.example", now=500) is None
    assert await frontier.reserve("a.example", now=600) == 1_500
    assert await frontier.claim(1, now=1_499) == []
    (item,) = await frontier.claim(1, now=1_500)
    assert await frontier.reserve("a.example", now=9_000) == 10_000
    # A refusal gives the item's turn back, but not the reserved one.
    await frontier.commit(
        Batch(results=[result(item, "dead", reason="robots")], notes=[note(item, None)]), now=9_000
    )
    assert await frontier.reserve("a.example", now=9_000) is None
    assert await frontier.claim(1, now=9_999) == []
    # A host that nobody has heard of has a clock from now on.
    assert await frontier.reserve("new.example", now=100) is None
    assert await frontier.reserve("new.example", now=100) == 1_100
