"""When a service manager is told that the crawl is ready, alive, reloading, at its end."""

from unittest.mock import Mock

import pytest

from crawler.errors import ConfigError, FrontierError
from crawler.model.fleet import FleetState, ReaderState
from crawler.model.measures import SIZE, read_measures
from crawler.model.view import Outlook
from crawler.pipeline.ending import Ending
from crawler.pipeline.watching.announcing import Announcer
from crawler.pipeline.watching.snapshot import Snapshot
from crawler.service import ServiceManager


class Ear(ServiceManager):
    """Keeps what it is told, without a socket."""

    def __init__(self, *, watchdog_ms: int | None = 180_000) -> None:
        super().__init__("/nowhere", watchdog_ms=watchdog_ms)
        self.said: list[list[str]] = []

    def tell(self, *lines: str) -> None:
        self.said.append(list(lines))

    def last(self) -> list[str]:
        """Return the last message without its status."""
        return [line for line in self.said[-1] if not line.startswith("STATUS=")]

    def status(self) -> str:
        return next(line for line in self.said[-1] if line.startswith("STATUS="))


def _fleet(*, ready: bool) -> FleetState:
    reader = ReaderState(name="reader-1", pid=7, ready=ready, held=3)
    return FleetState(
        readers=[reader],
        configured=1,
        queue_depth=0,
        in_flight=3,
        measured=read_measures([0] * SIZE),
        parent_pid=1,
    )


def _snapshot(at: int, *, records: int = 0, ready: bool = True, leased: int = 3) -> Snapshot:
    outlook = Outlook(
        ready=9,
        leased=leased,
        claimable=1,
        next_at=at,
        next_due=None,
        held_by_budget=0,
        waiting=0,
    )
    return Snapshot(
        at=at,
        started_at=0,
        counters={"records": records, "ready": 9, "leased": leased},
        outlook=outlook,
        fleet=_fleet(ready=ready),
    )


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def announcer(ear: Ear) -> Announcer:
    return Announcer(ear, timeout_s=60)


def test_it_is_ready_with_its_first_reader(ear: Ear, announcer: Announcer) -> None:
    """`systemctl start` would return while nobody can fetch anything yet."""
    announcer.take(_snapshot(1_000, ready=False))
    assert ["READY=1"] not in ear.said
    announcer.take(_snapshot(2_000))
    assert ["READY=1"] in ear.said
    announcer.take(_snapshot(3_000))
    assert ear.said.count(["READY=1"]) == 1


def test_only_progress_is_a_sign_of_life(ear: Ear, announcer: Announcer) -> None:
    """A timer feeds a watchdog for ever."""
    announcer.take(_snapshot(1_000))
    announcer.take(_snapshot(2_000, records=1))
    assert ear.last() == ["WATCHDOG=1"]
    for second in range(3, 9):
        announcer.take(_snapshot(second * 1000, records=1))
        assert ear.last() == []
    assert ear.status() == (
        "STATUS=1 records, 0.1/s, 0 failures, 12 left; "
        "3 URLs are out, but nothing was settled for 6 s"
    )
    announcer.take(_snapshot(9_000, records=2))
    assert ear.last() == ["WATCHDOG=1"]


def test_who_waits_for_a_reason_lives(ear: Ear, announcer: Announcer) -> None:
    """A pause over the weekend would be ended by the watchdog."""
    announcer.take(_snapshot(1_000))
    for second in range(2, 5):
        announcer.take(_snapshot(second * 1000)._replace(holds=["operator"]))
        assert ear.last() == ["WATCHDOG=1"]


def test_without_a_watchdog_there_are_no_signs(announcer: Announcer) -> None:
    ear = Ear(watchdog_ms=None)
    announcer = Announcer(ear, timeout_s=60)
    announcer.take(_snapshot(1_000))
    announcer.begin("reloading")
    announcer.begin("running")
    announcer.work()
    assert not any("WATCHDOG" in line for lines in ear.said for line in lines)


