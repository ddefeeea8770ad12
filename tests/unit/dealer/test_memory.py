"""When a reader has too much memory, and what becomes of it: by numbers that a test sets."""

from types import SimpleNamespace
from typing import Any

import pytest

from crawler.dealer.memory import MemoryGuard, resident_bytes
from crawler.dealer.messages import Down

LIMIT = 200_000_000


class Reader:
    """As much of a `ReaderHandle` as the guard asks."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.process = SimpleNamespace(pid=7)
        self.sent: list[Any] = []
        self.sink = SimpleNamespace(send=self.sent.append)
        self.retiring = False
        self.ended_on_purpose = False
        self.kills = 0

    def retire(self) -> None:
        self.retiring = self.ended_on_purpose = True

    def kill(self) -> bool:
        self.kills += 1
        return self.kills == 1


class Scene:
    def __init__(self, limit: int | None = LIMIT) -> None:
        self.reader = Reader("r")
        self.size: int | None = 0
        self.now_s = 100.0
        self.guard = MemoryGuard(
            limit, now_s=lambda: self.now_s, grace_s=8.0, measure=lambda _pid: self.size
        )

    def look(self, size: int | None, after_s: float = 1.0) -> Reader:
        self.size = size
        self.now_s += after_s
        self.guard.look([self.reader])  # type: ignore[list-item]
        return self.reader


def test_one_beyond_the_limit_ends_in_order_and_is_asked_once() -> None:
    scene = Scene()
    assert scene.look(LIMIT).sent == []
    assert scene.look(LIMIT + 1).sent == [(Down.STOP.value,)]
    assert scene.reader.retiring
    assert scene.look(LIMIT + 1).sent == [(Down.STOP.value,)]
    assert scene.reader.kills == 0
    assert scene.reader.ended_on_purpose


def test_one_that_does_not_end_is_killed_and_not_blamed() -> None:
    scene = Scene()
    scene.look(LIMIT + 1)
    assert scene.look(LIMIT + 1, after_s=7).kills == 0
    assert scene.look(0, after_s=1).kills == 1
    assert scene.reader.ended_on_purpose


def test_one_at_twice_the_limit_is_killed_and_blamed() -> None:
    """Else a page that takes all memory would do so again and again."""
    scene = Scene()
    scene.look(LIMIT + 1)
    assert scene.look(2 * LIMIT + 1).kills == 1
    assert not scene.reader.ended_on_purpose


@pytest.mark.parametrize("size", [None, 0])
def test_a_size_that_is_not_known_is_none(size: int | None) -> None:
    scene = Scene()
    assert scene.look(size).sent == []
    assert scene.reader.kills == 0


def test_without_a_limit_nothing_is_looked_at() -> None:
    scene = Scene(None)
    assert scene.look(1 << 40).kills == 0
    assert not scene.reader.retiring


def test_looks_are_a_second_apart() -> None:
    scene = Scene()
    scene.look(0)
    assert scene.look(LIMIT + 1, after_s=0.5).sent == []
    assert scene.look(LIMIT + 1, after_s=0.5).sent


def test_the_size_of_a_process_is_known_where_linux_is() -> None:
    import os

    own = resident_bytes(os.getpid())
    assert own is not None
    assert 5_000_000 < own < 10_000_000_000
    assert resident_bytes(0) is None
    assert resident_bytes(None) is None
