"""Signals and deaths of a node that runs as a program of its own, in its own process group."""

import asyncio
import os
import signal
from collections.abc import Callable

import pytest

from tests.support.dealer_node import readers
from tests.support.dealer_program import program


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("to", ["parent", "group"])
async def test_signal_ends_the_node_in_order(
    number: signal.Signals, to: str, rounds: Callable[[int, int], int]
) -> None:
    """Stock waits its whole grace, or deadlocks on Ctrl-C, or loses what readers had in hand."""
    for _ in range(rounds(2, 20)):
        async with program(count=200, sleep_s=0.4, grace_s=4, begun=32) as run:
            (os.killpg if to == "group" else os.kill)(run.pid, number)
            end = await run.hear("end")
            assert await run.end() == 0
        assert (end["reason"], end["signal"]) == ("signal", number)
        assert (end["leased"], end["crashed"], end["twice"]) == (0, 0, 0)
        assert end["settled"] >= 32  # what was running could end
        assert end["claims"] - end["settled"] == end["back"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_idle_node_ends_at_once(number: signal.Signals) -> None:
    async with program(count=0, begun=0, sleep_s=0) as run:
        os.killpg(run.pid, number)
        assert (await run.hear("end"))["signal"] == number
        assert await run.end() == 0


async def test_slow_tasks_are_cancelled_and_given_back_and_more_signals_change_nothing() -> None:
    """All of a node must be gone before a service manager loses patience (10 s)."""
    async with program(count=200, sleep_s=3600, begun=32) as run:
        loop = asyncio.get_running_loop()
        began = loop.time()  # before the signal: the drain cannot have begun sooner
        os.killpg(run.pid, signal.SIGTERM)
        for _ in range(5):
            await asyncio.sleep(0.1)
            os.killpg(run.pid, signal.SIGTERM)
            os.killpg(run.pid, signal.SIGINT)
        end = await run.hear("end")
        assert await run.end() == 0
        assert loop.time() - began > 4.5  # the drain was not cut short
    assert end["signal"] == signal.SIGTERM
    assert (end["settled"], end["leased"], end["crashed"]) == (0, 0, 0)
    assert end["back"] == end["claims"]


async def test_blocked_reader_does_not_hold_up_the_end() -> None:
    async with program(count=200, sleep_s=0.05, block=7, grace_s=3) as run:
        os.kill(run.pid, signal.SIGTERM)
        end = await run.hear("end")
        assert await run.end() == 0
    assert (end["leased"], end["crashed"]) == (0, 0)


async def test_killed_parent_leaves_no_process(rounds: Callable[[int, int], int]) -> None:
    """Readers that went on would hold the job's lock, and fetch pages that are fetched again."""
    for n in range(rounds(3, 60)):
        options = {"block": 7} if n % 3 == 2 else {}  # even one that can notice nothing
        async with program(count=200, sleep_s=3600, **options) as run:
            os.kill(run.pid, signal.SIGKILL)
            assert await run.end() == -signal.SIGKILL


async def test_stuck_parent_ends_itself() -> None:
    """A service manager restarts what has ended, not what hangs."""
    async with program(count=50, sleep_s=3600, freeze_s=3600, parent_stuck_s=1.0) as run:
        assert await run.end() == 1


async def test_stopped_and_continued_group_goes_on() -> None:
    """After SIGSTOP all heartbeats are old; that must not be taken for stuck loops."""
    async with program(count=5000, sleep_s=0.01, reader_stuck_s=2.5, parent_stuck_s=2.5) as run:
        before = run.readers
        os.killpg(run.pid, signal.SIGSTOP)
        await asyncio.sleep(4)
        os.killpg(run.pid, signal.SIGCONT)
        await asyncio.sleep(1.0)
        assert readers(run.pid) == before
        os.kill(run.pid, signal.SIGTERM)
        end = await run.hear("end")
        assert await run.end() == 0
    assert end["crashed"] == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_signal_to_a_reader_just_forked_does_not_stop_the_parent(
    number: signal.Signals,
) -> None:
    """There the parent's handler would run, and write into the wake-up pipe they share."""
    async with program(count=500, sleep_s=0.01, signal_at_fork=number, begun=500) as run:
        os.kill(run.pid, signal.SIGUSR1)
        assert await run.end() == -signal.SIGUSR1  # it was still there


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_signal_to_a_reader_is_ignored(number: signal.Signals) -> None:
    """Stock stops the whole daemon: the handler is inherited and sets the shared event."""
    async with program(count=5000, sleep_s=0.05) as run:
        for pid in run.readers:
            os.kill(pid, number)
        await asyncio.sleep(0.5)
        assert readers(run.pid) == run.readers
        os.kill(run.pid, signal.SIGTERM)
        assert (await run.hear("end"))["crashed"] == 0
        await run.end()
