"""The process transport with real processes: nothing is lost, doubled, starved or left behind."""

import asyncio
import json
import logging
import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from crawler import logs
from crawler.dealer import run as run_module
from crawler.dealer.dealer import Dealer
from crawler.dealer.deck import Deck
from crawler.dealer.fleet import Fleet, ReadersBroken
from crawler.dealer.messages import ReaderEnds, Up
from crawler.dealer.queue import CrawlQueue, Ending
from crawler.dealer.wire import FrameSink
from crawler.errors import StorageError
from crawler.model.work import Item
from tests.support.dealer_node import (
    MemoryNode,
    crawl_queue,
    make_item,
    now_ms,
    plain_context,
    quick_reader,
    readers,
    sleeping_reader,
    until,
    urls,
)


@asynccontextmanager
async def running(queue: CrawlQueue) -> Any:
    """Run the queue beside the test; it is stopped at the latest when the test ends."""
    task = asyncio.ensure_future(queue.main())
    try:
        yield task
    finally:
        queue.request_stop()
        await asyncio.wait({task}, timeout=60)
    assert readers() == []


def assert_each_settled_once(node: MemoryNode) -> None:
    assert len(node.settled_urls) == node.total
    assert set(node.settled_urls.values()) == {1}
    assert node.leased == {}
    assert node.drops == []


async def test_all_items_of_a_crawl_are_settled_once() -> None:
    node = MemoryNode(urls(3000))
    ending = await crawl_queue(node).main()
    assert ending == Ending("finished")
    assert_each_settled_once(node)
    assert readers() == []


async def test_the_writer_is_never_asked_for_more_than_it_may_yield() -> None:
    """Overshooting `desired` would mark items in the window that were never queued."""
    node = MemoryNode(urls(1000))
    await crawl_queue(node, lookup_block_size=70).main()
    assert max(node.desired) <= 70


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "busy"])
async def test_killed_readers_are_replaced_and_nothing_is_lost(
    busy: bool, rounds: Callable[[int, int], int]
) -> None:
    """A kill that took a lock with it would starve the others; unknown items would be lost."""
    random.seed(7)
    kills = rounds(20, 200)
    node = MemoryNode(urls(100_000 if busy else 0, hosts=50))
    node.keep_running = True
    queue = crawl_queue(node, sleeping_reader(0.02), per_host=100)
    async with running(queue):
        for _ in range(kills):
            alive = await until(lambda: len(pids := readers()) == 2 and pids)
            if busy:
                settled = len(node.settled_urls)
                await until(lambda: len(node.settled_urls) > settled + 50)  # noqa: B023
            victim = random.choice(alive)
            os.kill(victim, signal.SIGKILL)
            await until(lambda: victim not in readers())  # noqa: B023
        if busy:
            node.total -= len(node.ready) + len(node.delayed)
            node.ready.clear()
        else:
            node.ready.extend(urls(500))
            node.total = 500
        await until(lambda: not node.leased and not node.ready)
    assert set(node.settled_urls.values()) == {1}
    assert len(node.settled_urls) == node.total
    assert len(node.buried) == kills + 2
    if busy:
        assert sum(node.crashed.values()) > 0
        assert sum(held for _, held, _ in node.buried) > 0
    else:
        assert sum(node.crashed.values()) == 0


async def test_a_reader_that_was_killed_is_blamed_only_for_what_it_had_begun() -> None:
    """Items in its inbox are innocent; blaming them would call good pages crashed."""
    node = MemoryNode(urls(8, hosts=8))
    node.keep_running = True
    queue = crawl_queue(node, sleeping_reader(60), num_processes=1, concurrent_tasks_per_process=3)
    async with running(queue):
        await until(lambda: len(node.leased) == 8)
        (pid,) = await until(readers)
        region = queue._run._dealer.readers[0].region
        await until(lambda: len(region.begun()) == 3)
        os.kill(pid, signal.SIGKILL)
        await until(lambda: node.buried)
        assert node.buried[0][1:] == (8, 3)


@pytest.mark.parametrize("jobs", [50, 5])
async def test_recycling_loses_no_task(jobs: int) -> None:
    """Stock cancels what runs when a reader has done its jobs."""
    count = 1000 if jobs == 50 else 100
    node = MemoryNode(urls(count))
    cancelled = []

    async def reader(item: Item, ctx: dict[str, Any]) -> None:
        try:
            await asyncio.sleep(0.02)
        except asyncio.CancelledError:
            cancelled.append(item)
            os._exit(9)
        ctx["link"].fetched(item)
        ctx["link"].settled([item.lease_id])

    await crawl_queue(node, reader, max_jobs_per_process=jobs).main()
    assert_each_settled_once(node)
    assert len(node.claims) == count  # nothing came back to be claimed again
    assert len(node.buried) >= count // jobs
    assert sum(held for _, held, _ in node.buried) == 0
    assert len({name for name, _, _ in node.buried}) == len(node.buried)


