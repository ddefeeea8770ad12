"""How a lease ends: committed once, given back, run out, or lost with its reader."""

import pytest

from crawler.errors import FrontierError
from crawler.model.result import Batch, KeptBody, PartMark
from crawler.ports import CommitResult, Part
from tests.contract.conftest import counted, links, note, pages, result, rules, settle


async def test_adding_twice_changes_nothing(make):
    frontier = await make()
    assert await frontier.add(pages("a.example", 3), now=0) == (3, 0)
    assert await frontier.add(pages("a.example", 4), now=1) == (1, 3)
    assert await frontier.add(links("https://b.example/", "https://b.example/"), now=1) == (1, 1)
    assert (await counted(frontier)) == {"ready": 5}


async def test_a_known_url_can_become_a_seed(make):
    # `crawler add URL` for a page that a link had found must count as a seed of the person.
    frontier = await make()
    await frontier.add(pages("a.example", 1, depth=4), now=0)
    await frontier.add(pages("a.example", 1, seed=True), now=1)
    (item,) = await frontier.claim(5, now=2)
    assert (item.seed, item.depth) == (True, 0)
    await settle(frontier, [item], 3)
    await frontier.add(pages("a.example", 1, seed=True), now=4)
    counters = await counted(frontier)
    assert (counters["seeds"], counters["seeds_final"], counters["seeds_answered"]) == (1, 1, 1)


async def test_a_url_that_becomes_a_seed_while_leased_is_counted(make):
    frontier = await make()
    await frontier.add(pages("a.example", 1), now=0)
    items = await frontier.claim(5, now=0)
    await frontier.add(pages("a.example", 1, seed=True), now=1)
    await settle(frontier, items, 2)
    counters = await counted(frontier)
    assert (counters["seeds"], counters["seeds_final"], counters["seeds_answered"]) == (1, 1, 1)


async def test_outcomes_are_counted(make):
    frontier = await make(delay_ms=0)
    await frontier.add(pages("a.example", 6, seed=True), now=0)
    ok, missing, failed, hop, retry, dead = await frontier.claim(10, now=0)
    results = [
        result(ok, body_bytes=10, etag='"x"', last_modified="then", content_hash=b"h" * 32),
        result(missing, status=404, body_bytes=5),
        result(failed, status=None, reason="timeout"),
        result(hop, status=301, is_page=False),
        result(retry, "retry", at=50_000, reason="http_503", tries=2),
        result(dead, "dead", reason="robots"),
    ]
    found = links("https://a.example/new", "https://a.example/0", depth=1, parent=ok.ref)
    answer = await frontier.commit(
        Batch(results=results, links=found, counts={"refused:scope": 3}, roots=["https://r/"]),
        now=10,
    )
    assert answer == CommitResult(frozenset(), 1)
    assert await counted(frontier) == {
        "ready": 1,
        "done": 4,
        "waiting": 1,
        "dead": 1,
        "records": 4,
        "pages": 3,
        "failures": 1,
        "bytes": 15,
        "retries": 1,
        "seeds": 6,
        "seeds_final": 5,
        "seeds_answered": 3,
        "dead:robots": 1,
        "status:200": 1,
        "status:404": 1,
        "status:301": 1,
        "error:timeout": 1,
        "refused:scope": 3,
    }
    assert await frontier.roots() == ["https://r/"]
    (host,) = await frontier.hosts(now=10, limit=5)
    assert (host.ready, host.leased, host.done, host.waiting, host.fails) == (1, 0, 4, 1, 1)
    explained = await frontier.explain("https://a.example/new")
    assert (explained.state, explained.parents) == ("ready", ("https://a.example/0",))
    assert (await frontier.explain(retry.url)).reason == "http_503"
    assert (await frontier.explain(dead.url)).reason == "robots"
    assert (await frontier.explain("https://nowhere.example/")).state is None


async def test_a_retry_is_due_later_with_its_count(make):
    frontier = await make()
    await frontier.add(pages("a.example", 1), now=0)
    (item,) = await frontier.claim(5, now=0)
    again = result(item, "retry", at=30_000, reason="http_503", tries=2)
    await frontier.commit(Batch(results=[again], notes=[note(item, 0)]), now=100)
    assert await frontier.tick(now=29_999) == 0
    assert await frontier.claim(5, now=29_999) == []
    assert (await frontier.outlook(now=29_999)).next_due == 30_000
    assert await frontier.tick(now=30_000) == 1
    (item,) = await frontier.claim(5, now=30_000)
    assert (item.tries, item.visit) == (2, 1)


