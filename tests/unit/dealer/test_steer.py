"""What a person asks for reaches the deck and the readers, and only once."""

from typing import Any

import pytest

from crawler.dealer.dealer import Dealer
from crawler.dealer.deck import Deck
from crawler.dealer.messages import Down
from crawler.model.control import Steering
from tests.support.dealer_node import make_item


class Sink:
    def __init__(self) -> None:
        self.sent: list[tuple[Any, ...]] = []

    def send(self, message: tuple[Any, ...]) -> None:
        self.sent.append(message)


class Reader:
    def __init__(self) -> None:
        self.sink = Sink()


@pytest.fixture
def dealer() -> Dealer:
    made = Dealer(Deck(per_host=2, now=lambda: 0), settled=lambda _: None, news=lambda: None)
    for host in ("a", "b"):
        for number in range(3):
            url = f"http://{host}/{number}"
            made.deck.put(make_item(url, host=host, lease_id=hash(url)))
    made.deck.put(make_item("http://a/alone", host="a", lease_id=1, alone=True))
    return made


def hear(dealer: Dealer) -> list[tuple[Any, ...]]:
    reader = Reader()
    dealer.add(reader)  # type: ignore[arg-type]
    return reader.sink.sent


def test_a_pause_gives_back_all_that_was_not_dealt(dealer: Dealer) -> None:
    dealer.steer(Steering(all_back=True))
    assert len(dealer.returned) == 7
    assert dealer.deck.qsize() == 0
    assert dealer.has_nothing_out()


def test_a_paused_host_gives_back_its_own(dealer: Dealer) -> None:
    dealer.steer(Steering(hosts=frozenset({"a", "unknown"})))
    assert sorted(item.url for item in dealer.returned) == [
        *(f"http://a/{number}" for number in range(3)),
        "http://a/alone",
    ]
    assert dealer.deck.qsize() == 2
    assert not dealer.deck.alone_waits()


def test_readers_hear_of_roots_and_names_later_ones_of_the_roots(dealer: Dealer) -> None:
    sent = hear(dealer)
    dealer.steer(Steering(roots=("http://c/",), named=("http://c",)))
    dealer.steer(Steering(roots=("http://c/",)))
    dealer.steer(None)
    assert sent == [(Down.ROOT, "http://c/"), (Down.NAMED, "http://c")]
    assert hear(dealer) == [(Down.ROOT, "http://c/")]
    assert not dealer.returned