def test_a_reload_is_not_the_end(ear: Ear, announcer: Announcer) -> None:
    """The readers wind down for it; systemd would take the service for stopped."""
    announcer.begin("running")
    announcer.take(_snapshot(1_000))
    announcer.begin("reloading")
    assert ear.last()[0] == "RELOADING=1"
    assert ear.last()[2] == "WATCHDOG_USEC=3600000000"
    announcer.take(_snapshot(2_000, records=1)._replace(gone_by=9_000))
    assert "STOPPING=1" not in ear.last()
    announcer.begin("running")
    assert ear.last() == ["READY=1", "WATCHDOG=1", "WATCHDOG_USEC=180000000"]
    announcer.take(_snapshot(3_000, records=2)._replace(gone_by=9_000))
    assert "STOPPING=1" in ear.last()
    announcer.take(_snapshot(4_000, records=2)._replace(gone_by=9_000))
    assert "STOPPING=1" not in ear.last()


def test_what_came_to_its_own_end_may_be_given_more(ear: Ear, announcer: Announcer) -> None:
    """A URL that is added at the last moment goes on; systemd would kill what said it stops."""
    announcer.take(_snapshot(1_000))
    nothing_left = Outlook(
        ready=0,
        leased=0,
        claimable=0,
        next_at=None,
        next_due=None,
        held_by_budget=0,
        waiting=0,
    )
    last = _snapshot(2_000, records=1)._replace(outlook=nothing_left, gone_by=9_000)
    announcer.take(last)
    assert "STOPPING=1" not in ear.last()
    announcer.take(last._replace(stopping="max_time"))
    assert "STOPPING=1" in ear.last()


def test_an_end_that_takes_long_asks_for_time(ear: Ear, announcer: Announcer) -> None:
    """A terabyte of records that is summed up would be killed at its end, again and again."""
    announcer.take(_snapshot(1_000))
    announcer.work()
    assert ear.last() == ["STOPPING=1", "EXTEND_TIMEOUT_USEC=120000000"]
    told = len(ear.said)
    announcer.work()  # at once
    assert len(ear.said) == told


def test_who_ends_in_order_was_ready(ear: Ear, announcer: Announcer) -> None:
    """A crawl that had nothing left to do would be a failed service.

    systemd takes the last state of a message and passes over the others: each needs its own.
    """
    announcer.take(_snapshot(1_000, ready=False)._replace(gone_by=9_000))
    assert ear.said[-2] == ["READY=1"]
    assert ear.last() == ["WATCHDOG=1", "STOPPING=1"]
    announcer = Announcer(ear, timeout_s=60)
    ending = Ending("complete", 0, "complete, 3 records")
    assert announcer.ended(ending) is ending
    assert ear.said[-2:] == [["READY=1"], ["STOPPING=1", "STATUS=complete, 3 records"]]


def test_an_error_is_left_behind(ear: Ear) -> None:
    with pytest.raises(FrontierError), Announcer(ear, timeout_s=60):
        raise FrontierError("the frontier is damaged")
    assert ear.said[-1] == ["STOPPING=1", "STATUS=the frontier is damaged"]
    with pytest.raises(ConfigError), Announcer(None, timeout_s=60):  # nobody is there
        raise ConfigError("no")


def test_an_impatient_watchdog_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would restart a crawl that waits for a slow server."""
    log = Mock()
    monkeypatch.setattr("crawler.pipeline.watching.announcing.get_logger", lambda _: log)
    Announcer(Ear(watchdog_ms=90_000), timeout_s=60).take(_snapshot(1_000))
    assert not log.warning.called
    Announcer(Ear(watchdog_ms=89_000), timeout_s=60).take(_snapshot(1_000))
    log.warning.assert_called_once_with("watchdog_impatient", watchdog_ms=89_000, needed_ms=90_000)