async def test_a_retry_never_comes_within_the_window(make):
    # QuasiQueue would drop the item without a word, and its lease would hang until it runs out.
    frontier = await make(delay_ms=0)
    await frontier.add(pages("a.example", 1), now=500)
    (item,) = await frontier.claim(5, now=500)
    await frontier.commit(Batch(results=[result(item, "retry", at=600, tries=1)]), now=510)
    for now in (600, 10_499):
        await frontier.tick(now=now)
        assert await frontier.claim(5, now=now) == []
    await frontier.tick(now=10_500)
    assert len(await frontier.claim(5, now=10_500)) == 1


async def test_a_lost_lease_rolls_all_back(make):
    # A late reader's page was given to another one: two records would be one too many.
    frontier = await make(delay_ms=0)
    await frontier.add(pages("a.example", 3), now=0)
    part = await frontier.new_part("r1")
    items = await frontier.claim(5, now=0)
    assert await frontier.release(items[:1], now=1) == 1
    (again,) = await frontier.claim(5, now=2)
    before = await counted(frontier)
    batch = Batch(
        results=[result(item) for item in items],
        links=pages("b.example", 1),
        parts=[PartMark(part.part_id, 0, 100, 3)],
        counts={"refused:scope": 1},
    )
    assert await frontier.commit(batch, now=3) == CommitResult(frozenset({items[0].lease_id}))
    assert await counted(frontier) == before
    assert [p.bytes for p in await frontier.parts()] == [0]
    await settle(frontier, [*items[1:], again], 4)
    assert (await counted(frontier))["done"] == 3
    # Settled once is settled: the same batch again is lost as a whole.
    answer = await frontier.commit(Batch(results=[result(again)]), now=5)
    assert answer.lost == {again.lease_id}


async def test_release_gives_back_what_is_still_held(make):
    frontier = await make()
    await frontier.add(pages("a.example", 2), now=0)
    (item,) = await frontier.claim(5, now=0)
    assert await frontier.release([item], now=5_000) == 1
    assert await frontier.release([item], now=5_000) == 0
    # It may have been asked a moment ago: a whole delay passes; the window does not hold.
    assert await frontier.claim(5, now=5_999) == []
    (again,) = await frontier.claim(5, now=6_000)
    assert (again.url, again.lease_id != item.lease_id) == (item.url, True)
    assert await frontier.release([again], now=6_000, due=20_000) == 1
    (other,) = await frontier.claim(5, now=19_999)
    assert other.url != item.url
    await settle(frontier, [other], 20_000)
    assert await frontier.tick(now=20_000) == 1
    assert [i.url for i in await frontier.claim(5, now=21_000)] == [item.url]


async def test_a_lease_expires(make):
    # Its reader is stuck: somebody else must get the page, and the late answer must not count.
    frontier = await make()
    await frontier.add(pages("a.example", 1), now=0)
    (item,) = await frontier.claim(5, now=0)
    assert await frontier.tick(now=59_999) == 0
    assert await frontier.tick(now=60_000) == 1
    assert (await frontier.outlook(now=60_000)).leased == 0
    assert await frontier.claim(5, now=60_999) == []
    (again,) = await frontier.claim(5, now=61_000)
    answer = await frontier.commit(Batch(results=[result(item)]), now=61_001)
    assert answer.lost == {item.lease_id}
    await settle(frontier, [again], 61_002)


async def test_an_expired_lease_respects_the_window(make):
    # Not a setting anyone should have (lease > window is checked), but no drop even then.
    frontier = await make(lease_ms=2_000, window_ms=10_000)
    await frontier.add(pages("a.example", 1), now=0)
    await frontier.claim(5, now=0)
    assert await frontier.tick(now=2_000) == 1
    await frontier.tick(now=9_999)
    assert await frontier.claim(5, now=9_999) == []
    await frontier.tick(now=10_000)
    assert len(await frontier.claim(5, now=10_000)) == 1


async def test_tick_moves_a_bounded_number(make):
    # A day's deferrals may come due at once; the parent must not stall on them.
    frontier = await make(delay_ms=0, per_host=50)
    await frontier.add(pages("a.example", 20), now=0)
    items = await frontier.claim(50, now=0)
    await frontier.release(items, now=0, due=5_000)
    if type(frontier).__name__ != "MemoryFrontier":
        assert [await frontier.tick(now=5_000, limit=8) for _ in range(4)] == [8, 8, 4, 0]


