"""The shared board, over a real fork and a real kill."""

import os
import signal

from crawler.dealer.board import Board


def test_what_was_begun_survives_a_kill() -> None:
    board = Board(readers=2, slots=4)
    index = board.take()
    assert index is not None
    region = board.region(index)
    pid = os.fork()
    if pid == 0:
        for lease in (11, -22, 33, 44, 55):  # 55 finds no slot
            region.begin(lease)
        region.end(33)
        region.end(99)
        region.begin(66)
        region.begin(66)
        region.beat(1234)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)
    assert region.begun() == {11, -22, 44, 66}
    assert region.last_beat() == 1234
    region.clear()
    assert region.begun() == frozenset()
    assert region.last_beat() == 0


def test_regions_do_not_touch_each_other_and_are_used_again() -> None:
    board = Board(readers=2, slots=2)
    first, second = board.take(), board.take()
    assert first is not None
    assert second is not None
    assert board.take() is None
    board.region(first).begin(1)
    board.region(second).begin(2)
    assert board.region(first).begun() == {1}
    assert board.region(second).begun() == {2}
    board.give_back(second)
    board.give_back(first)
    assert [board.take(), board.take()] == [first, second], (
        "places are few, and the first come first"
    )
