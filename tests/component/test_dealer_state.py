"""What the process manager shows of its processes, over real forks and kills."""

import asyncio
import logging
import os
import signal
from collections import Counter
from typing import Any

import pytest

from crawler.dealer.queue import CrawlQueue
from crawler.model.fleet import RESTARTS, FleetState
from crawler.model.measures import Measures
from crawler.model.work import Item
from tests.support.dealer_node import (
    MemoryNode,
    crawl_queue,
    plain_context,
    readers,
    sleeping_reader,
    until,
    urls,
)


async def measuring_context(settings: dict[str, Any]) -> dict[str, Any]:
    ctx = await plain_context(settings)
    ctx["measures"] = Measures()
    return ctx


async def counting_reader(item: Item, ctx: dict[str, Any]) -> None:
    ctx["measures"].denied()
    ctx["link"].fetched(item)
    ctx["link"].settled([item.lease_id])


async def crashing_reader(item: Item, ctx: dict[str, Any]) -> None:
    if item.url.endswith("/0"):
        os._exit(3)
    await counting_reader(item, ctx)


def _state(queue: CrawlQueue) -> FleetState:
    state = queue.state()
    assert state is not None
    return state


async def _stop(queue: CrawlQueue, task: "asyncio.Task[Any]") -> None:
    queue.request_stop()
    await asyncio.wait({task}, timeout=60)
    assert readers() == []


async def test_before_it_runs_there_is_nothing_to_show() -> None:
    assert crawl_queue(MemoryNode(urls(1))).state() is None


async def test_it_shows_what_runs_and_what_waits() -> None:
    node = MemoryNode(urls(400))
    node.keep_running = True
    settings = {"num_processes": 2, "concurrent_tasks_per_process": 4}
    queue = crawl_queue(node, sleeping_reader(3600), measuring_context, **settings)
    task = asyncio.ensure_future(queue.main())
    await until(lambda: queue.state() and _state(queue).in_flight == 2 * (4 + 8))
    # Ten hosts with sixteen requests at once each: what is over that could not be dealt.
    await until(lambda: _state(queue).queue_depth == 10 * 16 - 24)
    state = _state(queue)
    assert sorted(reader.pid for reader in state.readers) == sorted(readers())
    assert len({reader.name for reader in state.readers}) == state.configured == 2
    assert all(reader.ready for reader in state.readers)
    assert [reader.held for reader in state.readers] == [12, 12]
    assert all((reader.rss_bytes or 0) > 1_000_000 for reader in state.readers)
    assert (state.parent_pid, state.restarts) == (os.getpid(), {})
    assert (state.parent_rss_bytes or 0) > 1_000_000
    await _stop(queue, task)


async def test_what_readers_measured_outlives_them(caplog: pytest.LogCaptureFixture) -> None:
    """Readers that were replaced would take their counts along, and counters would fall."""
    caplog.set_level(logging.INFO, "crawler.dealer")
    node = MemoryNode(urls(500))
    node.keep_running = True
    queue = crawl_queue(node, counting_reader, measuring_context, max_jobs_per_process=50)
    task = asyncio.ensure_future(queue.main())
    seen = [0]

    def look() -> bool:
        state = queue.state()
        if state is not None:
            seen.append(state.measured.robots_denials)
        return len(node.settled_urls) == 500

    await until(look)
    await until(lambda: sum(_state(queue).restarts.values()) >= 9)
    assert seen == sorted(seen)
    assert _state(queue).measured.robots_denials == 500
    assert max(reader.slot for reader in _state(queue).readers) < 2 * _state(queue).configured
    # One that has run all its jobs ends when it likes, and would be counted amid what follows.
    await until(lambda: len(_state(queue).readers) == 2)
    os.kill(_state(queue).readers[-1].pid, signal.SIGKILL)  # the newest: it has jobs left to run
    await until(lambda: "killed" in _state(queue).restarts)
    state = _state(queue)
    assert state.measured.robots_denials == 500
    assert state.restarts["killed"] == 1
    assert state.restarts.keys() == {"jobs", "killed"}
    await _stop(queue, task)
    assert _state(queue).measured.robots_denials == 500
    assert _state(queue).restarts == state.restarts  # a stop is no restart
    told = Counter(vars(one)["reason"] for one in caplog.records if one.msg == "reader_ended")
    assert told == {**state.restarts, "stop": 2}, "the log says why, as the metric does"


async def test_a_crash_and_a_loop_that_stands_still_are_told_apart() -> None:
    node = MemoryNode(urls(1))
    node.keep_running = True
    queue = crawl_queue(node, crashing_reader, measuring_context, num_processes=1)
    task = asyncio.ensure_future(queue.main())
    await until(lambda: queue.state() and _state(queue).restarts.get("crash"))
    assert _state(queue).restarts.keys() == {"crash"}
    await _stop(queue, task)
    queue = crawl_queue(MemoryNode(urls(1)), sleeping_reader(3600), measuring_context)
    queue.reader_stuck_s = 3.0
    task = asyncio.ensure_future(queue.main())
    await until(lambda: queue.state() and any(r.ready for r in _state(queue).readers))
    os.kill(next(r.pid for r in _state(queue).readers if r.ready), signal.SIGSTOP)
    await until(lambda: _state(queue).restarts.get("stuck"))
    assert _state(queue).restarts.keys() == {"stuck"} <= set(RESTARTS)
    await _stop(queue, task)