async def test_a_reader_that_outgrew_is_replaced_and_loses_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A leak, ours or a callback's, would take the machine's memory in the course of weeks."""
    node = MemoryNode(urls(300))
    kept = []

    async def reader(item: Item, ctx: dict[str, Any]) -> None:
        kept.append(bytes(2_000_000))  # zeros that nobody touched are no memory yet
        kept[-1] = bytearray(kept[-1])
        await asyncio.sleep(0.1)
        await quick_reader(item, ctx)

    limit = 200_000_000
    with caplog.at_level(logging.WARNING):
        queue = crawl_queue(node, reader, max_reader_memory=limit, concurrent_tasks_per_process=4)
        await queue.main()
    assert_each_settled_once(node)
    outgrew = [record for record in caplog.records if record.msg == "reader_outgrew"]
    assert outgrew
    assert all(record.resident_bytes > limit and not record.killed for record in outgrew)
    assert len(node.buried) > 2
    assert sum(held for _, held, _ in node.buried) == 0
    assert not node.crashed


async def test_slow_host_parks_in_the_parent_while_others_flow() -> None:
    """Parked items that counted as queued would starve the fast hosts."""
    slow = [f"http://slow.test/{n}" for n in range(3000)]
    fast = urls(3000, hosts=20)
    node = MemoryNode(slow + fast)
    node.total = 3000 + 1
    node.keep_running = True

    async def reader(item: Item, ctx: dict[str, Any]) -> None:
        await asyncio.sleep(3600 if item.host == "slow.test" else 0.001)
        await quick_reader(item, ctx)

    async with running(crawl_queue(node, reader, per_host=4)):
        await until(lambda: len(node.settled_urls) == 3000)
    assert not any(url.startswith("http://slow.test/") for url in node.settled_urls)
    assert node.leased == {}


async def test_host_without_delay_has_at_most_per_host_fetches_open(tmp_path: Any) -> None:
    """The bound must hold over all readers together."""
    node = MemoryNode(urls(400, hosts=2))
    log = tmp_path / "log"
    fd = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND)

    async def reader(item: Item, ctx: dict[str, Any]) -> None:
        os.write(fd, f"+{item.host}\n".encode())
        await asyncio.sleep(0.005)
        os.write(fd, f"-{item.host}\n".encode())
        ctx["link"].fetched(item)
        await asyncio.sleep(0.005)
        ctx["link"].settled([item.lease_id])

    await crawl_queue(node, reader, per_host=3, concurrent_tasks_per_process=50).main()
    os.close(fd)
    open_at = dict.fromkeys(("h0.test", "h1.test"), 0)
    most = 0
    for line in log.read_text().split():
        open_at[line[1:]] += 1 if line[0] == "+" else -1
        most = max(most, *open_at.values())
    assert most == 3
    assert_each_settled_once(node)


async def test_both_readers_share_the_work_of_one_host() -> None:
    """Affinity that bound a host to a reader would leave the other cores idle."""
    node = MemoryNode([])
    node.keep_running = True
    queue = crawl_queue(node, sleeping_reader(3600), graceful_shutdown_timeout=1.0)
    async with running(queue):
        await until(lambda: queue._run is not None)
        both = queue._run._dealer.readers
        await until(lambda: len(both) == 2 and all(reader.ready for reader in both))
        node.ready.extend(urls(400, hosts=1))
        await until(lambda: sum(len(reader.held) for reader in both) == 16)
        assert min(len(reader.held) for reader in both) >= 5


async def test_item_alone_gets_a_reader_of_its_own(tmp_path: Any) -> None:
    """Beside others it would take them down with it, and they would be blamed too."""
    node = MemoryNode(urls(120, hosts=6))
    marked = {"http://h3.test/33", "http://h5.test/65"}
    plain_item = node.item

    def item(url: str) -> Item:
        return plain_item(url)._replace(alone=url in marked)

    node.item = item  # type: ignore[method-assign]
    log = os.open(tmp_path / "log", os.O_CREAT | os.O_WRONLY | os.O_APPEND)

    async def reader(item: Item, ctx: dict[str, Any]) -> None:
        open_items = ctx.setdefault("open", set())
        open_items.add(item.url)
        if (marked & open_items) and len(open_items) > 1:
            os.write(log, f"{open_items}\n".encode())
        await asyncio.sleep(0.01)
        open_items.discard(item.url)
        ctx["link"].fetched(item)
        ctx["link"].settled([item.lease_id])

    await crawl_queue(node, reader).main()
    os.close(log)
    assert (tmp_path / "log").read_text() == ""
    assert_each_settled_once(node)


async def test_stop_with_thousands_of_long_urls_does_not_hang() -> None:
    """Stock waits for ever for its feeder thread when more than 64 KiB are unread."""
    long_urls = [f"http://h{n}.test/{n}/" + "x" * 2060 for n in range(2000)]
    node = MemoryNode(long_urls)
    queue = crawl_queue(
        node, sleeping_reader(3600), max_queue_size=5000, concurrent_tasks_per_process=200,
        lookup_block_size=2000, graceful_shutdown_timeout=6.0,
    )  # fmt: skip
    async with running(queue) as task:
        await until(lambda: len(node.leased) == 2000)
        await until(lambda: sum(len(r.held) for r in queue._run._dealer.readers) == 416)
        queue.request_stop()
        assert await asyncio.wait_for(task, 60) == Ending("stopped")
    assert node.leased == {}
    assert sum(node.crashed.values()) == 0


async def test_tasks_that_end_within_the_drain_are_kept_and_the_rest_is_given_back() -> None:
    """At a stop, what is nearly done is worth waiting for; nothing may stay leased."""
    node = MemoryNode(urls(40, hosts=40))
    node.keep_running = True

    async def reader(item: Item, ctx: dict[str, Any]) -> None:
        try:
            await asyncio.sleep(0.3 if int(item.url.rsplit("/", 1)[1]) % 2 else 3600)
        except asyncio.CancelledError:
            ctx["link"].returned([item])
            raise
        await quick_reader(item, ctx)

    queue = crawl_queue(node, reader, graceful_shutdown_timeout=6.0, num_processes=1,
                        concurrent_tasks_per_process=40)  # fmt: skip
    async with running(queue) as task:
        await until(lambda: queue._run is not None and len(node.leased) == 40)
        await until(lambda: len(queue._run._dealer.readers[0].region.begun()) == 40)
        queue.request_stop()
        await task
    assert len(node.settled_urls) == 20
    assert len(node.given_back) == 20
    assert node.leased == {}
    assert [held for _, held, _ in node.buried] == [0]


async def test_blocked_reader_is_killed_and_the_other_goes_on(tmp_path: Any) -> None:
    """A reader stuck in a parser would keep its items, and its process, for ever."""
    node = MemoryNode(urls(500, hosts=20))

    async def reader(item: Item, ctx: dict[str, Any]) -> None:
        if item.url.endswith("/77") and item.lease_id == first_lease.get(item.url):
            while True:
                pass
        await asyncio.sleep(0.002)
        await quick_reader(item, ctx)

    first_lease: dict[str, int] = {"http://h17.test/77": 79}
    queue = crawl_queue(node, reader)
    queue.reader_stuck_s = 3.0
    logs.configure(tmp_path / "log")
    logs.bind(run="r1")
    try:
        await queue.main()
    finally:
        logs.close()
    assert_each_settled_once(node)
    assert node.crashed["http://h17.test/77"] == 1
    lines = map(json.loads, (tmp_path / "log").read_text().splitlines())
    assert [line["run"] for line in lines if line["event"] == "reader_stuck"] == ["r1"]


async def test_pause_takes_back_what_waits_and_reaches_all_readers(tmp_path: Any) -> None:
    """Items of a host that asked for a pause must not be fetched before its end."""
    node = MemoryNode(["http://busy.test/0"] + [f"http://busy.test/{n}" for n in range(1, 60)])
    node.keep_running = True
    until_ms = now_ms() + 3_600_000

    async def reader(item: Item, ctx: dict[str, Any]) -> None:
        if item.host == "other.test":
            assert ctx["pauses"] == {"busy.test": until_ms}
        elif not ctx["pauses"]:
            ctx["link"].paused(item.host, until_ms)
            ctx["pauses"][item.host] = until_ms
        await quick_reader(item, ctx)

    queue = crawl_queue(node, reader, per_host=1)
    async with running(queue):
        await until(lambda: len(node.given_back) >= 50)
        assert {due for _, due in node.given_back} == {until_ms}
        for pid in readers():  # a reader that comes later hears of it too
            os.kill(pid, signal.SIGKILL)
        node.ready.extend(f"http://other.test/{n}" for n in range(40))
        await until(lambda: sum("other" in url for url in node.settled_urls) == 40)
        await until(lambda: not node.leased)
    assert len(node.settled_urls) + len(node.delayed) == 100


async def test_scope_root_reaches_readers_before_later_items() -> None:
    """A reader that did not know the new root would refuse its links."""
    node = MemoryNode(["http://seed.test/0"])
    node.keep_running = True
    settled = node.settled

    def settle(items: Any) -> None:
        settled(items)
        if items[0].url == "http://seed.test/0":
            node.ready.extend(urls(200, hosts=100))

    node.settled = settle  # type: ignore[method-assign]

    async def reader(item: Item, ctx: dict[str, Any]) -> None:
        if item.host == "seed.test":
            ctx["link"].rooted("http://new.test/")
            ctx["link"].settled([item.lease_id])
        elif ctx["roots"] == ["http://new.test/"]:
            await quick_reader(item, ctx)

    async with running(crawl_queue(node, reader)):
        await until(lambda: len(node.settled_urls) == 201)


async def test_root_told_during_a_claim_goes_before_the_items_of_that_claim(
    tmp_path: Path,
) -> None:
    """The commit that widened the scope may be what made these items claimable."""
    told = tmp_path / "told"
    claiming = tmp_path / "claiming"
    node = MemoryNode(["http://seed.test/0"])
    node.total = 101
    claim = node.writer

    async def writer(desired: int) -> Any:
        is_dealt = any(reader.held for reader in queue._run._dealer.readers)
        if is_dealt and not claiming.exists():
            claiming.touch()
            while not told.exists():  # the loop does not turn, so it cannot hear either
                time.sleep(0.001)
            node.ready.extend(urls(100, hosts=100))
        async for item in claim(desired):
            yield item

    node.writer = writer  # type: ignore[method-assign]

    async def reader(item: Item, ctx: dict[str, Any]) -> None:
        if item.host == "seed.test":
            while not claiming.exists():
                await asyncio.sleep(0.001)
            ctx["link"].rooted("http://new.test/")
            told.touch()
            await quick_reader(item, ctx)
        elif ctx["roots"] == ["http://new.test/"]:
            await quick_reader(item, ctx)
        else:
            told.with_name("late").touch()

    queue = crawl_queue(node, reader)
    await asyncio.wait_for(queue.main(), 60)
    assert not (tmp_path / "late").exists()


async def test_item_that_a_reader_gives_back_can_be_claimed_again_at_once() -> None:
    """The window must forget it, else it is dropped and waits for its end."""
    node = MemoryNode(urls(20))

    async def reader(item: Item, ctx: dict[str, Any]) -> None:
        if item.lease_id <= 21:
            ctx["link"].returned([item])
        else:
            await quick_reader(item, ctx)

    await crawl_queue(node, reader).main()
    assert_each_settled_once(node)
    assert len(node.given_back) == 20


async def test_last_words_of_a_dead_reader_are_heard_before_it_is_buried() -> None:
    """What it settled just before it died would be freed, and fetched twice."""

    def talk_and_die(ends: ReaderEnds) -> None:
        loop = asyncio.new_event_loop()
        sink = FrameSink(ends.ack_fd, loop)
        sink.send([(Up.FETCHED, [1, 2])])
        sink.send([(Up.SETTLED, [1])])
        os.kill(os.getpid(), signal.SIGKILL)

    settled: list[Item] = []
    deck = Deck(per_host=5, now=now_ms)
    dealer = Dealer(deck, settled=settled.extend, news=lambda: None)
    fork = multiprocessing.get_context("fork")
    fleet = Fleet(
        dealer,
        lambda ends: fork.Process(target=talk_and_die, args=(ends,), daemon=True),
        size=1, concurrency=4, credit=8, max_jobs=None, grace_s=1.0,
        wake=lambda: None, dealt=lambda: None,
    )  # fmt: skip
    fleet.fill(lambda: "reader-1")
    (reader,) = dealer.readers
    for lease in (1, 2, 3):
        deck.put(make_item(f"http://h.test/{lease}", lease_id=lease))
        item = deck.take()
        assert item is not None
        reader.hold(item)
    assert reader.process.pid is not None
    os.waitid(os.P_PID, reader.process.pid, os.WEXITED | os.WNOWAIT)  # the loop has not turned
    assert fleet.dead() == [reader]
    assert [item.lease_id for item in settled] == [1]
    assert [item.lease_id for item in dealer.remove(reader)] == [2, 3]
    fleet.forget(reader)


async def test_context_that_always_fails_ends_the_run_with_its_exit_code() -> None:
    """Stock relaunches for ever, without a rest."""
    node = MemoryNode(urls(10))

    async def context() -> dict[str, Any]:
        raise StorageError("no space left")

    with pytest.raises(ReadersBroken, match="no space left") as raised:
        await crawl_queue(node, context=context).main()
    assert raised.value.exit_code == StorageError.exit_code
    assert readers() == []
    assert node.leased == {}


async def test_reader_whose_committer_fails_ends_the_run_with_its_exit_code() -> None:
    """With a full disk every new reader would fetch pages that it can never settle."""
    node = MemoryNode(urls(1000))

    async def context(settings: dict[str, Any]) -> dict[str, Any]:
        ctx = await plain_context(settings)
        attach = ctx["attach"]
        ctx["fail"] = asyncio.Event()

        async def commit() -> None:
            await ctx["fail"].wait()
            raise StorageError("disk full")

        def attach_and_start(link: Any) -> None:
            attach(link)
            ctx["background"].add(asyncio.ensure_future(commit()))

        ctx["attach"] = attach_and_start
        return ctx

    async def reader(item: Item, ctx: dict[str, Any]) -> None:
        await asyncio.sleep(0.01)
        if item.url.endswith("/300"):
            ctx["fail"].set()
            await asyncio.sleep(3600)
        await quick_reader(item, ctx)

    with pytest.raises(ReadersBroken, match="disk full") as raised:
        await crawl_queue(node, reader, context).main()
    assert raised.value.exit_code == StorageError.exit_code
    assert node.leased == {}
    assert sum(node.crashed.values()) == 0


async def test_stop_does_not_wait_for_a_context_that_hangs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A database that does not answer must not hold up the end, here for the hour of the grace."""
    monkeypatch.setattr(run_module, "_GRACE_MAX_S", 3600.0)
    node = MemoryNode(urls(10))

    async def context() -> dict[str, Any]:
        await asyncio.sleep(3600)
        return {}

    queue = crawl_queue(node, context=context, graceful_shutdown_timeout=3600.0)
    async with running(queue) as task:
        await until(lambda: len(readers()) == 2)
        queue.request_stop()
        await asyncio.wait_for(task, 60)


