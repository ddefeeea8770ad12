"""The guard of callbacks: the loop gets its turn, and nobody else's alarm is lost."""

import asyncio
import signal
import time

import pytest

from crawler.conf.settings import Settings
from crawler.dealer.queue import CrawlQueue
from crawler.pipeline.callbacks.time_guard import Overtime, TimeGuard


def _block() -> None:
    while True:
        pass


async def test_the_loop_has_a_turn_after_each_call_that_blocked_it() -> None:
    """Sixty pages of a reader that hang one after the other, and no heartbeat between: the parent
    would kill it."""
    guard = TimeGuard()
    loop = asyncio.get_running_loop()
    order: list[str] = []

    def beat() -> None:
        order.append("beat")
        loop.call_later(0.05, beat)

    async def page() -> None:
        await guard.turn()
        with pytest.raises(Overtime):
            guard.call(_block, 0.3)
        order.append("page")

    beat()
    await asyncio.gather(*[page() for _ in range(4)])
    assert order.count("page") == 4
    assert "page page" not in " ".join(order)


async def test_blocking_steps_of_coroutines_have_turns_between_them() -> None:
    """Async callbacks are resumed by the loop, all that are ready in one go."""
    guard = TimeGuard()
    loop = asyncio.get_running_loop()
    order: list[str] = []

    def beat() -> None:
        order.append("beat")
        loop.call_later(0.05, beat)

    async def block() -> None:
        await asyncio.sleep(0)
        order.append("page")
        time.sleep(0.3)
        await asyncio.sleep(0)

    beat()
    await asyncio.gather(*[guard.run(block(), 60) for _ in range(4)])
    assert order.count("page") == 4
    assert "page page" not in " ".join(order)


async def test_many_short_calls_count_together() -> None:
    """A thousand callbacks of a few milliseconds, all due at once, block as one long one does."""
    guard = TimeGuard()
    for _ in range(20):
        guard.call(lambda: time.sleep(0.02), 5)
        if guard.is_resting:
            break
    assert guard.is_resting
    await guard.turn()
    assert not guard.is_resting


def test_the_longest_limit_is_one_that_the_parent_waits_for() -> None:
    """Beyond it the parent kills the reader: the pages beside the one that hangs are lost work."""
    field = Settings.model_fields["extract_timeout"]
    [longest] = [rule.le for rule in field.metadata if hasattr(rule, "le")]
    assert longest + 2 <= CrawlQueue.reader_stuck_s


def test_an_alarm_that_was_set_before_still_rings() -> None:
    """The timer is the process's only one: who else has set it waits for it."""
    rung: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, _frame: rung.append(number))
    left = signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(Overtime):
            TimeGuard().call(_block, 0.1)
        while not rung:
            time.sleep(0.01)
    finally:
        signal.signal(signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, *left)


async def test_what_was_abandoned_is_never_run_again() -> None:
    """Closing it once more, as freeing does, would run its code where nobody watches."""
    runs: list[str] = []

    async def swallow() -> None:
        while True:
            try:
                await asyncio.sleep(0.05)
            except BaseException as error:
                runs.append(type(error).__name__)

    with pytest.raises(Overtime):
        await TimeGuard().run(swallow(), 0.1)
    assert runs == ["CancelledError", "CancelledError", "GeneratorExit"]


async def test_a_task_that_the_crawl_cancels_is_cancelled() -> None:
    """A reader that stops gives its items back; a callback must not hide that from it."""
    guard = TimeGuard()
    task = asyncio.ensure_future(guard.run(asyncio.sleep(1e6), 60))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
