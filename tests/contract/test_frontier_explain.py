"""What a frontier tells about one URL: enough to say why it is not fetched now."""

from crawler.model.origin import OriginState
from crawler.model.result import Batch
from tests.contract.conftest import links, note, pages, result, rules


async def test_the_gate_of_an_origin(make):
    """Rules that are missing, under way, known, expired or refused must be told apart."""
    frontier = await make(robots=True, delay_ms=0)
    await frontier.add(pages("a.example", 2), now=0)
    url = "https://a.example/0"
    assert (await frontier.explain(url)).origin is None
    (item,) = await frontier.claim(10, now=5)
    found = (await frontier.explain(url)).origin
    assert found == OriginState(None, None, None, None, 0, 0, 0, False, item.lease_until)
    allow = rules(item, "allow", status=404, expires_at=50_000)
    await frontier.commit(Batch(rules=[allow], notes=[note(item, 7)]), now=8)
    found = (await frontier.explain(url)).origin
    assert found == OriginState("allow", None, 404, 8, 50_000, 0, 0, False, None)
    (again,) = await frontier.claim(10, now=60_000)
    assert again.kind == "robots"
    defer = rules(again, "defer", status=503, due=99_000)
    await frontier.commit(Batch(rules=[defer], notes=[note(again, 60_000)]), now=60_001)
    found = (await frontier.explain(url)).origin
    assert found == OriginState(
        "allow", "defer", 503, 60_001, 50_000, 99_000, 1, False, None, 60_001
    )
    # The same for a URL that nobody knows; other origins are not touched.
    assert (await frontier.explain("https://a.example/new")).origin == found
    assert (await frontier.explain("http://a.example/0")).origin is None


async def test_what_comes_before_it(make):
    """By priority, then age, as it is claimed."""
    frontier = await make(delay_ms=0)
    await frontier.add(pages("a.example", 3), now=0)
    await frontier.add(links("https://a.example/urgent", priority=1), now=0)
    await frontier.add(pages("b.example", 3), now=0)
    ahead = [(await frontier.explain(f"https://a.example/{n}")).ahead for n in (0, 1, 2)]
    assert ahead == [1, 2, 3]
    assert (await frontier.explain("https://a.example/urgent")).ahead == 0
    items = await frontier.claim(1, now=0)
    assert (await frontier.explain(items[0].url)).ahead == 0


async def test_seeds_chains_and_the_budget_of_a_host(make):
    frontier = await make(delay_ms=0)
    await frontier.add(links("https://a.example/", seed=True), now=0)
    await frontier.add(pages("a.example", 3), now=0)
    items = await frontier.claim(3, now=0)
    hop = links("https://a.example/hop", chain=("https://a.example/0",))
    await frontier.commit(
        Batch(results=[result(items[0]), result(items[1], is_page=False)], links=hop), now=1
    )
    found = await frontier.explain("https://a.example/")
    assert (found.seed, found.chain, found.host_pages, found.host_leased) == (True, (), 1, 1)
    found = await frontier.explain("https://a.example/hop")
    assert (found.seed, found.chain) == (False, ("https://a.example/0",))
    unknown = await frontier.explain("https://a.example/unknown")
    assert (unknown.state, unknown.host_pages, unknown.host_leased) == (None, 1, 1)
    assert (await frontier.explain("https://b.example/")).host_pages == 0
