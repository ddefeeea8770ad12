"""Visits: when what is done becomes ready again, in which order, and what it counts as."""

from crawler.model.result import Batch, PartMark
from crawler.ports import HostTerms
from tests.contract.conftest import counted, links, note, pages, result, rules, settle

DAY = 86_400_000
ON = {"recrawl_ms": 7 * DAY, "recrawl_min_ms": DAY, "delay_ms": 0}


async def visited(frontier, count=3, now=0, due=7 * DAY, **more):
    """Add pages and visit them once."""
    await frontier.add(pages("a.example", count), now=now)
    items = await frontier.claim(100, now=now)
    await settle(frontier, items, now, due_at=due, interval_ms=7 * DAY, **more)
    return items


async def test_nothing_is_visited_again_unless_asked(make):
    frontier = await make(delay_ms=0)
    await visited(frontier, due=None)
    assert await frontier.tick(now=400 * DAY, visits_until=400 * DAY) == 0
    assert (await frontier.outlook(now=0)).next_visit is None


async def test_what_is_due_becomes_ready_and_no_more(make):
    """A visit before its time breaks the promise to the site, a late one that to the user."""
    frontier = await make(**ON)
    first, *_ = await visited(frontier)
    look = await frontier.outlook(now=0)
    assert (look.later, look.next_visit) == (3, 7 * DAY)
    assert await frontier.tick(now=7 * DAY) == 0  # whoever does not ask for visits has none
    assert await frontier.tick(now=7 * DAY - 1, visits_until=7 * DAY - 1) == 0
    assert await frontier.tick(now=7 * DAY, visits_until=7 * DAY) == 3
    counters = await counted(frontier)
    assert (counters["ready"], counters["again"], counters.get("later", 0)) == (3, 3, 0)
    (again, *_) = await frontier.claim(1, now=7 * DAY)
    assert (again.url, again.visit, again.interval_ms) == (first.url, 2, 7 * DAY)
    assert (await frontier.outlook(now=7 * DAY)).later == 0


async def test_what_a_visit_found_comes_with_the_next_item(make):
    frontier = await make(**ON)
    await visited(frontier, 1, etag='"e"', last_modified="then", content_hash=b"h" * 32, misses=1)
    await frontier.tick(now=7 * DAY, visits_until=7 * DAY)
    (item,) = await frontier.claim(9, now=7 * DAY)
    assert (item.etag, item.last_modified, item.content_hash) == ('"e"', "then", b"h" * 32)
    assert item.misses == 1


async def test_never_seen_urls_come_first_then_the_longest_due(make):
    """New pages of a site would wait for all its old ones, and the oldest for ever."""
    frontier = await make(**ON)
    await frontier.add(links(*(f"https://a.example/{n}" for n in range(3))), now=0)
    for n, item in enumerate(await frontier.claim(9, now=0)):
        await settle(frontier, [item], 0, due_at=(9 - n) * DAY)
    await frontier.tick(now=9 * DAY, visits_until=9 * DAY)
    await frontier.add(links("https://a.example/new", priority=9), now=9 * DAY)
    items = await frontier.claim(9, now=9 * DAY)
    assert [item.url[-1] for item in items] == ["w", "2", "1", "0"]


async def test_waking_goes_in_steps(make):
    """A million pages that are due at once must not block every reader for seconds."""
    frontier = await make(**ON)
    await visited(frontier, 5)
    assert await frontier.tick(now=8 * DAY, limit=2, visits_until=8 * DAY) == 2
    assert (await counted(frontier))["later"] == 3


async def test_a_page_counts_once_however_often_it_is_visited(make):
    """A budget of pages would be used up by the pages that are there already."""
    frontier = await make(max_pages=3, **ON)
    await visited(frontier, 5)
    now = 0
    for visit in (2, 3):
        now += 7 * DAY
        await frontier.tick(now=now, visits_until=now)
        look = await frontier.outlook(now=now)
        assert (look.claimable, look.held_by_budget) == (1, 2)
        items = await frontier.claim(9, now=now)
        assert [item.visit for item in items] == [visit] * 3
        await settle(frontier, items, now, due_at=now + 7 * DAY)
    counters = await counted(frontier)
    assert (counters["records"], counters["pages"], counters["ready"]) == (9, 3, 2)


