"""Requisites share their URL with pages: fetched once, in no budget of pages, a page if linked."""

import pytest

from crawler.model.result import Batch, PartMark
from tests.contract.conftest import counted, links, note, pages, result, rules

IMAGE = "https://a.example/image.png"


def requisites(*urls, depth=0, priority=2, **more):
    return links(*urls, depth=depth, kind="requisite", priority=priority, **more)


async def fetched(frontier, item, now=1, **more):
    more = {"is_page": False} | more if item.kind == "requisite" else more
    one = result(item, kind=item.kind, **more)
    answer = await frontier.commit(Batch(results=[one], notes=[note(item, now)]), now=now)
    assert not answer.lost


async def only(frontier, now=0, count=10):
    (item,) = await frontier.claim(count, now=now)
    return item


async def test_a_requisite_is_one_url_with_the_page_of_its_address(make):
    """Two keys would fetch the image that a page both shows and links twice."""
    frontier = await make(delay_ms=0)
    assert await frontier.add([*links(IMAGE), *requisites(IMAGE)], now=0) == (1, 1)
    assert await frontier.add(requisites(IMAGE), now=0) == (0, 1)
    item = await only(frontier)
    # It is a page, but comes as early as the requisite would have.
    assert (item.kind, item.priority) == ("page", 2)


async def test_a_requisite_counts_as_itself(make):
    """A budget of pages that images use up would end a crawl after its first pages."""
    frontier = await make(delay_ms=0, requisites=True)
    part = await frontier.new_part("r1")
    await frontier.add([*requisites(IMAGE), *pages("b.example", 1)], now=0)
    items = await frontier.claim(10, now=0)
    assert {item.kind for item in items} == {"page", "requisite"}
    results = [result(i, kind=i.kind, body_bytes=9, is_page=i.kind == "page") for i in items]
    await frontier.commit(Batch(results=results, parts=[PartMark(part.part_id, 0, 10, 2)]), now=1)
    expected = {
        "done": 2,
        "records": 2,
        "pages": 1,
        "requisites": 1,
        "requisites_found": 1,
        "bytes": 18,
        "status:200": 2,
    }
    assert await counted(frontier) == expected
    # Both records stood in the part.
    assert (await frontier.reopen(part, now=2)).urls == 2
    lost = await counted(frontier)
    assert (lost["ready"], lost.get("records"), lost.get("requisites")) == (2, None, None)


async def test_requisites_are_claimed_when_the_budget_of_pages_is_used_up(make):
    """The last pages of a crawl would be the ones without images."""
    frontier = await make(delay_ms=0, max_pages=1, requisites=True)
    await frontier.add([*pages("a.example", 3)], now=0)
    first = await only(frontier)
    await frontier.add(requisites(IMAGE, "https://cdn.example/x.css"), now=0)
    # A page is under way: there is no room for another.
    early = await frontier.claim(10, now=0)
    assert [item.kind for item in early] == ["requisite"] * 2
    await fetched(frontier, first)
    for item in early:
        await fetched(frontier, item)
    assert await frontier.claim(10, now=2) == []
    await frontier.add(requisites("https://a.example/late.png"), now=2)
    outlook = await frontier.outlook(now=2)
    assert (outlook.claimable, outlook.held_by_budget) == (1, 2)
    assert (await only(frontier, 2)).url == "https://a.example/late.png"


async def test_requisites_are_claimed_when_a_host_has_used_up_its_budget(make):
    frontier = await make(delay_ms=0, max_pages_per_host=1, requisites=True)
    await frontier.add([*pages("a.example", 3), *pages("b.example", 1)], now=0)
    items = await frontier.claim(10, now=0)
    assert sorted(item.host for item in items) == ["a.example", "b.example"]
    for item in items:
        await fetched(frontier, item)
    await frontier.add(requisites(IMAGE), now=1)
    outlook = await frontier.outlook(now=1)
    assert (outlook.claimable, outlook.held_by_budget) == (1, 2)
    assert (await only(frontier, 1)).url == IMAGE
    assert await frontier.claim(10, now=1) == []


async def test_a_claim_of_pages_stays_within_the_budget_beside_requisites(make):
    """The budget of pages is exact, whatever else is under way."""
    frontier = await make(delay_ms=0, max_pages=2, requisites=True)
    await frontier.add([*requisites(IMAGE), *pages("a.example", 5)], now=0)
    now = pages_done = 0
    while items := await frontier.claim(10, now=now):
        now += 1
        for item in items:
            pages_done += item.kind == "page"
            await fetched(frontier, item, now)
    assert pages_done == 2
    assert (await counted(frontier))["requisites"] == 1


async def test_robots_of_a_requisites_origin_are_asked_for_beyond_the_budget(make):
    """Else the image of another host would wait for rules that nobody asks for."""
    frontier = await make(max_pages=1, requisites=True, robots=True)
    await frontier.add(pages("a.example", 2), now=0)
    robots = await only(frontier)
    await frontier.commit(Batch(rules=[rules(robots)], notes=[note(robots, 0)]), now=0)
    await fetched(frontier, await only(frontier, 1_000), 1_000)
    await frontier.add(requisites("https://cdn.example/x.png"), now=1_000)
    robots = await only(frontier, 1_000)
    assert (robots.kind, robots.host) == ("robots", "cdn.example")
    await frontier.commit(Batch(rules=[rules(robots, "dns", due=50_000)]), now=1_000)
    item = await only(frontier, 1_001)
    assert (item.kind, item.verdict) == ("requisite", "dns")


