"""A host that fails has one request at a time, and its count holds over restarts."""

from crawler.model.result import Batch, HostNote
from tests.contract.conftest import note, pages, result

HOUR = 3_600_000


def failure(item, at, until=None):
    return HostNote(item.host_hash, at, until, failed_at=at, failure="timeout")


async def fail(frontier, items, now, until=None):
    """Put items back: their host failed. Requests side by side, one commit."""
    await frontier.commit(
        Batch(
            results=[result(i, "retry", at=now, tries=1, reason="timeout") for i in items],
            notes=[failure(items[0], now, until)],
        ),
        now=now,
    )


async def test_from_the_third_failure_on_one_lease_at_a_time(make):
    """A dead host would hold sixteen slots for a minute after each of its pauses."""
    frontier = await make(delay_ms=0, per_host=4)
    await frontier.add(pages("h", 60), now=0)
    for now in (1_000, 2_000, 3_000):
        items = await frontier.claim(8, now=now)
        assert len(items) == 8
        assert {item.host_failures for item in items} == {now // 1_000 - 1}
        await fail(frontier, items, now)
    probe = await frontier.claim(8, now=4_000)
    assert [item.host_failures for item in probe] == [3]
    assert await frontier.claim(8, now=4_000, ahead={probe[0].host_hash: 50}) == []
    assert (await frontier.outlook(now=4_000)).claimable == 0
    answer = note(probe[0], 4_000)._replace(answered=True)
    await frontier.commit(Batch(results=[result(probe[0])], notes=[answer]), now=5_000)
    well = await frontier.claim(8, now=5_000)
    assert [item.host_failures for item in well] == [0] * 8


async def test_a_pause_and_the_count_survive_a_restart(make):
    """Each start would try a dead host three times anew, at once."""
    frontier = await make(delay_ms=0)
    await frontier.add(pages("h", 9), now=0)
    for now in (1_000, 2_000, 3_000):
        await fail(frontier, await frontier.claim(1, now=now), now, until=now)
    (probe,) = await frontier.claim(1, now=4_000)
    await fail(frontier, [probe], 4_000, until=4_000 + HOUR)
    await frontier.recover(now=5_000)
    assert await frontier.claim(9, now=3_900 + HOUR) == []
    (host,) = await frontier.hosts(now=5_000, limit=9)
    assert (host.failures_in_row, host.last_failure) == (4, "timeout")
    (again,) = await frontier.claim(9, now=4_000 + HOUR)
    assert again.host_failures == 4


async def test_rounds_that_end_within_one_batch_count(make):
    """A reader that saw three rounds in 25 ms would be told that there was one."""
    frontier = await make(delay_ms=0)
    await frontier.add(pages("h", 9), now=0)
    (item,) = await frontier.claim(1, now=1_000)
    seen = failure(item, 1_000)._replace(failures=3)
    back = result(item, "retry", at=1_000, tries=1, reason="timeout")
    await frontier.commit(Batch(results=[back], notes=[seen]), now=1_000)
    (host,) = await frontier.hosts(now=1_000, limit=9)
    assert host.failures_in_row == 3
