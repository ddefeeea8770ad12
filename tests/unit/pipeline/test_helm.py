"""How a running crawl takes in what a person asked for."""

import json

import pytest

from crawler.model.control import Steering
from crawler.model.result import Batch
from crawler.model.work import Link
from crawler.pipeline.helm import OPERATOR, Helm
from crawler.ports import FrontierOptions
from tests.support.memory_frontier import MemoryFrontier


@pytest.fixture
def frontier() -> MemoryFrontier:
    return MemoryFrontier(
        FrontierOptions(delay_ms=0, per_host=4, lease_ms=60_000, window_ms=10_000, robots=False)
    )


async def hear(helm: Helm, frontier: MemoryFrontier) -> Steering | None:
    await helm.hear(await frontier.counters())
    return helm.told()


async def test_a_pause_that_was_there_before_holds_from_the_start(frontier: MemoryFrontier) -> None:
    await frontier.control.pause(paused=True)
    holds: set[str] = {"disk"}
    helm = Helm(frontier, holds)
    await helm.begin()
    assert holds == {"disk", OPERATOR}
    assert helm.told() is None
    assert (await frontier.counters())["orders_heard"] == 1
    await frontier.control.pause(paused=False)
    assert await hear(helm, frontier) == Steering()
    assert holds == {"disk"}


async def test_an_order_is_taken_in_once(frontier: MemoryFrontier) -> None:
    helm = Helm(frontier, set())
    await helm.begin()
    await frontier.commit(Batch(roots=["http://a/"]), now=1)
    assert await hear(helm, frontier) is None  # nobody has said so
    await frontier.control.order()
    assert await hear(helm, frontier) == Steering(roots=("http://a/",))
    assert await hear(helm, frontier) is None


async def test_orders_that_nobody_has_fetched_yet_come_together(frontier: MemoryFrontier) -> None:
    await frontier.add([Link("http://a/", 0, None), Link("http://b/", 0, None)], now=1)
    helm = Helm(frontier, set())
    await helm.begin()
    await frontier.control.halt(["a"], halted=True)
    await helm.hear(await frontier.counters())
    await frontier.control.pause(paused=True)
    await frontier.control.halt(["b"], halted=True)
    await frontier.control.halt(["a"], halted=False)
    await frontier.set_meta({"named_origins": json.dumps(["http://c"])})
    steering = await hear(helm, frontier)
    assert steering == Steering(all_back=True, hosts=frozenset({"a", "b"}), named=("http://c",))
