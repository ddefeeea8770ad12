"""Signals while no reader is at work: what SIGHUP means, and how to leave at once.

SIGHUP says that the terminal is gone, or to read the settings again. A process that has no
terminal, as under a service manager or in a container, cannot lose one.
"""

import _thread
import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from typing import Literal

from crawler.pipeline.ending import SIGNAL_BASE

Meaning = Literal["reload", "stop", "nothing"]

UNWINDING_SECONDS = 5
"""How long a process that leaves may take to close what it has open."""


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
    # One is enough: the next would come in the middle of what is being closed.
    for other in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(other) is _leave:
            signal.signal(other, signal.SIG_IGN)
    with suppress(OSError):  # the terminal may be what is gone
        os.write(2, b"crawler: stopped; the same command goes on\n")
    code = SIGNAL_BASE + number
    with suppress(RuntimeError):  # no more threads: it has to do without
        _thread.start_new_thread(_leave_for_good, (code,))
    raise SystemExit(code)


def _leave_for_good(code: int) -> None:
    """End the process if unwinding has not.

    An exception out of a signal handler comes between any two instructions. Once in three hundred
    times it came between the taking of a lock of the thread pool's and the block that gives it
    back; the store's own `close` then waited for that lock for ever. The job is good at any moment.
    """
    time.sleep(UNWINDING_SECONDS)
    os._exit(code)


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True