async def test_close_that_hangs_does_not_hold_up_the_end() -> None:
    node = MemoryNode(urls(10))
    node.keep_running = True

    async def context(settings: dict[str, Any]) -> dict[str, Any]:
        ctx = await plain_context(settings)

        async def close() -> None:
            while True:
                try:
                    await asyncio.sleep(3600)
                except asyncio.CancelledError:
                    continue

        ctx["close"] = close
        return ctx

    queue = crawl_queue(node, context=context, graceful_shutdown_timeout=2.0)
    async with running(queue) as task:
        await until(lambda: len(node.settled_urls) == 10)
        queue.request_stop()
        await asyncio.wait_for(task, 60)


async def test_idle_node_costs_next_to_no_cpu_and_picks_work_up_at_once() -> None:
    """A busy wait would show here by its number of turns, not by a clock."""
    node = MemoryNode([])
    node.keep_running = True
    queue = crawl_queue(node)
    async with running(queue):
        await until(lambda: queue._run is not None and len(readers()) == 2)
        run = queue._run
        turns = 0
        idle_for = run._idle_for

        def counted(launch_in: float) -> float:
            nonlocal turns
            turns += 1
            return idle_for(launch_in)

        run._idle_for = counted  # type: ignore[method-assign]
        beats = 0

        def beat() -> None:
            nonlocal beats
            beats += 1

        node.on_beat = beat
        await until(lambda: beats >= 5)
        assert turns <= 5 * beats + 5


async def test_error_of_the_store_ends_the_run_and_is_raised() -> None:
    """Going on without a store would lose what readers settle."""
    node = MemoryNode(urls(100))

    async def give_up() -> bool:
        if len(node.settled_urls) > 50:
            raise StorageError("disk full")
        return True

    node.beat = give_up  # type: ignore[method-assign]
    with pytest.raises(StorageError, match="disk full"):
        await crawl_queue(node, sleeping_reader(0.01)).main()
    assert readers() == []
    assert node.leased == {}


async def test_failing_burial_at_the_end_still_ends_all_readers() -> None:
    node = MemoryNode(urls(1000))

    async def bury(*_: object) -> None:
        raise StorageError("disk full")

    node.bury = bury  # type: ignore[method-assign]
    queue = crawl_queue(node, sleeping_reader(0.01))
    async with running(queue) as task:
        await until(lambda: len(node.settled_urls) > 50)
        queue.request_stop()
        with pytest.raises(StorageError, match="disk full"):
            await task
    assert readers() == []