async def test_a_host_whose_budget_is_used_up_is_visited_again_all_the_same(make):
    frontier = await make(max_pages_per_host=2, **ON)
    await frontier.add(pages("a.example", 4), now=0)
    items = await frontier.claim(9, now=0)
    assert len(items) == 2
    await settle(frontier, items, 0, due_at=DAY)
    assert await frontier.claim(9, now=0) == []
    await frontier.tick(now=DAY, visits_until=DAY)
    again = await frontier.claim(9, now=DAY)
    assert sorted(item.url for item in again) == sorted(item.url for item in items)
    await settle(frontier, again, DAY, status=301, is_page=False)
    # They are pages no more: there is room for the others.
    assert len(await frontier.claim(9, now=DAY)) == 2


async def test_a_seed_is_final_once(make):
    """The crawl would end as one whose seeds never answered, or never end."""
    frontier = await make(**ON)
    await frontier.add(pages("a.example", 1, seed=True), now=0)
    for n, more in enumerate(({"status": None, "reason": "timeout"}, {}, {})):
        now = n * DAY
        await frontier.tick(now=now, visits_until=now)
        before = await counted(frontier)
        assert before.get("seeds_final", 0) == min(n, 1)
        items = await frontier.claim(9, now=now)
        await settle(frontier, items, now, due_at=now + DAY, **more)
        counters = await counted(frontier)
        assert (counters["seeds_final"], counters.get("seeds_answered", 0)) == (1, min(n, 1))


async def test_a_visit_is_never_due_within_the_window(make):
    frontier = await make(**ON)
    await visited(frontier, 1, now=1_000, due=1_500)
    assert (await frontier.outlook(now=0)).next_visit == 11_000


async def test_a_date_brings_a_visit_forward(make):
    """What a sitemap calls new would wait for a month."""
    frontier = await make(**ON)
    items = await visited(frontier)
    url = items[0].url
    late = [link._replace(modified_at=DAY) for link in links(url, depth=1)]
    await frontier.commit(Batch(links=late), now=2 * DAY)
    (item,) = await frontier.claim(9, now=2 * DAY)
    assert (item.url, item.visit) == (url, 2)


