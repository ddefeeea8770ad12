"""A few processes that work off jobs one by one; answers come in the order of the jobs.

For work that is all CPU and can be done again, such as reading pages anew: no leases, no items, no
board. A worker that dies ends the crew.
"""

import multiprocessing
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from os import getpid
from types import TracebackType
from typing import Any, Generic, Self, TypeVar, cast

from crawler.dealer.process import leave, settle_in, start_quietly
from crawler.errors import CrawlerError

J = TypeVar("J")
R = TypeVar("R")

_AHEAD = 2
"""Jobs that a worker has: one at work, one to begin with when it has answered."""
_WAITING = 4
"""Answers for each worker that may wait for an earlier one."""
_END_S = 5.0


class Crew(Generic[J, R]):
    """`with Crew(4, make_work) as crew: for answer in crew.run(jobs): …`."""

    def __init__(self, size: int, make_work: Callable[[], Callable[[J], R]]) -> None:
        """Fork the workers; each calls `make_work` once, and what it returns for every job."""
        context = multiprocessing.get_context("fork")
        self._ours: list[Connection[Any, Any]] = []
        self._processes = []
        for _ in range(size):
            ours, theirs = context.Pipe()
            foreign = [ours.fileno(), *(other.fileno() for other in self._ours)]
            process = context.Process(
                target=_serve, args=(theirs, make_work, getpid(), foreign), daemon=True
            )
            start_quietly(process)
            theirs.close()
            self._ours.append(ours)
            self._processes.append(process)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the workers: what they have in hand is of no use any more."""
        for ours in self._ours:
            ours.close()
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.join(_END_S)

    def run(self, jobs: Iterable[J]) -> Iterator[R]:
        """Yield the answers in the order of the jobs.

        Raises:
            CrawlerError: as the work raised it; or a worker died, or met with a fault of ours.
        """
        numbered = enumerate(jobs)
        job = next(numbered, None)
        free = deque(self._ours * _AHEAD)
        busy: deque[Connection[Any, Any]] = deque()
        answers: dict[int, R] = {}
        next_number = 0
        while job is not None or busy:
            while free and job is not None and job[0] - next_number < _WAITING * len(self._ours):
                ours = free.popleft()
                _send(ours, job)
                busy.append(ours)
                job = next(numbered, None)
            for ours in cast("list[Connection[Any, Any]]", wait(set(busy))):
                number, answer, error = _receive(ours)
                if error is not None:
                    raise error
                answers[number] = answer
                busy.remove(ours)
                free.append(ours)
            while next_number in answers:
                yield answers.pop(next_number)
                next_number += 1


def _send(ours: "Connection[Any, Any]", job: object) -> None:
    try:
        ours.send(job)
    except OSError:
        raise _died() from None


def _receive(ours: "Connection[Any, Any]") -> tuple[int, Any, CrawlerError | None]:
    try:
        return ours.recv()  # type: ignore[no-any-return]
    except (EOFError, OSError):
        raise _died() from None


def _died() -> CrawlerError:
    return CrawlerError("a process died while it read pages, as if it was killed or out of memory")


def _serve(
    theirs: "Connection[Any, Any]",
    make_work: Callable[[], Callable[[Any], object]],
    parent_pid: int,
    foreign: Sequence[int],
) -> None:
    settle_in(parent_pid=parent_pid, foreign_fds=foreign)
    work: Callable[[Any], object] | None = None
    while True:
        try:
            number, job = theirs.recv()
        except (EOFError, OSError):
            leave(0)
        answer: tuple[int, object, CrawlerError | None]
        try:
            work = work or make_work()
            answer = number, work(job), None
        except CrawlerError as error:
            answer = number, None, error
        except Exception:  # noqa: BLE001 - told to the parent, which ends
            answer = number, None, CrawlerError(traceback.format_exc(limit=-3))
        theirs.send(answer)
