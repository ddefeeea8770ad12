"""How soon a crawl notices that it is over, and how long it may take to end."""

import asyncio

import pytest

from crawler.dealer import run, worker
from crawler.dealer.queue import Ending
from tests.support.dealer_node import MemoryNode, crawl_queue, urls


async def test_the_last_settlement_ends_the_crawl_without_waiting_for_a_beat(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every short crawl would take a quarter of a second longer; here it would never end."""
    monkeypatch.setattr(run, "_BEAT_S", 3600.0)
    node = MemoryNode(urls(20))
    ending = await asyncio.wait_for(crawl_queue(node).main(), 60)
    assert ending == Ending("finished")
    assert len(node.settled_urls) == 20


async def test_the_node_hears_that_its_run_winds_down() -> None:
    """Progress would stand still after Ctrl-C, without a word."""
    node = MemoryNode(urls(2))
    node.keep_running = True
    queue = crawl_queue(node)
    node.on_beat = queue.request_stop
    await asyncio.wait_for(queue.main(), 60)
    assert node.grace_ms is not None
    assert 0 < node.grace_ms <= 8_000


def test_all_that_a_stop_may_wait_for_comes_to_ten_seconds() -> None:
    """`docker stop` kills after so long, and what was fetched would be lost."""
    assert run._GRACE_MAX_S + run._UNKILLABLE_S <= 10
    assert worker._DRAIN_SHARE + worker._CANCEL_SHARE + worker._CLOSE_SHARE < run._KILL_SHARE < 1
