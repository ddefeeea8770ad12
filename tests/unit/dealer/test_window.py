"""The requeue window, counted from the claim."""

from typing import Any

import pytest

from crawler.dealer.deck import Deck
from crawler.dealer.window import RequeueWindow
from crawler.model.work import Item
from tests.support.dealer_node import QueueSettings, make_item

W = 10_000


class Source:
    """A writer that yields what it is given."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.desired: list[int] = []

    async def __call__(self, desired: int) -> Any:
        self.desired.append(desired)
        for item in self.items:
            yield item


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def window(source: Source) -> RequeueWindow:
    deck = Deck(per_host=100, now=lambda: 0)
    return RequeueWindow(deck, QueueSettings(), source, max_populate=300)


def at(claimed_at: int, **changes: object) -> Item:
    return make_item(claimed_at=claimed_at, **changes)


def test_counts_from_the_claim_not_from_the_put(window: RequeueWindow) -> None:
    """An item that waited between claim and put would else be dropped though it is legal."""
    assert window.add_to_queue(at(1_000))
    assert not window.add_to_queue(at(1_000 + W - 1))
    assert window.add_to_queue(at(1_000 + W))
    assert len(window.dropped) == 1


def test_key_is_kind_and_url(window: RequeueWindow) -> None:
    assert window.add_to_queue(at(1_000, kind="page"))
    assert window.add_to_queue(at(1_001, kind="robots"))
    assert not window.add_to_queue(at(1_002, kind="robots", lease_id=99))


def test_forgotten_item_may_come_again_at_once(window: RequeueWindow) -> None:
    item = at(1_000)
    window.add_to_queue(item)
    window.forget(item)
    assert window.add_to_queue(at(1_001))


def test_late_word_about_an_old_lease_does_not_open_the_window(window: RequeueWindow) -> None:
    """The older lease's end says nothing about the newer one, which is still out."""
    old, new = at(1_000), at(1_000 + W)
    window.add_to_queue(old)
    window.add_to_queue(new)
    window.forget(old)
    assert not window.add_to_queue(at(1_001 + W))


def test_forgotten_and_claimed_again_stays_remembered(window: RequeueWindow) -> None:
    """The old entry of the history must not take the new one with it when it leaves."""
    first = at(1_000)
    window.add_to_queue(first)
    window.forget(first)
    window.add_to_queue(at(5_000))
    window.add_to_queue(make_item("http://other.test/", claimed_at=1_000 + W))
    assert not window.add_to_queue(at(5_000 + W - 1))


async def test_says_what_was_desired_and_pulled(window: RequeueWindow, source: Source) -> None:
    source.items = [at(1_000), make_item("http://other.test/", claimed_at=1_000)]
    assert await window.populate()
    assert (window.desired, window.pulled) == (100, 2)
    source.items = []
    assert not await window.populate()
    assert window.pulled == 0
    assert source.desired == [100, 100]


async def test_asks_nobody_while_enough_waits(window: RequeueWindow, source: Source) -> None:
    for n in range(100):
        window.add_to_queue(make_item(f"http://h.test/{n}", claimed_at=1_000))
    assert await window.populate()
    assert source.desired == []
    assert (window.desired, window.pulled) == (0, 0)


def test_back_off_doubles_up_to_its_cap(window: RequeueWindow) -> None:
    slept = []
    for misses in (0, 1, 2, 3, 10, 5_000):
        window.full_consecutive = misses
        slept.append(window.full_queue_sleep_time())
    assert slept == [0.05, 0.05, 0.1, 0.2, 0.25, 0.25]