async def test_crashes_back_off_then_alone_then_crashed(make):
    # A page that kills its reader must not kill readers for ever, nor be blamed for a neighbour.
    frontier = await make(delay_ms=0)
    await frontier.add(pages("a.example", 1), now=0)
    now, seen = 0, []
    for crash in range(1, 5):
        (item,) = await frontier.claim(5, now=now)
        seen.append((item.alone, item.verdict))
        assert await frontier.release([item], now=now, crashed=[item.lease_id]) == 1
        wait = 500 << crash
        await frontier.tick(now=now + wait - 1)
        assert await frontier.claim(5, now=now + wait - 1) == []
        now += wait
        await frontier.tick(now=now)
    assert seen == [(False, None), (False, None), (True, None), (True, None)]
    (item,) = await frontier.claim(5, now=now)
    assert (item.alone, item.verdict) == (False, "crashed")
    assert (await frontier.explain(item.url)).crashes == 4
    await settle(frontier, [item], now, status=None, reason="crashed")


async def test_only_those_named_count_as_crashed(make):
    frontier = await make(delay_ms=0)
    await frontier.add(pages("a.example", 2), now=0)
    one, two = await frontier.claim(5, now=0)
    assert await frontier.release([one, two], now=0, crashed={one.lease_id}) == 2
    assert (await frontier.explain(one.url)).crashes == 1
    assert (await frontier.explain(two.url)).crashes == 0


async def test_links_too_deep_are_refused_once_and_revived_by_a_shallower_sighting(make):
    # Whichever page is read first must not decide what belongs to the crawl.
    frontier = await make(max_depth=2, delay_ms=0)
    deep = links("https://a.example/x", depth=3)
    assert await frontier.add(deep, now=0) == (1, 0)
    assert await frontier.add(deep, now=0) == (0, 1)
    assert await counted(frontier) == {"dead": 1, "dead:depth": 1}
    assert await frontier.claim(5, now=0) == []
    await frontier.add(links("https://a.example/", depth=1), now=0)
    (page,) = await frontier.claim(5, now=0)
    found = links("https://a.example/x", depth=2, parent=page.ref)
    assert (await frontier.commit(Batch(results=[result(page)], links=found), now=1)).new_links == 0
    assert await frontier.dead_reasons() == {}
    (item,) = await frontier.claim(5, now=1)
    assert (item.url, item.depth, item.parent) == ("https://a.example/x", 2, page.url)
    # Nearer still, while it is known: only the depth changes; farther: nothing does.
    await frontier.add(links("https://a.example/x", depth=1), now=2)
    await frontier.add(links("https://a.example/x", depth=2), now=2)
    assert (await frontier.explain("https://a.example/x")).depth == 1
    assert (await counted(frontier))["leased"] == 1


async def test_parts_are_numbered_extended_and_sealed(make):
    frontier = await make(delay_ms=0)
    await frontier.add(pages("a.example", 3), now=0)
    one, two = await frontier.new_part("r1"), await frontier.new_part("r2")
    assert (one.name, two.part_id) == ("part-000001.jsonl", 2)
    item, other, last = await frontier.claim(3, now=0)
    mark = PartMark(one.part_id, 0, 100, 1)
    await frontier.commit(Batch(results=[result(item)], parts=[mark]), now=1)
    # The offset is not what this committer believes: somebody cut the file.
    with pytest.raises(FrontierError, match="part 1"):
        await frontier.commit(Batch(results=[result(other)], parts=[mark]), now=2)
    assert (await counted(frontier))["leased"] == 2
    assert await frontier.seal("r1", now=5) == [
        Part(1, "part-000001.jsonl", 100, 1, True, sealed_at=5)
    ]
    assert await frontier.seal("r1", now=5) == []
    late = PartMark(one.part_id, 100, 200, 1)
    with pytest.raises(FrontierError, match="part 1"):
        await frontier.commit(Batch(results=[result(other)], parts=[late]), now=3)
    both = [
        PartMark(two.part_id, 0, 50, 1),
        PartMark((await frontier.new_part("r2")).part_id, 0, 9, 0),
    ]
    await frontier.commit(Batch(results=[result(other)], parts=both), now=4)
    closed = PartMark(two.part_id, 50, 50, 0, sealed=True)
    await frontier.commit(Batch(results=[result(last)], parts=[closed]), now=5)
    assert [(p.bytes, p.records, p.sealed) for p in await frontier.parts()] == [
        (100, 1, True),
        (50, 1, True),
        (9, 0, False),
    ]


