"""robots.txt comes before any page of its origin, once for all who wait."""

from crawler.model.result import Batch
from tests.contract.conftest import counted, links, note, pages, result, rules, settle


async def ask(frontier, now, verdict, limit=10, started_at=-1, **more):
    """Claim the one robots item that is due and settle it."""
    (item,) = await frontier.claim(limit, now=now)
    assert item.kind == "robots"
    start = now if started_at == -1 else started_at
    await frontier.commit(
        Batch(rules=[rules(item, verdict, **more)], notes=[note(item, start)]), now=now
    )
    return item


async def test_the_gate_opens_once_rules_are_there(make):
    # A page fetched before robots.txt has been read may be a forbidden one.
    frontier = await make(robots=True, delay_ms=0)
    await frontier.add(pages("a.example", 5), now=0)
    (item,) = await frontier.claim(10, now=0)
    assert (item.kind, item.url) == ("robots", "https://a.example/robots.txt")
    assert (item.tries, item.visit, item.rules_version) == (0, 1, 0)
    assert await frontier.claim(10, now=10_000) == []
    await frontier.commit(
        Batch(rules=[rules(item, "rules", body=b"User-agent: *", status=200)]), now=20_000
    )
    items = await frontier.claim(10, now=20_000)
    assert [(i.kind, i.rules_version) for i in items] == [("page", 1)] * 5
    stored = await frontier.rules("https://a.example")
    assert (stored.verdict, stored.body, stored.version) == ("rules", b"User-agent: *", 1)
    assert await frontier.rules("https://other.example") is None


async def test_robots_takes_the_slot_and_the_delay(make):
    # It is a request to the host like any other.
    frontier = await make(robots=True)
    await frontier.add(pages("a.example", 5), now=0)
    (item,) = await frontier.claim(10, now=0)
    await settle(frontier, [item], 200, started_at=100)
    assert await frontier.claim(10, now=1_099) == []
    assert [i.kind for i in await frontier.claim(10, now=1_100)] == ["page"]


async def test_two_origins_of_one_host_have_rules_of_their_own(make):
    # http and https share the clock, not the rules.
    frontier = await make(robots=True, delay_ms=0)
    await frontier.add(links("https://a.example/", "http://a.example/"), now=0)
    assert (await ask(frontier, 0, "allow")).url == "https://a.example/robots.txt"
    (page,) = await frontier.claim(10, now=1)
    assert page.url == "https://a.example/"
    assert (await ask(frontier, 2, "allow")).url == "http://a.example/robots.txt"
    assert [i.url for i in await frontier.claim(10, now=3)] == ["http://a.example/"]


async def test_expired_rules_are_asked_for_again(make):
    # Rules are good for a day at most; a crawl may take weeks.
    frontier = await make(robots=True)
    await frontier.add(pages("a.example", 5), now=0)
    await ask(frontier, 0, "allow", expires_at=50_000)
    (page,) = await frontier.claim(10, now=49_999)
    await settle(frontier, [page], 50_000)
    item = await ask(frontier, 51_000, "rules", body=b"", expires_at=99_000)
    assert (item.kind, item.rules_version) == ("robots", 1)
    (page,) = await frontier.claim(10, now=52_000)
    assert page.rules_version == 2


async def test_a_lost_server_is_asked_for_its_rules_before_anything_else(make):
    # Else an outage of a minute would turn every URL of the host into an error record.
    frontier = await make(robots=True, delay_ms=0)
    await frontier.add(pages("a.example", 5), now=0)
    await ask(frontier, 0, "allow", expires_at=900_000)
    (first, *rest) = await frontier.claim(2, now=1_000)
    lost = note(first, 1_000)._replace(paused_until=11_000, server_lost=True)
    answer = await frontier.commit(
        Batch(results=[result(first, reason="connect", status=None)], notes=[lost]), now=2_000
    )
    assert not answer.lost
    await settle(frontier, rest, 2_100)
    assert await frontier.claim(10, now=10_999) == []
    await ask(frontier, 11_000, "connect", due=500_000, started_at=None)
    (page,) = await frontier.claim(10, now=11_001)
    assert (page.kind, page.verdict) == ("page", "connect")


async def test_links_found_while_robots_is_asked_for_just_queue(make):
    frontier = await make(robots=True, delay_ms=0)
    await frontier.add(pages("a.example", 1), now=0)
    (item,) = await frontier.claim(10, now=0)
    await frontier.add(pages("a.example", 5), now=1)
    assert await frontier.claim(10, now=2) == []
    await settle(frontier, [item], 3)
    assert len(await frontier.claim(10, now=4)) == 5


