"""The deck: what may be dealt now, host by host."""

import random

import pytest

from crawler.dealer.deck import Deck
from crawler.model.work import Item
from tests.support.dealer_node import make_item


class Clock:
    now = 1_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def deck(clock: Clock) -> Deck:
    return Deck(per_host=2, now=clock)


def put(deck: Deck, host: str, count: int, **changes: object) -> list[Item]:
    items = [
        make_item(f"http://{host}/{n}", lease_id=hash((host, n)), **changes) for n in range(count)
    ]
    for item in items:
        deck.put(item)
    return items


def take_all(deck: Deck) -> list[Item]:
    taken = []
    while (item := deck.take()) is not None:
        taken.append(item)
    return taken


def test_counts_only_what_could_be_dealt_now(deck: Deck) -> None:
    """Parked items that counted would keep the Builder from asking for other hosts."""
    put(deck, "slow", 5_000)
    assert deck.qsize() == 2
    put(deck, "fast", 1)
    assert deck.qsize() == 3
    taken = take_all(deck)
    assert len(taken) == 3
    assert deck.qsize() == 0
    deck.fetch_ended(taken[0])
    assert deck.qsize() == 1


def test_hosts_take_turns(deck: Deck) -> None:
    put(deck, "a", 10)
    put(deck, "b", 10)
    put(deck, "c", 1)
    assert [item.host for item in take_all(deck)] == ["a", "b", "c", "a", "b"]


def test_host_with_a_delay_is_the_frontiers_business(deck: Deck) -> None:
    """It has one URL out by itself; counting here too could only hold one back for ever."""
    put(deck, "polite", 3, delay_ms=1000)
    assert deck.qsize() == 3


def test_pause_takes_back_what_waits_and_what_still_comes(deck: Deck, clock: Clock) -> None:
    put(deck, "busy", 4)
    put(deck, "busy", 1, alone=True)
    put(deck, "other", 1)
    deck.pause("busy", 5_000)
    assert len(deck.taken_back) == 5
    assert {until for _, until in deck.taken_back} == {5_000}
    put(deck, "busy", 1)
    assert len(deck.taken_back) == 6
    assert not deck.alone_waits()
    assert [item.host for item in take_all(deck)] == ["other"]
    assert deck.pauses() == {"busy": 5_000}
    clock.now = 5_000
    put(deck, "busy", 1)
    assert [item.host for item in take_all(deck)] == ["busy"]
    assert deck.pauses() == {}


def test_shorter_pause_does_not_end_a_longer_one(deck: Deck) -> None:
    deck.pause("busy", 9_000)
    deck.pause("busy", 5_000)
    assert deck.paused_until("busy") == 9_000


def test_item_alone_waits_for_its_hosts_slot(deck: Deck) -> None:
    put(deck, "h", 2)
    put(deck, "h", 1, alone=True)
    first, second = take_all(deck)
    assert not deck.alone_waits()
    deck.fetch_ended(first)
    assert deck.alone_waits()
    assert deck.take_alone().alone
    assert not deck.alone_waits()
    deck.fetch_ended(second)


def test_unstarted_items_come_first_again(deck: Deck) -> None:
    put(deck, "h", 3)
    first, _second = take_all(deck)
    deck.fetch_ended(first)
    deck.put_back([first])
    assert deck.take() is first


def test_stop_empties_the_deck(deck: Deck) -> None:
    items = put(deck, "a", 5) + put(deck, "b", 1) + put(deck, "c", 1, alone=True)
    taken = take_all(deck)
    rest = deck.take_all()
    assert len(rest) + len(taken) == len(items)
    assert deck.qsize() == 0
    assert deck.take() is None
    for item in taken:
        deck.fetch_ended(item)
    assert deck._lanes == {}


def test_random_walk_keeps_the_bound_and_the_count() -> None:
    """`qsize` is kept by differences; one forgotten would starve or flood the crawl."""
    chance = random.Random(3)
    deck = Deck(per_host=3, now=lambda: 0)
    out: list[Item] = []
    put_in = taken_out = 0
    for step in range(20_000):
        if chance.random() < 0.4:
            deck.put(make_item(f"http://h{chance.randrange(6)}/{step}", lease_id=step))
            put_in += 1
        elif chance.random() < 0.6 and (item := deck.take()) is not None:
            out.append(item)
            taken_out += 1
        elif out:
            item = out.pop(chance.randrange(len(out)))
            if chance.random() < 0.2:
                deck.fetch_ended(item)
                deck.put_back([item])
                taken_out -= 1
            else:
                deck.fetch_ended(item)
        open_by_host = dict.fromkeys(range(6), 0)
        for item in out:
            open_by_host[int(item.host[1:])] += 1
        assert max(open_by_host.values()) <= 3
        expected = sum(
            min(len(lane.waiting), 3 - open_by_host[int(host[1:])])
            for host, lane in deck._lanes.items()
        )
        assert deck.qsize() == expected
    assert put_in - taken_out == sum(len(lane.waiting) for lane in deck._lanes.values())


def test_a_host_with_a_limit_of_its_own(clock: Clock) -> None:
    """`per_host` of a site's table would do nothing, or hold for all."""
    deck = Deck(per_host=2, now=clock, limit_of={"one": 1, "three": 3}.get)
    for host in ("one", "two", "three"):
        put(deck, host, 5, delay_ms=0)
    hosts = [item.host for item in take_all(deck)]
    assert {host: hosts.count(host) for host in hosts} == {"one": 1, "two": 2, "three": 3}
