"""The 24 measured behaviours of QuasiQueue 0.7.0 that would lose, double or stop a crawl.

Each test says what the stock library does and shows that ours does not; where that is cheap, it
runs the stock code too, so that a new version of the library that behaves better is noticed.
"""

import asyncio
import inspect
import multiprocessing
import os
import queue as stdlib_queue
import signal
import time
from pathlib import Path
from typing import Any

import pytest
import quasiqueue
from quasiqueue import reader as stock_reader
from quasiqueue import settings as stock_settings

from crawler.conf.load import load_settings
from crawler.dealer.board import StopFlag
from crawler.dealer.deck import Deck
from crawler.dealer.queue import CrawlQueue
from crawler.dealer.window import RequeueWindow
from crawler.errors import FrontierError
from crawler.model.work import Item
from tests.support.dealer_node import (
    MemoryNode,
    QueueSettings,
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
from tests.support.dealer_program import program


async def no_writer(desired: int) -> Any:
    for item in ():
        yield item


class BoundedQueue:
    """What stock's Builder fills, full at once."""

    def qsize(self) -> int:
        return 0

    def put(self, item: object, block: bool, timeout: float) -> None:
        raise stdlib_queue.Full


def window(deck: Any = None, writer: Any = no_writer, **settings: Any) -> RequeueWindow:
    deck = Deck(per_host=16, now=now_ms) if deck is None else deck
    return RequeueWindow(deck, QueueSettings(**settings), writer, max_populate=300)


def test_t01_reader_is_called_with_item_by_name() -> None:
    """Stock calls `reader(item=…)`, so its README's `reader(identifier)` kills each worker."""
    assert '{"item": item}' in inspect.getsource(stock_reader.reader_runner)

    async def reader(identifier: Item) -> None: ...

    with pytest.raises(TypeError, match="item"):
        crawl_queue(MemoryNode([]), reader)


async def test_t02_exception_in_a_reader_is_seen_and_its_lease_freed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Stock never looks at the task: the item is lost without a word."""
    node = MemoryNode(urls(20))

    async def reader(item: Item, ctx: dict[str, Any]) -> None:
        if item.url.endswith("/13") and item.lease_id < 22:
            raise ValueError("a bug")
        await quick_reader(item, ctx)

    await crawl_queue(node, reader, prevent_requeuing_time=0.3).main()
    ((item, due),) = node.given_back
    assert item.url == "http://h3.test/13"
    assert due is not None
    assert due >= item.claimed_at + 300  # no hot loop
    assert set(node.settled_urls.values()) == {1}
    assert len(node.settled_urls) == 20
    assert node.drops == []


async def test_t03_exception_in_the_writer_ends_the_run_in_order() -> None:
    """Stock ends too, but abandons what is queued and in flight."""
    node = MemoryNode(urls(50))
    writer = node.writer

    async def failing(desired: int) -> Any:
        if any(reader.region.begun() for reader in queue._run._dealer.readers):
            raise FrontierError("gone")
        async for item in writer(desired):
            yield item

    node.writer = failing  # type: ignore[method-assign]
    queue = crawl_queue(node, sleeping_reader(0.1))
    with pytest.raises(FrontierError, match="gone"):
        await queue.main()
    assert node.leased == {}
    assert node.settled_urls  # what ran could end
    assert readers() == []


@pytest.mark.parametrize("kind", ["keyword-only", "partial"])
async def test_t04_ctx_reaches_every_reader_that_names_it(kind: str) -> None:
    """Stock looks at positional parameters only: a keyword-only ctx is never passed."""
    node = MemoryNode(urls(5))

    async def keyword_only(item: Item, *, ctx: dict[str, Any]) -> None:
        await quick_reader(item, ctx)

    assert "ctx" not in inspect.getfullargspec(keyword_only).args
    await crawl_queue(node, keyword_only if kind == "keyword-only" else quick_reader).main()
    assert len(node.settled_urls) == 5


async def test_t05_claim_that_brought_items_is_never_called_empty() -> None:
    """Stock takes a `None` after good items for "full", and sleeps; ours just ends."""
    node = MemoryNode(urls(3))

    async def with_none(desired: int) -> Any:
        async for item in node.writer(desired):
            yield item
        yield None

    stock = quasiqueue.Builder(stdlib_queue.Queue(), QueueSettings(), with_none)
    assert await stock.populate() is False
    node.ready.extend(urls(3))
    builder = window(writer=node.writer)
    assert await builder.populate() is True
    assert builder.full_consecutive == 0


def test_t06_environment_prefix_is_ours_for_the_library_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Stock reads `QUASIQUEUE_<NAME>_…`; the `<NAME>_…` of its README does nothing."""
    monkeypatch.setenv("ACME_NUM_PROCESSES", "7")
    assert stock_settings.get_named_settings("acme").num_processes == 2
    settings = load_settings({}, {"CRAWLER_NUM_PROCESSES": "7"}, tmp_path)
    assert settings.num_processes == 7


async def test_t07_recycling_finishes_its_tasks() -> None:
    """Stock returns inside `asyncio.run`, which cancels what runs: 80 of 400 items lost."""
    node = MemoryNode(urls(60))
    await crawl_queue(node, sleeping_reader(0.05), max_jobs_per_process=7).main()
    assert len(node.claims) == len(node.settled_urls) == 60
    assert len(node.buried) >= 8


async def test_t08_stop_waits_for_readers_and_no_longer() -> None:
    """Stock counts zombies that nobody reaps, so it always waits the whole grace (here an hour)."""
    async with program(count=0, begun=0, sleep_s=0, grace_s=3600) as run:
        os.kill(run.pid, signal.SIGTERM)
        assert await run.end() == 0


async def test_t09_storm_of_signals_cannot_deadlock() -> None:
    """Stock sets an event inside a signal handler; nested, it waits for its own lock for ever."""
    async with program(count=100, sleep_s=0.1) as run:
        for _ in range(40):
            os.killpg(run.pid, signal.SIGINT)
            os.killpg(run.pid, signal.SIGTERM)
        end = await run.hear("end")
        assert await run.end() == 0
    assert end["signal"] in (signal.SIGINT, signal.SIGTERM)
    assert end["leased"] == 0


async def test_t10_idle_reader_that_is_killed_takes_no_lock_with_it() -> None:
    """In stock all readers, new ones too, find the queue empty for ever after."""
    node = MemoryNode([])
    node.keep_running = True
    queue = crawl_queue(node)
    task = asyncio.ensure_future(queue.main())
    for _ in range(10):
        (victim, _other) = await until(lambda: len(pids := readers()) == 2 and pids)
        os.kill(victim, signal.SIGKILL)
        await until(lambda: victim not in readers())  # noqa: B023
    node.ready.extend(urls(100))
    await until(lambda: len(node.settled_urls) == 100)
    queue.request_stop()
    await task


def test_t11_process_killed_while_it_asks_for_the_stop_blocks_nobody() -> None:
    """A reader killed inside `mp.Event.is_set` holds its lock: all others block there."""
    flag = StopFlag()
    for _ in range(20):
        pid = os.fork()
        if pid == 0:
            while not flag.is_set():
                pass
            os._exit(0)
        time.sleep(0.002)  # somewhere inside the loop
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    pid = os.fork()
    if pid == 0:
        while not flag.is_set():
            pass
        os._exit(0)
    flag.set()
    assert os.waitpid(pid, 0)[1] == 0


async def test_t12_unread_items_do_not_hang_the_exit() -> None:
    """Stock joins a feeder thread that is blocked on a full pipe: for ever above 64 KiB."""
    node = MemoryNode(f"http://h{n}.test/" + "x" * 2000 for n in range(200))
    queue = crawl_queue(node, sleeping_reader(3600), graceful_shutdown_timeout=0.8)
    task = asyncio.ensure_future(queue.main())
    await until(lambda: len(node.leased) == 200)
    queue.request_stop()
    await asyncio.wait_for(task, 60)
    assert node.leased == {}


async def test_t13_signal_to_one_reader_does_not_stop_the_daemon() -> None:
    """Stock's readers inherit the parent's handler, which sets the shared event."""
    node = MemoryNode(urls(10))
    node.keep_running = True
    queue = crawl_queue(node)
    task = asyncio.ensure_future(queue.main())
    await until(lambda: len(node.settled_urls) == 10)
    before = readers()
    for pid in before:
        os.kill(pid, signal.SIGTERM)
        os.kill(pid, signal.SIGINT)
    node.ready.extend(f"http://later.test/{n}" for n in range(100))
    await until(lambda: len(node.settled_urls) == 110)
    assert readers() == before
    queue.request_stop()
    await task


async def test_t14_stuck_reader_is_killed() -> None:
    """Stock waits for it for ever, also at exit."""
    node = MemoryNode(urls(3))

    async def reader(item: Item, ctx: dict[str, Any]) -> None:
        if item.url.endswith("/1") and item.lease_id <= 4:
            time.sleep(3600)
        await quick_reader(item, ctx)

    queue = crawl_queue(node, reader)
    queue.reader_stuck_s = 3.0
    await queue.main()
    assert len(node.settled_urls) == 3


async def test_t15_items_of_a_killed_reader_are_known_at_once() -> None:
    """In stock they are lost until their leases expire."""
    node = MemoryNode(urls(12))
    node.keep_running = True
    queue = crawl_queue(node, sleeping_reader(3600), num_processes=1)
    task = asyncio.ensure_future(queue.main())
    first = set(await until(lambda: len(node.leased) == 12 and node.leased))
    await until(lambda: len(queue._run._dealer.readers[0].region.begun()) == 12)
    os.kill(readers()[0], signal.SIGKILL)
    await until(lambda: len(node.leased) == 12 and first.isdisjoint(node.leased))
    assert node.buried[0][1:] == (12, 12)
    assert node.drops == []  # forgotten in the window, so they could be claimed again
    queue.request_stop()
    queue._run._grace_s = 1.0
    for pid in readers():
        os.kill(pid, signal.SIGKILL)
    await task


async def test_t16_readers_die_with_the_parent() -> None:
    """Stock's finish their tasks first, here an hour, and hold the job's lock meanwhile."""
    async with program(count=50, sleep_s=3600) as run:
        os.kill(run.pid, signal.SIGKILL)
        assert await run.end() == -signal.SIGKILL


async def test_t17_writer_is_asked_for_more_than_fifty_and_without_a_pause() -> None:
    """Stock asks for at most 50 items per 50 ms: 975 items/s at best."""
    node = MemoryNode(urls(2000))
    await crawl_queue(node, lookup_block_size=200).main()
    assert max(node.desired) == 200
    assert len(node.settled_urls) == 2000

    asked: list[int] = []

    async def endless(desired: int) -> Any:
        asked.append(desired)
        for n in range(desired):
            yield f"{len(asked)}/{n}"

    stock = quasiqueue.Builder(stdlib_queue.Queue(), QueueSettings(lookup_block_size=200), endless)
    await stock.populate()
    assert asked == [50]


async def test_t18_idle_back_off_is_short_and_has_no_end() -> None:
    """Stock sleeps up to 90 s, and raises OverflowError after 1,025 claims in vain."""
    builder = window(full_queue_sleep_max=0.25)
    stock = quasiqueue.Builder(stdlib_queue.Queue(), QueueSettings(), no_writer)
    builder.full_consecutive = stock.full_consecutive = 1_030
    with pytest.raises(OverflowError):
        stock.full_queue_sleep_time()
    assert builder.full_queue_sleep_time() == 0.25
    assert await builder.populate() is False


async def test_t19_history_is_not_rebuilt_at_each_claim() -> None:
    """Stock rebuilds a dict of the whole window each time: 400 ms for a million items."""
    builder = window(prevent_requeuing_time=10)
    start = now_ms()
    for n in range(1000):
        builder.add_to_queue(make_item(f"http://h.test/{n}", claimed_at=start + n))
    history = builder._claimed_at
    await builder.populate()
    assert builder._claimed_at is history
    builder.add_to_queue(make_item("http://h.test/x", claimed_at=start + 10_500))
    assert len(builder._claimed_at) == 500  # cleaned as it is filled


async def test_t20_item_that_could_not_be_queued_is_not_remembered() -> None:
    """Stock marks before `put`: on Full the item is blocked for the window but never queued."""

    async def one(desired: int) -> Any:
        yield make_item()

    stock = quasiqueue.Builder(BoundedQueue(), QueueSettings(), one)
    await stock.populate()
    assert len(stock.last_queued) == 1

    class Failing(Deck):
        def put(self, item: Item, block: bool = True, timeout: float | None = None) -> None:
            raise stdlib_queue.Full

    builder = window(Failing(per_host=1, now=now_ms))
    with pytest.raises(stdlib_queue.Full):
        builder.add_to_queue(make_item())
    assert not builder._claimed_at
    deck = Deck(per_host=1, now=now_ms)
    for n in range(10_000):  # and ours is never full
        deck.put(make_item(f"http://h.test/{n}"))


async def test_t21_drop_by_the_window_is_told_and_its_lease_freed() -> None:
    """In stock the writer never hears: the lease would hang until it expires."""
    node = MemoryNode(["http://h.test/1"])
    node.keep_running = True
    queue = crawl_queue(node)
    task = asyncio.ensure_future(queue.main())
    await until(lambda: len(node.settled_urls) == 1)
    node.ready.append("http://h.test/1")  # offered again within the window: a bug of the frontier
    (dropped,) = await until(lambda: node.drops)
    await until(lambda: node.given_back)
    assert node.given_back == [(dropped, dropped.claimed_at + 10_000)]
    queue.request_stop()
    await task
    assert node.leased == {}


async def test_t22_no_call_of_the_node_is_open_at_a_fork() -> None:
    """A database connection in use that crosses a fork can corrupt the database."""
    open_at_fork: list[int] = []

    class SlowNode(MemoryNode):
        calls = 0

        async def slowly(self, call: Any) -> Any:
            self.calls += 1
            await asyncio.sleep(0.003)
            result = await call
            self.calls -= 1
            return result

        async def beat(self) -> bool:
            return bool(await self.slowly(super().beat()))

        async def bury(self, *args: Any) -> None:
            await self.slowly(super().bury(*args))

        async def give_back(self, *args: Any) -> None:
            await self.slowly(super().give_back(*args))

        async def writer(self, desired: int) -> Any:
            self.calls += 1
            await asyncio.sleep(0.003)
            items = [item async for item in super().writer(desired)]
            self.calls -= 1
            for item in items:
                yield item

    class Watched(CrawlQueue):
        def launch_process(self, import_queue: Any, shutdown_event: Any) -> Any:
            open_at_fork.append(node.calls)
            return super().launch_process(import_queue, shutdown_event)

    node = SlowNode(urls(400))
    settings = QueueSettings(max_jobs_per_process=20)
    await Watched("t", node, sleeping_reader(0.01), plain_context, settings, now=now_ms).main()
    assert len(open_at_fork) > 10
    assert set(open_at_fork) == {0}
    assert len(node.settled_urls) == 400


async def test_t23_nothing_begins_after_the_stop(tmp_path: Path) -> None:
    """Stock has one more item in hand at full concurrency, and starts it after the stop."""
    node = MemoryNode(urls(30, hosts=30))
    node.keep_running = True
    go_on = tmp_path / "go-on"
    log = os.open(tmp_path / "log", os.O_CREAT | os.O_WRONLY | os.O_APPEND)

    async def reader(item: Item, ctx: dict[str, Any]) -> None:
        os.write(log, b"+")
        while not go_on.exists():
            await asyncio.sleep(0.01)
        await quick_reader(item, ctx)

    queue = crawl_queue(node, reader, num_processes=1, concurrent_tasks_per_process=4)
    task = asyncio.ensure_future(queue.main())
    await until(lambda: (tmp_path / "log").read_bytes() == b"++++")
    await until(lambda: len(queue._run._dealer.readers[0].held) == 12)
    queue.request_stop()
    await until(lambda: node.grace_ms is not None)
    go_on.touch()
    await task
    os.close(log)
    assert (tmp_path / "log").read_bytes() == b"++++"
    assert len(node.settled_urls) == 4
    assert node.leased == {}


@pytest.mark.parametrize("end", ["recycled", "stopped"])
async def test_t24_context_is_closed_when_its_tasks_have_ended(end: str, tmp_path: Path) -> None:
    """Stock has no teardown: sessions stay open, the last batch is never flushed."""
    node = MemoryNode(urls(40))
    log = os.open(tmp_path / "log", os.O_CREAT | os.O_WRONLY | os.O_APPEND)

    async def context(settings: dict[str, Any]) -> dict[str, Any]:
        ctx = await plain_context(settings)
        ctx["batch"] = []

        async def close() -> None:
            await asyncio.sleep(0)
            ctx["link"].settled(ctx["batch"])
            os.write(log, f"closed {multiprocessing.current_process().name}\n".encode())

        ctx["close"] = close
        return ctx

    async def reader(item: Item, ctx: dict[str, Any]) -> None:
        await asyncio.sleep(0.01)
        ctx["link"].fetched(item)
        ctx["batch"].append(item.lease_id)  # settled by close alone

    jobs = 10 if end == "recycled" else None
    queue = crawl_queue(node, reader, context, max_jobs_per_process=jobs, num_processes=1)
    task = asyncio.ensure_future(queue.main())
    if end == "stopped":
        await until(lambda: len(node.leased) == 40)
        queue.request_stop()
    await task
    os.close(log)
    closed = (tmp_path / "log").read_text().splitlines()
    assert sorted(closed) == sorted(f"closed {name}" for name, _, _ in node.buried)
    assert node.leased == {}
    if jobs:
        assert len(node.settled_urls) == 40