async def test_a_deferred_origin_lets_its_urls_wait(make):
    # A 5xx for robots.txt means: nothing of this origin now; all of it later.
    frontier = await make(robots=True, delay_ms=0, per_host=60)
    await frontier.add(pages("a.example", 250) + links("http://a.example/x"), now=0)
    await ask(frontier, 0, "defer", status=503, due=100_000)
    # At most 100 a claim, so that no claim takes long; the other origin comes after them.
    kinds = []
    for now in (1, 2, 3):
        kinds += [i.url for i in await frontier.claim(10, now=now)]
    assert kinds == ["http://a.example/robots.txt"]
    assert (await counted(frontier))["waiting"] == 250
    outlook = await frontier.outlook(now=10)
    assert (outlook.next_due, outlook.waiting) == (100_000, 250)
    assert (await frontier.explain("https://a.example/7")).due_at == 100_000
    assert (await frontier.explain("https://a.example/7")).origin_verdict == "defer"
    assert await frontier.tick(now=99_999) == 1  # the other origin's lease ran out
    assert await frontier.tick(now=100_000) == 250
    item = next(i for i in await frontier.claim(10, now=100_000) if i.kind == "robots")
    assert (item.url, item.tries) == ("https://a.example/robots.txt", 1)


async def test_an_origin_without_address_answers_for_one_url_at_a_time(make):
    # Waiting for ever would hide that the host is gone; giving all up at once would be rash.
    frontier = await make(robots=True)
    await frontier.add(pages("a.example", 5), now=0)
    records = []
    due = 0
    for attempt in range(3):
        await frontier.tick(now=due)
        item = await ask(frontier, due, "dns", due=due + 100_000)
        assert item.tries == attempt
        # No request is made for it, so no delay is needed before it.
        (page,) = await frontier.claim(10, now=due)
        assert (page.kind, page.verdict) == ("page", "dns")
        await settle(frontier, [page], due, started_at=None, status=None, reason="dns")
        records.append(page.url)
        if attempt < 2:
            assert await frontier.claim(10, now=due + 5_000) == []
        due += 100_000
    assert len(set(records)) == 3
    await frontier.tick(now=due)
    assert await frontier.claim(10, now=due) == []
    assert await frontier.dead_reasons() == {"origin_unreachable": 2}
    # What is found later dies too, when a claim meets it.
    await frontier.add(links("https://a.example/late", seed=True), now=due)
    assert await frontier.claim(10, now=due) == []
    assert (await frontier.explain("https://a.example/late")).reason == "origin_unreachable"
    counters = await counted(frontier)
    assert (counters["error:dns"], counters["seeds_final"]) == (3, 1)


async def test_a_success_between_failures_starts_the_count_over(make):
    frontier = await make(robots=True, delay_ms=0)
    await frontier.add(pages("a.example", 20), now=0)
    now = 0
    for verdict in ("blocked_address", "tls", "allow", "connect", "connect"):
        await frontier.tick(now=now)
        more = {"expires_at": now + 20_000} if verdict == "allow" else {"due": now + 50_000}
        await ask(frontier, now, verdict, **more)
        items = await frontier.claim(1, now=now)
        await settle(frontier, items, now, started_at=None)
        now += 100_000
    assert await frontier.dead_reasons() == {}


async def test_a_dead_origin_leaves_the_other_one_of_its_host_alone(make):
    # http may refuse connections where https serves.
    frontier = await make(robots=True)
    await frontier.add(links("http://a.example/1", "http://a.example/2"), now=0)
    await frontier.add(pages("a.example", 2), now=0)
    await ask(frontier, 0, "connect", due=500_000, started_at=None)
    (item,) = await frontier.claim(10, now=0)
    assert (item.url, item.verdict) == ("http://a.example/1", "connect")
    await settle(frontier, [item], 0, started_at=None, reason="connect", status=None)
    assert (await ask(frontier, 1_000, "allow")).url == "https://a.example/robots.txt"
    (item,) = await frontier.claim(10, now=2_000)
    assert (item.url, item.verdict) == ("https://a.example/0", None)


async def test_a_crawl_delay_lengthens_the_hosts_delay(make):
    frontier = await make(robots=True)
    await frontier.add(pages("a.example", 5), now=0)
    await ask(frontier, 0, "rules", body=b"", crawl_delay_ms=5_000)
    assert await frontier.claim(10, now=4_999) == []
    (item,) = await frontier.claim(10, now=5_000)
    assert item.delay_ms == 5_000
    await settle(frontier, [item], 5_100)
    assert await frontier.claim(10, now=10_099) == []
    assert len(await frontier.claim(10, now=10_100)) == 1


async def test_a_crawl_delay_ends_leasing_ahead(make):
    frontier = await make(robots=True, delay_ms=0)
    await frontier.add(pages("a.example", 5), now=0)
    await ask(frontier, 0, "rules", body=b"", crawl_delay_ms=2_000)
    assert len(await frontier.claim(10, now=2_000)) == 1
    assert await frontier.claim(10, now=9_000) == []


async def test_robots_items_count_in_no_budget(make):
    frontier = await make(robots=True, max_pages=1, max_pages_per_host=1)
    await frontier.add(pages("a.example", 2), now=0)
    (item,) = await frontier.claim(10, now=0)
    counters = await counted(frontier)
    assert (counters["leased"], counters["leased_robots"]) == (1, 1)
    await settle(frontier, [item], 0)
    assert [i.kind for i in await frontier.claim(10, now=1_000)] == ["page"]