async def test_a_part_that_lost_bytes_is_crawled_again(make):
    # After a power loss the file may be shorter than the store knows: no page may be missing.
    frontier = await make(delay_ms=0, max_pages=2)
    await frontier.add(pages("a.example", 4, seed=True), now=0)
    part = await frontier.new_part("r1")
    one, two = await frontier.claim(2, now=0)
    batch = Batch(
        results=[result(one, body_bytes=7), result(two, status=None, reason="timeout")],
        parts=[PartMark(part.part_id, 0, 100, 2)],
    )
    await frontier.commit(batch, now=1)
    assert await frontier.claim(5, now=2) == []
    (part,) = await frontier.recover(now=3)
    assert (await frontier.reopen(part, now=3)).urls == 2
    assert await counted(frontier) == {"ready": 4, "bytes": 7, "seeds": 4}
    assert await frontier.parts() == [Part(1, "part-000001.jsonl", 0, 0, True, sealed_at=3)]
    items = await frontier.claim(5, now=4)
    assert [(i.url, i.visit) for i in items] == [(one.url, 1), (two.url, 1)]


async def test_the_end_of_the_bodies_is_fenced_like_that_of_the_lines(make):
    """Somebody else's bytes would stand where our records point."""
    frontier = await make(delay_ms=0)
    await frontier.add(pages("a.example", 2), now=0)
    part = await frontier.new_part("r1")
    one, two = await frontier.claim(2, now=0)
    mark = PartMark(part.part_id, 0, 10, 1, old_store_bytes=0, new_store_bytes=500)
    await frontier.commit(Batch(results=[result(one)], parts=[mark]), now=1)
    late = PartMark(part.part_id, 10, 20, 1, old_store_bytes=400, new_store_bytes=900)
    with pytest.raises(FrontierError, match="part 1"):
        await frontier.commit(Batch(results=[result(two)], parts=[late]), now=2)
    (sealed,) = await frontier.seal("r1", now=5)
    assert (sealed.bytes, sealed.store_bytes) == (10, 500)
    assert sealed.store_name == "part-000001.warc.gz"
    assert await frontier.recover(now=3) == [sealed]


async def test_a_body_is_known_by_the_first_that_stored_it(make):
    """Two processes may store the same body at once: both are right, one is remembered."""
    frontier = await make(delay_ms=0)
    await frontier.add(pages("a.example", 3), now=0)
    ours, theirs = await frontier.new_part("r1"), await frontier.new_part("r2")
    one, two, three = await frontier.claim(3, now=0)
    first = KeptBody(b"a" * 32, ours.part_id, 400, 90, one.ref, 7, one.url)
    again = KeptBody(b"a" * 32, theirs.part_id, 300, 80, two.ref, 8, two.url)
    other = KeptBody(b"b" * 32, theirs.part_id, 380, 70, two.ref, 8, two.url)
    for item, part, bodies in ((one, ours, [first]), (two, theirs, [again, other])):
        mark = PartMark(part.part_id, 0, 10, 1, new_store_bytes=500)
        await frontier.commit(Batch(results=[result(item)], parts=[mark], bodies=bodies), now=1)
    wanted = [b"a" * 32, b"b" * 32, b"c" * 32]
    assert await frontier.bodies(wanted) == {b"a" * 32: first, b"b" * 32: other}
    assert await frontier.bodies([]) == {}
    # A batch that is refused leaves none behind.
    stale = PartMark(ours.part_id, 0, 10, 1, new_store_bytes=500)
    new = KeptBody(b"c" * 32, ours.part_id, 500, 90, three.ref, 9, three.url)
    with pytest.raises(FrontierError):
        await frontier.commit(Batch(results=[result(three)], parts=[stale], bodies=[new]), now=2)
    assert b"c" * 32 not in await frontier.bodies(wanted)


