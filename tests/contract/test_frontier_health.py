"""What a host's answers say of it: failures in a row, latency, the delay that follows from it."""

from crawler.model.result import Batch, HostNote
from tests.contract.conftest import links, pages, result, rules


async def report(frontier, now, *notes, host="a.example", url="https://a.example/0"):
    """Commit notes of a host and return what the frontier then says of it."""
    key = frontier.keys.host(host) if hasattr(frontier, "keys") else frontier._keys.host(host)
    await frontier.commit(Batch(notes=[HostNote(key, None, **n) for n in notes]), now=now)
    return (await frontier.explain(url)).host


def failed(at, failure="timeout", **more):
    return {"failed_at": at, "failure": failure, **more}


async def test_requests_side_by_side_fail_once(make):
    # Sixteen requests that were out when a server stopped are one failure, not sixteen.
    frontier = await make(delay_ms=0)
    await frontier.add(pages("a.example", 1), now=0)
    assert (await report(frontier, 5_000, failed(0), failed(10))).failures_in_row == 1
    state = await report(frontier, 6_000, failed(4_999, "http_503", throttled=1))
    assert (state.failures_in_row, state.last_failure, state.throttled) == (1, "timeout", 1)
    state = await report(frontier, 7_000, failed(5_001, "http_503", throttled=2))
    assert (state.failures_in_row, state.last_failure, state.throttled) == (2, "http_503", 3)


async def test_an_answer_ends_the_row(make):
    frontier = await make(delay_ms=0)
    await frontier.add(pages("a.example", 1), now=0)
    await report(frontier, 100, failed(50))
    assert (await report(frontier, 200, failed(150))).failures_in_row == 2
    state = await report(frontier, 300, {"answered": True})
    assert (state.failures_in_row, state.last_failure) == (0, "timeout")
    # A failure from before the answer's time does not begin a new row.
    assert (await report(frontier, 310, failed(190))).failures_in_row == 0
    assert (await report(frontier, 400, failed(350))).failures_in_row == 1


async def test_order_within_a_batch_is_order_in_time(make):
    frontier = await make(delay_ms=0)
    await frontier.add(pages("a.example", 1), now=0)
    assert (await report(frontier, 100, failed(50), {"answered": True})).failures_in_row == 0
    assert (await report(frontier, 200, {"answered": True}, failed(150))).failures_in_row == 1
    both = failed(250) | {"answered": True}
    assert (await report(frontier, 300, both)).failures_in_row == 1


async def test_items_carry_the_failures_of_their_host(make):
    # The reader that fails next decides how long the host rests.
    frontier = await make(delay_ms=0, robots=True)
    await frontier.add(pages("a.example", 1), now=0)
    await report(frontier, 100, failed(50))
    await report(frontier, 200, failed(150))
    (robots,) = await frontier.claim(5, now=300)
    await frontier.commit(Batch(rules=[rules(robots)]), now=300)
    (page,) = await frontier.claim(5, now=300)
    assert (robots.kind, robots.host_failures) == ("robots", 2)
    assert (page.kind, page.host_failures) == ("page", 2)


async def test_latency_is_smoothed(make):
    frontier = await make(delay_ms=0)
    await frontier.add(pages("a.example", 1), now=0)
    assert (await report(frontier, 1, {})).latency_ms is None
    assert (await report(frontier, 1, {"latency_ms": 800})).latency_ms == 800
    assert (await report(frontier, 1, {"latency_ms": 0}, {"latency_ms": 1_600})).latency_ms == 900
    assert (await report(frontier, 1, {})).latency_ms == 900
    assert (await report(frontier, 1, {})).delay_ms == 0