async def test_a_robots_lease_is_fenced_and_can_be_released(make):
    # A reader that was given up may still answer; its rules must not count.
    frontier = await make(robots=True)
    await frontier.add(pages("a.example", 2), now=0)
    (old,) = await frontier.claim(10, now=0)
    assert await frontier.release([old], now=100) == 1
    assert await frontier.claim(10, now=1_099) == []
    (new,) = await frontier.claim(10, now=1_100)
    assert new.kind == "robots"
    answer = await frontier.commit(Batch(rules=[rules(old)]), now=1_200)
    assert answer.lost == {old.lease_id}
    assert await frontier.rules("https://a.example") is None
    assert await frontier.release([old], now=1_300) == 0
    await settle(frontier, [new], 1_300)
    assert (await counted(frontier)).get("leased", 0) == 0


async def test_a_robots_lease_expires(make):
    frontier = await make(robots=True)
    await frontier.add(pages("a.example", 2), now=0)
    (old,) = await frontier.claim(10, now=0)
    assert await frontier.tick(now=59_999) == 0
    assert await frontier.tick(now=60_000) == 1
    (new,) = await frontier.claim(10, now=61_000)
    assert new.kind == "robots"
    assert new.lease_id != old.lease_id


async def test_rules_are_not_asked_for_again_within_the_window(make):
    # QuasiQueue's window would drop the item, and its lease would hang.
    frontier = await make(robots=True, delay_ms=0)
    await frontier.add(pages("a.example", 3), now=0)
    await ask(frontier, 0, "defer", due=10)
    await frontier.claim(10, now=20)
    await frontier.tick(now=9_999)
    assert await frontier.claim(10, now=9_999) == []
    await frontier.tick(now=10_000)
    assert [i.kind for i in await frontier.claim(10, now=10_000)] == ["robots"]


async def test_a_verdict_page_needs_no_valid_rules_elsewhere(make):
    # The owed record is written even when the origin is given up at once.
    frontier = await make(robots=True)
    await frontier.add(pages("a.example", 1), now=0)
    await ask(frontier, 0, "connect", due=900_000)
    (page,) = await frontier.claim(10, now=0)
    await frontier.commit(Batch(results=[result(page, status=None, reason="connect")]), now=1)
    outlook = await frontier.outlook(now=1)
    assert (outlook.ready, outlook.leased, outlook.waiting) == (0, 0, 0)


DAY = 24 * 3_600_000


async def test_rules_hold_again_after_a_month_out_of_reach(make):
    # RFC 9309: after 30 days of server errors the last rules may be used.
    frontier = await make(robots=True, unreachable_robots_ms=30 * DAY)
    await frontier.add(pages("a.example", 9), now=0)
    await ask(frontier, 0, "rules", body=b"User-agent: *", expires_at=1_000)
    url, now = "https://a.example/8", 20_000
    for day in range(31):
        await frontier.tick(now=now)
        await ask(frontier, now, "defer", status=503, due=now + DAY)
        state = (await frontier.explain(url)).origin
        assert state.failing_since == 20_000
        assert state.obstacle == ("defer" if day < 30 else None), day
        now += DAY
    now -= DAY
    assert (state.verdict, state.expires_at, state.failures) == ("rules", now + DAY, 31)
    await frontier.tick(now=now + 1_000)
    (page,) = await frontier.claim(5, now=now + 1_000)
    assert (page.kind, page.rules_version) == ("page", 1)
    assert (await counted(frontier))["robots:unreachable_allowed"] == 1
    assert (await frontier.rules("https://a.example")).body == b"User-agent: *"
    # A day later it is asked for again; one more failure, and one more day.
    await settle(frontier, [page], now + 1_000)
    now += DAY
    await ask(frontier, now, "defer", status=503, due=now + DAY)
    assert (await frontier.claim(5, now=now + 1_000))[0].kind == "page"
    assert (await counted(frontier))["robots:unreachable_allowed"] == 2


async def test_an_origin_that_never_answered_passes_without_rules(make):
    frontier = await make(robots=True, unreachable_robots_ms=DAY)
    await frontier.add(pages("a.example", 2), now=0)
    await ask(frontier, 0, "defer", due=DAY)
    await frontier.tick(now=DAY)
    await ask(frontier, DAY, "defer", due=2 * DAY)
    (page,) = await frontier.claim(5, now=DAY + 1_000)
    assert (page.kind, page.rules_version) == ("page", 1)
    assert (await frontier.rules("https://a.example"))[:3] == ("allow", None, 1)


async def test_an_answer_ends_the_outage(make):
    frontier = await make(robots=True, unreachable_robots_ms=DAY)
    await frontier.add(pages("a.example", 2), now=0)
    await ask(frontier, 0, "defer", due=DAY // 2)
    await frontier.tick(now=DAY // 2)
    await ask(frontier, DAY // 2, "rules", body=b"", expires_at=DAY)
    assert (await frontier.explain("https://a.example/0")).origin.failing_since is None
    await ask(frontier, DAY, "defer", due=2 * DAY)
    origin = (await frontier.explain("https://a.example/0")).origin
    assert (origin.obstacle, origin.failing_since) == ("defer", DAY)
