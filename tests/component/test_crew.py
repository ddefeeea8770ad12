"""The crew of `reparse`: answers in order, errors told, nobody left behind."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator

import pytest

from crawler.dealer import crew as crew_module
from crawler.dealer.crew import Crew
from crawler.errors import CrawlerError, StorageError
from tests.support.crawl import children, poll

pytestmark = pytest.mark.component


def doubling() -> Callable[[int], tuple[int, int]]:
    """Every third job is long, so that answers overtake each other."""

    def work(job: int) -> tuple[int, int]:
        sum(range(200_000 if job % 3 == 0 else 10))
        return 2 * job, os.getpid()

    return work


def held(until: int, at_most_s: float) -> Callable[[], Callable[[int], int]]:
    """The first job ends when another one has begun, or after some time."""
    begun = multiprocessing.get_context("fork").Event()

    def work(job: int) -> int:
        if job == until:
            begun.set()
        if job == 0:
            begun.wait(at_most_s)
        return job

    return lambda: work


def test_answers_come_in_the_order_of_the_jobs() -> None:
    """Lines of a part would be mixed up."""
    with Crew(3, doubling) as crew:
        found = list(crew.run(range(100)))
    assert [answer for answer, _ in found] == [2 * n for n in range(100)]
    assert len({pid for _, pid in found}) == 3


def test_no_job_is_left_out_when_all_wait_for_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """A part would end in the middle, and look whole."""
    # No third job is given out while the answer to the first is not there.
    monkeypatch.setattr(crew_module, "_WAITING", 1)
    with Crew(2, held(until=1, at_most_s=30)) as crew:
        assert list(crew.run(range(100))) == list(range(100))


def test_jobs_are_taken_as_they_are_needed() -> None:
    """Answers of a slow reader's whole crawl would pile up in memory."""
    taken = []

    def jobs() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield number

    with Crew(2, held(until=50, at_most_s=0.5)) as crew:
        answers = crew.run(jobs())
        next(answers)
        assert len(taken) <= 2 * 4 + 1
        assert len(list(answers)) == 999


def test_nothing_to_do_ends_at_once() -> None:
    with Crew(2, doubling) as crew:
        assert list(crew.run([])) == []


def failing() -> Callable[[int], int]:
    def work(job: int) -> int:
        if job == 7:
            raise StorageError("part missing")
        if job == 17:
            raise ZeroDivisionError("a fault of ours")
        if job == 27:
            os.kill(os.getpid(), signal.SIGKILL)
        return job

    return work


@pytest.mark.parametrize(
    ("job", "kind", "message"),
    [
        (7, StorageError, "part missing"),
        (17, CrawlerError, "a fault of ours"),
        (27, CrawlerError, "a process died while it read pages"),
    ],
)
def test_what_goes_wrong_ends_it_and_says_why(
    job: int, kind: type[CrawlerError], message: str
) -> None:
    """A worker that is waited for in vain would hang the command for ever."""
    with Crew(2, failing) as crew, pytest.raises(kind, match=message):
        list(crew.run(range(job, job + 5)))


def test_workers_are_gone_when_it_ends() -> None:
    before = set(children(os.getpid()))
    with Crew(3, doubling) as crew:
        next(crew.run(range(50)))
        assert len(set(children(os.getpid())) - before) == 3
    poll(lambda: set(children(os.getpid())) <= before, "that they are gone")