async def test_a_slow_host_gets_a_longer_delay(make):
    # It is asked less the slower it answers, without anybody setting a delay.
    frontier = await make(delay_ms=0, adaptive_factor=5, adaptive_cap_ms=3_000, per_host=2)
    await frontier.add(pages("a.example", 20), now=0)
    items = await frontier.claim(20, now=0)
    assert len(items) == 8
    done = [result(i) for i in items]
    slow = HostNote(items[0].host_hash, 100, latency_ms=200)
    await frontier.commit(Batch(results=done, notes=[slow]), now=400)
    assert (await frontier.explain("https://a.example/9")).host.delay_ms == 1_000
    assert await frontier.claim(20, now=1_099) == []
    (item,) = await frontier.claim(20, now=1_100)
    assert item.delay_ms == 1_000
    slower = HostNote(item.host_hash, 1_100, latency_ms=10_000)
    await frontier.commit(Batch(results=[result(item)], notes=[slower]), now=11_100)
    state = (await frontier.explain("https://a.example/9")).host
    assert (state.delay_ms, state.latency_ms) == (3_000, 1_425)


async def test_a_fast_host_is_leased_ahead_again(make):
    frontier = await make(delay_ms=0, adaptive_factor=1, per_host=2)
    await frontier.add(pages("a.example", 20), now=0)
    assert (await report(frontier, 0, {"latency_ms": 7})).delay_ms == 7
    (item,) = await frontier.claim(20, now=10)
    await frontier.commit(Batch(results=[result(item)]), now=20)
    assert (await report(frontier, 20, {"latency_ms": 0})).delay_ms == 6
    for _ in range(6):
        state = await report(frontier, 20, {"latency_ms": 0})
    assert state.delay_ms == 0
    assert len(await frontier.claim(20, now=40)) == 8


async def test_the_longest_of_three_delays_holds(make):
    frontier = await make(delay_ms=500, robots=True, adaptive_factor=10)
    await frontier.add(pages("a.example", 3), now=0)
    (robots,) = await frontier.claim(5, now=0)
    await frontier.commit(
        Batch(
            rules=[rules(robots, "rules", crawl_delay_ms=2_000)],
            notes=[HostNote(robots.host_hash, 0, latency_ms=100)],
        ),
        now=0,
    )
    assert (await frontier.explain("https://a.example/0")).host.delay_ms == 2_000
    assert (await report(frontier, 0, {"latency_ms": 3_300})).delay_ms == 5_000
    assert (await report(frontier, 0, {})).delay_ms == 5_000
    # Rules without a Crawl-delay leave what the latency asks for.
    await frontier.add(links("http://a.example/", priority=0), now=0)
    (robots,) = await frontier.claim(5, now=5_000)
    assert (robots.kind, robots.delay_ms) == ("robots", 5_000)
    await frontier.commit(Batch(rules=[rules(robots)]), now=5_000)
    assert (await report(frontier, 5_000, {})).delay_ms == 5_000


async def test_new_rules_without_crawl_delay_leave_a_slow_host_slow(make):
    frontier = await make(delay_ms=0, robots=True, adaptive_factor=10)
    await frontier.add(pages("a.example", 3), now=0)
    (robots,) = await frontier.claim(5, now=0)
    await report(frontier, 0, {"latency_ms": 300})
    await frontier.commit(Batch(rules=[rules(robots)]), now=10)
    assert (await frontier.explain("https://a.example/0")).host.delay_ms == 3_000


async def test_a_failure_counts_by_its_beginning_not_by_its_place_in_the_batch(make):
    frontier = await make(delay_ms=0)
    await frontier.add(pages("a.example", 1), now=0)
    await report(frontier, 100, failed(50))
    state = await report(frontier, 300, failed(200, "reset"), failed(90, "tls"))
    assert (state.failures_in_row, state.last_failure) == (2, "reset")


async def test_a_clock_that_went_back_does_not_hide_failures(make):
    # The machine's clock was an hour ahead when the host failed last.
    frontier = await make(delay_ms=0, robots=True, unreachable_robots_ms=1_000)
    await frontier.add(pages("a.example", 1), now=3_600_000)
    (robots,) = await frontier.claim(5, now=3_600_000)
    await report(frontier, 3_600_000, failed(3_600_000))
    await frontier.commit(Batch(rules=[rules(robots, "defer")]), now=3_600_000)
    await frontier.recover(now=5_000)
    assert (await frontier.explain("https://a.example/0")).origin.failing_since == 5_000
    assert (await report(frontier, 6_000, failed(5_500))).failures_in_row == 2