async def test_a_date_that_lies_costs_little(make):
    """A sitemap that calls everything new, always, would have its site fetched without end."""
    frontier = await make(**ON)
    items = await visited(frontier)

    def found(modified_at):
        urls = [item.url for item in items]
        return [link._replace(modified_at=modified_at) for link in links(*urls, depth=1)]

    await frontier.commit(Batch(links=found(0)), now=2 * DAY)  # older than the visit
    assert await frontier.claim(9, now=2 * DAY) == []
    await frontier.commit(Batch(links=found(DAY // 2)), now=DAY // 2)
    assert await frontier.claim(9, now=DAY // 2) == []
    assert (await frontier.outlook(now=DAY // 2)).next_visit == DAY  # the least time between two
    await frontier.tick(now=DAY, visits_until=DAY)
    assert len(await frontier.claim(9, now=DAY)) == 3


async def test_times_that_are_others_hold_from_the_last_visit_on(make):
    """Who asks for a visit each day would wait for the end of the week all the same."""
    frontier = await make(delay_ms=0)
    await frontier.recover(now=0)
    await visited(frontier, 2, now=5 * DAY, due=None)
    for recrawl_ms, due in ((3 * DAY, 8 * DAY), (2 * DAY, 7 * DAY), (None, None)):
        if hasattr(frontier, "options"):
            frontier.options = frontier.options._replace(recrawl_ms=recrawl_ms)
        else:
            frontier = await _reopened(make, frontier, recrawl_ms=recrawl_ms)
        await frontier.recover(now=6 * DAY)
        look = await frontier.outlook(now=6 * DAY)
        assert (look.next_visit, look.later) == (due, 2 if due else 0)
        await frontier.recover(now=6 * DAY)  # the same again changes nothing
        assert (await frontier.outlook(now=6 * DAY)).next_visit == due


async def test_times_that_are_others_hold_for_no_requisite(make):
    """Each change of the times would fetch every image of an archive again."""
    own = HostTerms(0, 16, None, None, DAY)
    terms_of = {"a.example": own, "b.example": None}.get
    frontier = await make(delay_ms=0)
    await frontier.recover(now=0)
    urls = [f"https://{host}.example/{name}" for host in "ab" for name in ("page", "image")]
    await frontier.add([*links(*urls[::2]), *links(*urls[1::2], kind="requisite")], now=0)
    items = await frontier.claim(9, now=0)
    done = [result(one, kind=one.kind, is_page=one.kind == "page") for one in items]
    await frontier.commit(Batch(results=done, notes=[note(one, 0) for one in items]), now=0)
    changes = {"recrawl_ms": 7 * DAY, "recrawl_by": "other", "terms_of": terms_of}
    if hasattr(frontier, "options"):
        frontier.options = frontier.options._replace(**changes)
    else:
        frontier = await _reopened(make, frontier, **changes)
    await frontier.recover(now=DAY)
    look = await frontier.outlook(now=0)
    assert (look.next_visit, look.later) == (DAY, 2)
    await frontier.tick(now=8 * DAY, visits_until=8 * DAY)
    assert {item.url for item in await frontier.claim(9, now=8 * DAY)} == {urls[0], urls[2]}


async def _reopened(make, frontier, **changes):
    """Open the store of a frontier with another time, as the next run does."""
    from crawler.frontier.sqlite import SqliteFrontier
    from tests.contract.conftest import options

    await frontier.close()
    other = SqliteFrontier(frontier._path, options(delay_ms=0, **changes))
    await other.open()
    return other


async def test_a_lost_record_is_fetched_again_under_its_number(make):
    """A second visit 2, or none, would make the output doubtful for ever."""
    frontier = await make(**ON)
    await visited(frontier, 1, etag='"e"', content_hash=b"h" * 32)
    await frontier.tick(now=7 * DAY, visits_until=7 * DAY)
    part = await frontier.new_part("reader")
    (item,) = await frontier.claim(9, now=7 * DAY)
    mark = PartMark(part.part_id, 0, 10, 1)
    done = result(item, due_at=20 * DAY, etag='"f"', content_hash=b"i" * 32)
    await frontier.commit(
        Batch(results=[done], notes=[note(item, 7 * DAY)], parts=[mark]), now=7 * DAY
    )
    part = (await frontier.parts())[-1]
    assert (await frontier.reopen(part, now=8 * DAY)).urls == 1
    counters = await counted(frontier)
    assert (counters["records"], counters.get("later", 0), counters["again"]) == (1, 0, 1)
    (item,) = await frontier.claim(9, now=8 * DAY)
    # The body is lost with the record: a 304 would be of no use.
    assert (item.visit, item.etag, item.content_hash) == (2, None, None)


async def test_a_server_that_is_down_does_not_end_the_visits(make):
    """After a bad night no page of the site would ever be visited again."""
    frontier = await make(**ON, robots=True)
    await frontier.add(pages("a.example", 6), now=0)
    (robots,) = await frontier.claim(9, now=0)
    await settle(frontier, [robots], 0)
    await settle(frontier, await frontier.claim(9, now=0), 0, due_at=DAY)
    now = 20 * DAY  # robots.txt has expired too
    await frontier.tick(now=now, visits_until=now)
    failures = 0
    while (await counted(frontier)).get("again"):
        now += 60_000
        for item in await frontier.claim(9, now=now):
            if item.kind == "robots":
                answer = rules(item, "connect", due=now + 30_000)
                await frontier.commit(Batch(rules=[answer], notes=[note(item, now)]), now=now)
                failures += 1
            else:
                assert item.verdict == "connect"
                failed = {"status": None, "reason": "connect", "due_at": now + DAY}
                await settle(frontier, [item], now, started_at=None, **failed)
        await frontier.tick(now=now)
    assert failures == 3
    counters = await counted(frontier)
    assert (counters["done"], counters["later"], counters.get("dead", 0)) == (6, 6, 0)
    # They are due again, and the origin is asked once more then.
    now += 8 * DAY
    await frontier.tick(now=now, visits_until=now)
    (robots,) = await frontier.claim(1, now=now)
    assert robots.kind == "robots"


async def test_explain_says_when(make):
    frontier = await make(**ON)
    (item,) = await visited(frontier, 1, misses=1)
    told = await frontier.explain(item.url)
    assert (told.visited_at, told.visit_due_at, told.interval_ms, told.misses) == (
        0,
        7 * DAY,
        7 * DAY,
        1,
    )
