"""Sitemaps are URLs of another kind: fetched like pages, but they leave no record."""

import pytest

from crawler.model.result import Batch, PartMark
from tests.contract.conftest import counted, links, note, pages, result, rules, settle


def sitemaps(*urls, **more):
    return links(*urls, kind="sitemap", **more)


async def test_one_address_can_be_page_and_sitemap(make):
    # A sitemap may be linked as a page; neither must hide the other.
    frontier = await make(delay_ms=0)
    address = "https://a.example/map"
    assert await frontier.add(sitemaps(address), now=0) == (1, 0)
    assert await frontier.add(links(address), now=0) == (1, 0)
    assert await frontier.add([*links(address), *sitemaps(address)], now=0) == (0, 2)
    items = await frontier.claim(10, now=0)
    assert {(i.kind, i.url) for i in items} == {("page", address), ("sitemap", address)}
    assert len(set(items)) == len({i.url_hash for i in items}) == 2


async def test_a_sitemap_counts_as_itself_only(make):
    # A record per sitemap would be no page of the site; `records` must equal the lines written.
    frontier = await make(delay_ms=0)
    part = await frontier.new_part("r1")
    await frontier.add(
        [
            *sitemaps("https://a.example/1", "https://a.example/2", seed=True),
            *pages("b.example", 1),
        ],
        now=0,
    )
    items = await frontier.claim(10, now=0)
    results = [
        result(i, kind=i.kind, body_bytes=9, reason="parse" if i.url.endswith("/2") else None)
        for i in items
    ]
    mark = PartMark(part.part_id, 0, 10, 1)
    await frontier.commit(Batch(results=results, parts=[mark]), now=1)
    assert await counted(frontier) == {
        "done": 3,
        "sitemaps": 2,
        "sitemap_failures": 1,
        "records": 1,
        "pages": 1,
        "bytes": 9,
        "status:200": 1,
    }
    (a, b) = sorted(await frontier.hosts(now=1, limit=5), key=lambda state: state.host)
    assert (a.done, a.fails, b.done) == (2, 0, 1)
    # The part's records are lost; the sitemaps were never in it.
    assert (await frontier.reopen(part, now=2)).urls == 1
    assert (await counted(frontier))["sitemaps"] == 2


async def test_pages_of_a_sitemap_name_it_as_their_parent(make):
    # `explain` must be able to say where a page that nobody links came from.
    frontier = await make(delay_ms=0)
    await frontier.add(sitemaps("https://a.example/map"), now=0)
    (item,) = await frontier.claim(10, now=0)
    found = links("https://a.example/page", parent=item.ref)
    await frontier.commit(Batch(results=[result(item, kind="sitemap")], links=found), now=1)
    (page,) = await frontier.claim(10, now=1)
    assert (page.kind, page.parent) == ("page", "https://a.example/map")
    assert (await frontier.explain(page.url)).parents == ("https://a.example/map",)
    assert (await frontier.explain(item.url)).state == "done"


async def test_it_is_known_which_pages_sitemaps_name(make):
    # An audit would call a page missing from the sitemap because a link to it was seen first.
    frontier = await make(delay_ms=0)
    await frontier.add(sitemaps("https://a.example/map"), now=0)
    await frontier.add(links("https://a.example/known", "https://a.example/other"), now=0)
    items = {item.kind: item for item in await frontier.claim(1, now=0)}
    items |= {item.kind: item for item in await frontier.claim(9, now=0)}
    found = links("https://a.example/known", "https://b.example/new", parent=items["sitemap"].ref)
    found += links("https://a.example/linked", parent=items["page"].ref)
    found += sitemaps("https://a.example/below", parent=items["sitemap"].ref)
    results = [result(items["sitemap"], kind="sitemap"), result(items["page"])]
    part = await frontier.new_part("r1")
    mark = PartMark(part.part_id, 0, 10, 1)
    named = ["https://a.example/known", "https://b.example/new", "https://b.example/refused"]
    batch = Batch(results=results, links=found, parts=[mark], listed=named)
    await frontier.commit(batch, now=1)
    listed = await frontier.listed(after=0, limit=9)
    assert [url for _, url in listed] == ["https://a.example/known", "https://b.example/new"]
    assert await frontier.listed(after=listed[0][0], limit=9) == listed[1:]
    assert await frontier.listed(after=0, limit=1) == listed[:1]


async def test_a_sitemap_asks_for_robots_first_and_waits_like_a_page(make):
    frontier = await make(robots=True)
    await frontier.add(sitemaps("https://a.example/map"), now=0)
    (robots,) = await frontier.claim(10, now=0)
    assert robots.kind == "robots"
    await frontier.commit(
        Batch(rules=[rules(robots, "defer", due=50_000)], notes=[note(robots, 0)]), now=0
    )
    assert await frontier.claim(10, now=1_000) == []
    assert (await counted(frontier))["waiting"] == 1


async def test_the_verdict_that_an_origin_owes_goes_to_a_page(make):
    # It ends in a record; a sitemap would swallow it.
    frontier = await make(robots=True)
    await frontier.add(sitemaps("https://a.example/map", priority=1), now=0)
    await frontier.add(pages("a.example", 1), now=0)
    (robots,) = await frontier.claim(10, now=0)
    await frontier.commit(Batch(rules=[rules(robots, "dns", due=50_000)]), now=0)
    (item,) = await frontier.claim(10, now=1_000)
    assert (item.kind, item.verdict) == ("page", "dns")


async def test_depth_of_pages_is_no_limit_for_sitemaps(make):
    frontier = await make(delay_ms=0, max_depth=0)
    await frontier.add(sitemaps("https://a.example/map", depth=3), now=0)
    await frontier.add(links("https://a.example/page", depth=3), now=0)
    assert [i.kind for i in await frontier.claim(10, now=0)] == ["sitemap"]
    assert await frontier.dead_reasons() == {"depth": 1}


async def test_too_many_sitemaps_of_a_host_are_refused(make):
    # An index of a million sitemaps would keep a crawl from ever reaching a page.
    frontier = await make(delay_ms=0, max_sitemaps_per_host=3)
    urls = [f"https://a.example/{n}" for n in range(5)]
    assert await frontier.add(sitemaps(*urls[:2]), now=0) == (2, 0)
    assert await frontier.add([*sitemaps(*urls), *links("https://a.example/")], now=0) == (2, 4)
    assert await frontier.add(sitemaps("https://b.example/"), now=0) == (1, 0)
    assert await counted(frontier) == {"ready": 5, "refused:sitemap_count": 2}
    assert (await frontier.explain(urls[2])).state == "ready"
    assert (await frontier.explain(urls[3])).state is None


@pytest.mark.parametrize("outcome", ["retry", "dead"])
async def test_a_sitemap_may_be_put_off_or_refused(make, outcome):
    frontier = await make()
    await frontier.add(sitemaps("https://a.example/map"), now=0)
    (item,) = await frontier.claim(10, now=0)
    await frontier.commit(
        Batch(results=[result(item, outcome, reason="http_503", at=9_000, kind="sitemap")]), now=1
    )
    expected = {"retry": {"waiting": 1, "retries": 1}, "dead": {"dead": 1, "dead:http_503": 1}}
    assert await counted(frontier) == expected[outcome]


async def test_a_sitemap_lease_can_be_released(make):
    frontier = await make()
    await frontier.add(sitemaps("https://a.example/map"), now=0)
    items = await frontier.claim(10, now=0)
    assert await frontier.release(items, now=1) == 1
    (again,) = await frontier.claim(10, now=5_000)
    await settle(frontier, [], 5_000)
    assert again == items[0]
