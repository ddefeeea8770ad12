"""Rules of the crawl change between runs: what has no outcome yet is judged anew."""

from crawler.model.result import Batch
from tests.contract.conftest import counted, links, note, pages, result, rules, settle


async def refs(frontier):
    return {row.url: row.ref for row in await frontier.undone(after=0, limit=1_000)}


async def test_what_has_no_outcome_is_listed_in_pages(make):
    frontier = await make(max_depth=1)
    await frontier.add(pages("a.example", 4, seed=True), now=0)
    await settle(frontier, await frontier.claim(1, now=0), 0)
    assert len(await frontier.claim(1, now=2_000)) == 1
    await frontier.add(links("https://b.example/", depth=2), now=0)
    await frontier.add(links("https://b.example/map", kind="sitemap"), now=0)
    rows = []
    while page := await frontier.undone(after=rows[-1].ref if rows else 0, limit=2):
        assert len(page) <= 2
        rows += page
    assert {row.url: row[2:] for row in rows} == {
        "https://a.example/2": ("page", 0, True, None),
        "https://a.example/3": ("page", 0, True, None),
        "https://b.example/": ("page", 2, False, "depth"),
        "https://b.example/map": ("sitemap", 0, False, None),
    }


async def test_what_is_refused_now_dies_and_what_is_allowed_now_lives(make):
    frontier = await make(delay_ms=0, max_depth=1)
    await frontier.add(pages("a.example", 5, seed=True), now=0)
    await frontier.add(links("https://b.example/deep", depth=2), now=0)
    done, leased, waiting = await frontier.claim(3, now=0)
    put_off = result(waiting, "retry", at=50_000, reason="http_503")
    await frontier.commit(Batch(results=[result(done), put_off]), now=1)
    known = await refs(frontier)
    rows = {row.url: row for row in await frontier.undone(after=0, limit=99)}
    assert rows[waiting.url].reason is None, "why it waits is no reason to be dead"
    verdicts = dict.fromkeys(known.values(), "scope")
    verdicts |= {done.ref: "scope", leased.ref: "scope", 999_999: "scope"}
    verdicts[known["https://b.example/deep"]] = None
    verdicts[known["https://a.example/4"]] = None  # ready already
    assert await frontier.rejudge(verdicts, now=2) == 3
    assert await counted(frontier) == {
        "ready": 2,
        "leased": 1,
        "done": 1,
        "dead": 2,
        "dead:scope": 2,
        "records": 1,
        "pages": 1,
        "status:200": 1,
        "retries": 1,
        "seeds": 5,
        "seeds_final": 3,
        "seeds_answered": 1,
    }
    state = (await frontier.explain(waiting.url)).state, (await frontier.explain(done.url)).state
    assert state == ("dead", "done")
    # A reason for what is dead already changes nothing.
    assert await frontier.rejudge({waiting.ref: "depth"}, now=3) == 0
    assert (await frontier.explain(waiting.url)).reason == "scope"
    assert await frontier.rejudge({waiting.ref: None}, now=4) == 1
    urls = {i.url for i in await frontier.claim(10, now=5)}
    assert urls == {"https://a.example/4", "https://b.example/deep", waiting.url}
    counters = await counted(frontier)
    assert (counters["seeds_final"], counters["dead:scope"]) == (2, 1)
    assert "dead:depth" not in counters


async def test_urls_of_an_origin_that_was_given_up_can_be_tried_again(make):
    # Else they would die again at the next claim.
    frontier = await make(robots=True)
    await frontier.add(pages("a.example", 5), now=0)
    now = 0
    for _ in range(3):
        await frontier.tick(now=now)
        (robots,) = await frontier.claim(9, now=now)
        lost = rules(robots, "dns", due=now + 50_000)
        await frontier.commit(Batch(rules=[lost], notes=[note(robots, None)]), now=now)
        (page,) = await frontier.claim(9, now=now)
        await settle(frontier, [page], now, started_at=None, reason="dns", status=None)
        now += 100_000
    await frontier.tick(now=now)
    assert await frontier.dead_reasons() == {"origin_unreachable": 2}
    verdicts = dict.fromkeys((await refs(frontier)).values())
    assert await frontier.rejudge(verdicts, now=now) == 2
    (robots,) = await frontier.claim(9, now=now)
    assert robots.kind == "robots"
    await settle(frontier, [robots], now)
    assert [i.kind for i in await frontier.claim(9, now=now + 1_000)] == ["page"]


async def test_the_work_survives_many_urls(make):
    frontier = await make(delay_ms=0)
    await frontier.add(pages("a.example", 3_000), now=0)
    known = await refs(frontier)
    assert len(known) == 1_000
    rows = await frontier.undone(after=0, limit=10_000)
    assert await frontier.rejudge(dict.fromkeys((r.ref for r in rows), "scope"), now=0) == 3_000
    assert await counted(frontier) == {"dead": 3_000, "dead:scope": 3_000}
    assert await frontier.claim(5, now=0) == []
