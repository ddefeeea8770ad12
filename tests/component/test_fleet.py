"""A machine that cannot start a reader for a while keeps its crawl; only the failures are made."""

import errno
import logging
import multiprocessing
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from crawler.dealer import fleet as module
from crawler.dealer.dealer import Dealer
from crawler.dealer.deck import Deck
from crawler.dealer.fleet import Fleet, ReadersBroken

pytestmark = pytest.mark.component


class _Machine:
    """Has no process left for the next so many forks."""

    def __init__(self) -> None:
        self.lacking = 0
        self._fork = os.fork

    def fork(self) -> int:
        if self.lacking:
            self.lacking -= 1
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        return self._fork()


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> _Machine:
    made = _Machine()
    monkeypatch.setattr(os, "fork", made.fork)
    monkeypatch.setattr(module, "_LONGEST_REST_S", 0.0)
    return made


@pytest.fixture
async def fleet(machine: _Machine) -> AsyncIterator[Fleet]:
    dealer = Dealer(Deck(per_host=1, now=lambda: 0), settled=lambda _items: None, news=lambda: None)
    fork = multiprocessing.get_context("fork")
    made = Fleet(
        dealer,
        lambda ends: fork.Process(target=os._exit, args=(0,), name=ends.name),  # type: ignore[arg-type,return-value]
        size=2,
        concurrency=1,
        credit=1,
        max_jobs=None,
        grace_s=1.0,
        wake=lambda: None,
        dealt=lambda: None,
    )
    yield made
    made.abandon()


def _open_files() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir()}


async def test_a_fork_that_fails_is_tried_again(
    fleet: Fleet, machine: _Machine, caplog: pytest.LogCaptureFixture
) -> None:
    """The whole crawl would end, with a traceback, because one reader was to be replaced."""
    caplog.set_level(logging.INFO)
    before = _open_files()
    machine.lacking = 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_LONGEST_REST_S", 30.0)
        assert 29 < fleet.fill(lambda: "r") <= 30
    assert _open_files() == before
    assert fleet.state().readers == []
    fleet._not_before = 0.0
    machine.lacking = 3
    assert fleet.fill(lambda: "r") == 0.0
    assert len(fleet.state().readers) == 2
    events = [record.msg for record in caplog.records]
    assert events == ["reader_not_started", "reader_launched", "reader_launched"]


async def test_a_crawl_without_any_reader_ends_after_a_while(
    fleet: Fleet, machine: _Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would stand still for good, where a service manager might start it on a better machine."""
    machine.lacking = 1 << 30
    monkeypatch.setattr(module, "_WITHOUT_READERS_S", 0.0)
    with pytest.raises(
        ReadersBroken, match=r"no reader process can be started: .*unavailable"
    ) as at:
        fleet.fill(lambda: "r")
    assert at.value.exit_code == 3
