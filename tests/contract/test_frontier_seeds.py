"""Seeds and scope roots: what a changed mode of the scope is worked out from."""

from crawler.model.result import Batch
from tests.contract.conftest import links, settle


async def test_seeds_are_listed_whatever_has_become_of_them(make):
    """Also those that are done, and links that a later run named."""
    frontier = await make(delay_ms=0)
    await frontier.add(links("https://a/1", "https://b/2", seed=True), now=0)
    items = await frontier.claim(10, now=0)
    await settle(frontier, items, 0)
    await frontier.commit(Batch(links=links("https://a/3", "https://a/4", depth=1)), now=0)
    await frontier.add(links("https://a/4", seed=True), now=0)
    found = await frontier.seeds(after=0, limit=10)
    assert {url for _, url in found} == {"https://a/1", "https://b/2", "https://a/4"}
    refs = [ref for ref, _ in found]
    assert refs == sorted(refs)
    assert await frontier.seeds(after=0, limit=2) == found[:2]
    assert await frontier.seeds(after=refs[1], limit=2) == found[2:]
    assert await frontier.seeds(after=refs[-1], limit=2) == []


async def test_roots_are_replaced_by_others_in_their_order(make):
    frontier = await make()
    await frontier.commit(Batch(roots=["https://a/", "https://b/"]), now=0)
    await frontier.replace_roots(["https://b/x/", "https://a/"])
    assert await frontier.roots() == ["https://b/x/", "https://a/"]
    await frontier.commit(Batch(roots=["https://a/", "https://c/"]), now=0)
    assert await frontier.roots() == ["https://b/x/", "https://a/", "https://c/"]
