"""Runs the code of others on the loop's own thread, and gets it back when its time is up.

A thread or an executor could not: Python cannot end a thread. A signal can: its handler runs
between two bytecodes, inside of `re` and after a system call that it broke off, and raises there.
"""

import asyncio
import ctypes
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Generator
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")

_AGAIN_S = 0.1
"""After the first shot: code that catches everything is shot at again …"""
_PATIENT_SHOTS = 10
_RAPID_S = 0.0002
"""… and after so many so fast, that one of them hits where nothing is caught: the jump back of a
loop around `try`."""
_CLEANING_S = 1.0
"""How long a cancelled coroutine may still await."""
_BUSY_S = 0.25
"""So much blocking, in all calls together, before the loop gets a turn: heartbeats, answers of
servers."""
_REST_SHARE = 0.1
_LONGEST_REST_S = 0.5


class Overtime(BaseException):
    """The time is up; no `except Exception` of the code that ran is meant to catch it."""


class TimeGuard:
    """One for each process; runs on its main thread, since only that one is sent signals."""

    def __init__(self) -> None:
        self._armed = False
        self._shots = 0
        self._busy_s = 0.0
        self._rested: asyncio.Event | None = None

    @property
    def is_resting(self) -> bool:
        """Whether the loop has its turn after code that blocked it."""
        return self._rested is not None

    async def turn(self) -> None:
        """Wait while `is_resting`; most often, not at all."""
        while self._rested is not None:
            await self._rested.wait()

    def call(self, function: Callable[[], T], limit_s: float) -> T:
        """Return what the function returns; what it prints goes to stderr.

        Raises:
            Overtime: it ran for `limit_s`, or a little longer where it caught the first shots.
        """
        began = time.monotonic()
        stdout, sys.stdout = sys.stdout, sys.stderr  # stdout is data
        before = signal.signal(signal.SIGALRM, self._shoot)
        self._shots, self._armed = 0, True
        left_s, interval_s = signal.setitimer(signal.ITIMER_REAL, limit_s, _AGAIN_S)
        try:
            return function()
        finally:
            # A shot into this frame does nothing, so there is no moment to be hit in.
            self._armed = False
            took_s = time.monotonic() - began
            signal.setitimer(
                signal.ITIMER_REAL, max(left_s - took_s, 0.001) if left_s else 0, interval_s
            )
            if callable(before):
                signal.signal(signal.SIGALRM, before)
            sys.stdout = stdout
            self._busy_s += took_s
            if self._busy_s > _BUSY_S:
                self._busy_s = 0.0
                self._rest(min(took_s * _REST_SHARE, _LONGEST_REST_S))

    async def run(self, coroutine: Coroutine[Any, Any, Any], limit_s: float) -> Any:
        """Return what the coroutine returns; between two of its awaits, `call` watches over it.

        Raises:
            Overtime: it did not end in time; it was cancelled, and left behind if it took no
                notice of two cancellations.
        """
        deadline_s = time.monotonic() + limit_s
        try:
            async with asyncio.timeout(limit_s + _CLEANING_S), asyncio.timeout(limit_s) as limit:
                return await _Steps(self, coroutine, deadline_s)
        except TimeoutError as error:
            if limit.expired():
                # Where it was cancelled is where it awaited too long.
                cause = error.__cause__ or error
                raise Overtime().with_traceback(cause.__traceback__) from None
            raise  # one of its own

    def _shoot(self, _number: int, frame: FrameType | None) -> None:
        if not self._armed or (frame is not None and frame.f_code is _CALL):
            return
        self._shots += 1
        if self._shots == _PATIENT_SHOTS:
            signal.setitimer(signal.ITIMER_REAL, _RAPID_S, _RAPID_S)
        raise Overtime

    def _rest(self, seconds: float) -> None:
        """Hold back further calls until all that became due meanwhile has run."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        rested = self._rested = asyncio.Event()

        def end() -> None:
            self._rested = None
            rested.set()

        # A timer, not `call_soon`: timers that are due run before it, the heartbeat's among them.
        loop.call_later(seconds, end)


_CALL = TimeGuard.call.__code__


class _Steps:
    """Awaits a coroutine, each step of it under the guard."""

    def __init__(
        self, guard: TimeGuard, coroutine: Coroutine[Any, Any, Any], deadline_s: float
    ) -> None:
        self._guard = guard
        self._coroutine = coroutine
        self._deadline_s = deadline_s

    def __await__(self) -> Generator[Any, Any, Any]:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine that runs is a task's
        allowed = task.cancelling() + 1
        value: object = None
        thrown: BaseException | None = None
        while True:
            if thrown is None and self._guard.is_resting:
                try:
                    yield from self._guard.turn().__await__()
                except asyncio.CancelledError as error:
                    thrown = error
            try:
                waited = self._step(value, thrown)
            except StopIteration as stop:
                return stop.value
            if task.cancelling() > allowed:
                self._leave()
                raise asyncio.CancelledError
            value = thrown = None
            try:
                value = yield waited
            except BaseException as error:  # noqa: BLE001 - handed on to the coroutine
                thrown = error

    def _step(self, value: object, thrown: BaseException | None) -> Any:
        left_s = max(self._deadline_s - time.monotonic(), _AGAIN_S)
        if thrown is None:
            return self._guard.call(lambda: self._coroutine.send(value), left_s)
        return self._guard.call(lambda: self._coroutine.throw(thrown), left_s)

    def _leave(self) -> None:
        try:
            self._guard.call(self._coroutine.close, _AGAIN_S)
        except BaseException:  # noqa: BLE001 - it has had its chances; what it says now is lost
            # Freed, it would be closed once more, with nobody to watch: it may run for ever then.
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._coroutine))
