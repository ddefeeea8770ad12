"""Signals while no reader is at work: what SIGHUP means, and how to leave at once.

SIGHUP says that the terminal is gone, or to read the settings again. A process that has no
terminal, as under a service manager or in a container, cannot lose one.
"""

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Literal

from crawler.pipeline.ending import SIGNAL_BASE

Meaning = Literal["reload", "stop", "nothing"]


def meaning_of_hangup() -> Meaning:
    """Return what SIGHUP will mean; to be asked at start, before anything answers it.

    nothing: whoever started us had it ignored (`nohup`) · stop: there is a terminal that may go.
    """
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        return "nothing"
    return "stop" if _has_terminal() else "reload"


def leave_at_once(numbers: Collection[signal.Signals]) -> None:
    """Let these end the process from now on; does nothing outside of the main thread."""
    if threading.current_thread() is threading.main_thread():
        for number in numbers:
            signal.signal(number, _leave)


@contextmanager
def noted(numbers: Collection[signal.Signals]) -> Iterator[Callable[[], int | None]]:
    """Within it these only say which of them came first; after it they end the process again."""
    came: list[int] = []
    loop = asyncio.get_running_loop()
    if threading.current_thread() is not threading.main_thread():
        numbers = ()
    for number in numbers:
        loop.add_signal_handler(number, came.append, int(number))
    try:
        yield lambda: came[0] if came else None
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
        leave_at_once(numbers)


def _leave(number: int, _frame: object) -> None:
    os.write(2, b"crawler: stopped; the same command goes on\n")
    raise SystemExit(SIGNAL_BASE + number)


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True