async def test_depth_is_no_limit_for_requisites(make):
    """With depth 0 the images of the one page are wanted all the same."""
    frontier = await make(delay_ms=0, max_depth=0)
    await frontier.add(requisites(IMAGE, depth=3), now=0)
    assert (await only(frontier)).kind == "requisite"


@pytest.mark.parametrize("is_together", [True, False])
async def test_what_depth_refuses_as_a_page_may_be_a_requisite(make, is_together):
    """A link around an image, to the image, must not take it from its page."""
    frontier = await make(delay_ms=0, max_depth=0, requisites=True)
    found = [links(IMAGE, depth=1), requisites(IMAGE)]
    for batch in [[*found[0], *found[1]]] if is_together else found:
        await frontier.add(batch, now=0)
    assert await frontier.dead_reasons() == {}
    assert (await counted(frontier)) == {"ready": 1, "requisites_found": 1}
    item = await only(frontier)
    assert (item.kind, item.depth, item.priority) == ("requisite", 0, 2)
    # As a page it is still too deep.
    await frontier.add(links(IMAGE, depth=1), now=0)
    await fetched(frontier, item, leads_on=True)
    assert await frontier.claim(10, now=1) == []


async def test_a_requisite_that_waits_becomes_a_page_when_it_is_linked(make):
    """Nothing is followed from a requisite: the pages behind it would be lost."""
    frontier = await make(delay_ms=0, requisites=True)
    await frontier.add(links("https://a.example/"), now=0)
    home = await only(frontier)
    await frontier.add(requisites(IMAGE), now=0)
    await frontier.add(links(IMAGE, depth=1, parent=home.ref), now=0)
    item = await only(frontier)
    assert (item.kind, item.depth, item.parent, item.visit) == ("page", 1, home.url, 1)
    await frontier.add(requisites(IMAGE), now=0)
    await fetched(frontier, item)
    assert (await counted(frontier))["pages"] == 1
    assert await frontier.claim(10, now=2) == []


@pytest.mark.parametrize("leads_on", [True, False])
@pytest.mark.parametrize("when", ["leased", "done"])
async def test_a_fetched_requisite_is_fetched_as_a_page_if_it_leads_on(make, when, leads_on):
    """An image is not fetched again because it is linked, but a document is: for its links."""
    frontier = await make(delay_ms=0, requisites=True)
    part = await frontier.new_part("r1")
    await frontier.add(requisites(IMAGE), now=0)
    item = await only(frontier)

    async def link():
        await frontier.add(links(IMAGE, depth=1), now=1)

    if when == "leased":
        await link()
        assert await frontier.claim(10, now=1) == []
    one = result(item, kind="requisite", is_page=False, leads_on=leads_on, etag="x")
    await frontier.commit(Batch(results=[one], parts=[PartMark(part.part_id, 0, 9, 1)]), now=1)
    if when == "done":
        await link()
    if not leads_on:
        assert await frontier.claim(10, now=2) == []
        assert await counted(frontier) == {
            "done": 1,
            "records": 1,
            "requisites": 1,
            "requisites_found": 1,
            "status:200": 1,
        }
        return
    again = await only(frontier, 2)
    # Without what would make the answer "not modified", and without its links.
    assert (again.kind, again.visit, again.depth, again.etag) == ("page", 2, 1, None)
    await fetched(frontier, again, 3)
    found = await counted(frontier)
    assert (found["done"], found["records"], found["pages"], found["requisites"]) == (1, 2, 1, 1)
    assert "ready" not in found


async def test_a_link_to_a_requisite_that_was_refused(make):
    """robots.txt forbids the page just as well; what other rules refused gets its chance."""
    frontier = await make(delay_ms=0, requisites=True)
    await frontier.add(requisites(IMAGE, "https://a.example/frame"), now=0)
    (first, second) = await frontier.claim(10, now=0)
    await frontier.commit(Batch(results=[result(first, "dead", reason="robots")]), now=0)
    await frontier.release([second], now=0)
    await frontier.rejudge({second.ref: "requisites"}, now=0)
    await frontier.add(links(first.url, second.url), now=0)
    item = await only(frontier)
    assert (item.kind, item.url) == ("page", second.url)
    assert await frontier.dead_reasons() == {"robots": 1}


async def test_a_requisite_may_become_a_seed(make):
    frontier = await make(delay_ms=0, requisites=True)
    await frontier.add(requisites(IMAGE, "https://a.example/2"), now=0)
    (first, second) = await frontier.claim(10, now=0)
    await fetched(frontier, first)
    await frontier.add(links(first.url, second.url, seed=True), now=1)
    found = await counted(frontier)
    assert (found["seeds"], found["seeds_final"], found["seeds_answered"]) == (2, 1, 1)
    await fetched(frontier, second, leads_on=True)
    assert (await counted(frontier))["seeds_final"] == 1
    await fetched(frontier, await only(frontier, 2))
    found = await counted(frontier)
    assert (found["seeds"], found["seeds_final"], found["seeds_answered"]) == (2, 2, 2)


async def test_requisites_are_judged_as_what_they_are(make):
    frontier = await make(delay_ms=0)
    await frontier.add([*requisites(IMAGE), *links("https://a.example/")], now=0)
    kinds = [row.kind for row in await frontier.undone(after=0, limit=10)]
    assert kinds == ["requisite", "page"]


async def test_explain_says_what_a_url_is(make):
    """Scope refuses the image of another host; without its kind nobody knows why it was fetched."""
    frontier = await make(delay_ms=0)
    await frontier.add([*requisites(IMAGE), *links("https://a.example/")], now=0)
    assert (await frontier.explain(IMAGE)).kind == "requisite"
    assert (await frontier.explain("https://a.example/")).kind == "page"