async def test_parts_that_point_into_a_lost_one_come_back_with_it(make):
    """Their records would name bodies that are no longer there."""
    frontier = await make(delay_ms=0)
    await frontier.add(pages("a.example", 4), now=0)
    items = await frontier.claim(4, now=0)
    parts = [await frontier.new_part("r1") for _ in items]
    # The second points into the first, the third into the second; the fourth stands alone.
    for number, (item, part) in enumerate(zip(items, parts, strict=True)):
        body = KeptBody(bytes([number]) * 32, part.part_id, 400, 90, item.ref, 7, item.url)
        mark = PartMark(part.part_id, 0, 10, 1, new_store_bytes=500)
        refers_to = [parts[number - 1].part_id] if number in (1, 2) else []
        await frontier.commit(
            Batch(results=[result(item)], parts=[mark], bodies=[body], refers_to=refers_to), now=1
        )
    (first, *_) = await frontier.recover(now=2)
    lost = await frontier.reopen(first, now=2)
    assert lost.urls == 3
    assert [part.part_id for part in lost.parts] == [1, 2, 3]
    assert [part.store_bytes for part in lost.parts] == [500, 500, 500]
    assert [(p.bytes, p.store_bytes) for p in await frontier.parts()] == [
        *[(0, 0)] * 3,
        (10, 500),
    ]
    assert set(await frontier.bodies([bytes([n]) * 32 for n in range(4)])) == {bytes([3]) * 32}
    # What pointed into them is empty, so that nothing is left to come back.
    assert (await frontier.reopen(first, now=3)).parts == [(await frontier.parts())[0]]


async def test_recover_frees_everything_and_keeps_the_delay(make):
    # The last start may have been killed right after a request.
    frontier = await make(robots=True)
    await frontier.add(pages("a.example", 3) + pages("b.example", 3), now=0)
    asked = await frontier.claim(1, now=0)
    await settle(frontier, asked, 0)
    items = await frontier.claim(5, now=1_000)
    assert sorted(i.kind for i in items) == ["page", "robots"]
    await frontier.new_part("r1")
    (part,) = await frontier.recover(now=1_500)
    assert part.sealed
    counters = await counted(frontier)
    assert (counters["ready"], counters.get("leased", 0)) == (6, 0)
    assert await frontier.claim(5, now=2_499) == []
    again = await frontier.claim(5, now=2_500)
    assert sorted((i.kind, i.host) for i in again) == sorted((i.kind, i.host) for i in items)
    old = Batch(
        results=[result(i) for i in items if i.kind == "page"],
        rules=[rules(i) for i in items if i.kind == "robots"],
    )
    assert (await frontier.commit(old, now=2_600)).lost == {i.lease_id for i in items}
    assert {i.lease_id for i in again}.isdisjoint(i.lease_id for i in items)


async def test_recover_brings_absurd_times_back(make):
    # The clock was a year ahead during the last run; nothing may wait for it.
    year, month = 31_536_000_000, 31 * 24 * 3_600_000
    frontier = await make()
    await frontier.add(pages("a.example", 1) + pages("b.example", 2), now=0)
    one, two = sorted(await frontier.claim(5, now=year), key=lambda item: item.host)
    await frontier.commit(
        Batch(
            results=[result(one, "retry", at=year + 1_000_000), result(two)],
            notes=[note(one, year), note(two, year)],
        ),
        now=year,
    )
    await frontier.recover(now=1_000)
    assert len(await frontier.claim(5, now=2_000)) == 1
    assert (await frontier.outlook(now=2_000)).next_due == 1_000 + month


async def test_hosts_with_most_left_come_first(make):
    frontier = await make()
    await frontier.add(pages("a.example", 1) + pages("b.example", 5), now=0)
    assert [h.host for h in await frontier.hosts(now=0, limit=5)] == ["b.example", "a.example"]
    assert len(await frontier.hosts(now=0, limit=1)) == 1
    assert await frontier.hosts(now=0, limit=5, only_waiting=True) == []
    items = await frontier.claim(5, now=0)
    (item,) = [i for i in items if i.host == "a.example"]
    await frontier.release([item], now=0, due=9_000)
    waiting = await frontier.hosts(now=0, limit=5, only_waiting=True)
    assert [(h.host, h.waiting) for h in waiting] == [("a.example", 1)]


async def test_meta_is_kept(make):
    frontier = await make()
    assert await frontier.meta() == {}
    await frontier.set_meta({"scope": "host", "version": "1"})
    await frontier.set_meta({"version": "2"})
    assert await frontier.meta() == {"scope": "host", "version": "2"}
    await frontier.checkpoint()


async def test_an_empty_frontier_has_nothing_to_do(make):
    frontier = await make()
    assert await frontier.outlook(now=0) == (0, 0, 0, None, None, 0, 0, 0, None, 0)
    assert await frontier.claim(10, now=0) == []
    assert await frontier.tick(now=0) == 0
    assert await frontier.recover(now=0) == []
    assert await frontier.commit(Batch(), now=0) == CommitResult(frozenset())
    assert set((await frontier.counters()).values()) == {0}
