"""Progress on every kind of terminal."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crawler.cli.live import progress
from crawler.cli.live.lines import draw, say_size, say_span, sparkline
from crawler.cli.live.progress import Plain, Silent, make_progress
from crawler.cli.live.screen import can_draw, is_ascii_only
from crawler.cli.live.state import LiveState, Pace, Totals, of_snapshot, of_store
from crawler.cli.printable import cells
from crawler.cli.status_data import Found
from crawler.job.lock import Holder
from crawler.model.fleet import FleetState, ReaderState
from crawler.pipeline.watching.snapshot import Budget, Snapshot
from tests.support.snapshots import a_host, a_snapshot, an_outlook

SNAPSHOT = a_snapshot(
    an_outlook(ready=30, leased=1, claimable=1),
    a_host("h.example:8080", left=30, delay_ms=1_500),
    a_host("sick.example", left=3, delay_ms=0)._replace(
        failures_in_row=3, last_failure="timeout", paused_until=70_000
    ),
    counters={
        "records": 1_234,
        "bytes": 5_600_000,
        "ready": 30,
        "leased": 1,
        "waiting": 2,
        "done": 1_230,
        "failures": 3,
        "error:timeout": 2,
        "error:dns": 1,
        "status:200": 1_200,
    },
)


def _state(snapshot: Snapshot = SNAPSHOT) -> LiveState:
    pace = Pace()
    for at in range(20):
        pace.add(Totals(at * 1000, at * 7, at * 1000))
    return of_snapshot(snapshot, pace, job="/jobs/a", max_pages=None)


def _text(lines: list[list[tuple[str, str]]]) -> list[str]:
    return ["".join(text for text, _ in line) for line in lines]


def test_off_and_pipes_get_no_live_view(monkeypatch: pytest.MonkeyPatch) -> None:
    """Control sequences in a log file make it unreadable."""
    monkeypatch.setattr(progress.sys, "stderr", io.StringIO())
    assert isinstance(make_progress("off", color=True), Silent)
    assert isinstance(make_progress("auto", color=True), Plain)
    assert isinstance(make_progress("plain", color=True), Plain)


class _Terminal(io.StringIO):
    encoding = "utf-8"  # type: ignore[assignment]

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("term", "drawn"), [("xterm", True), ("dumb", False), ("", False)])
def test_a_terminal_that_cannot_move_its_cursor_gets_plain_lines(
    term: str, drawn: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An editor's shell would be filled with a view for every second."""
    monkeypatch.setenv("TERM", term)
    assert can_draw(_Terminal()) is drawn


@pytest.mark.parametrize(
    ("encoding", "locale", "plain"),
    [
        ("utf-8", "", False),
        ("utf-8", "de_DE.UTF-8", False),
        ("utf-8", "C", True),
        ("iso8859-1", "de_DE", True),
    ],
)
def test_blocks_are_drawn_where_they_can_be_shown(
    encoding: str, locale: str, plain: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LC_CTYPE", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", locale)
    terminal = _Terminal()
    terminal.encoding = encoding  # type: ignore[assignment]
    assert is_ascii_only(terminal) is plain


def test_plain_lines_come_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    view = Plain()
    view.show(SNAPSHOT)
    view.show(SNAPSHOT)
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "1234 records" in err
    assert "3 failures" in err
    assert "politeness: h.example:8080 at 0.667/s" in err


def test_plain_lines_tell_of_a_stop_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Who sends SIGTERM to a service reads in its log whether it has been heard."""
    view = Plain()
    view.show(SNAPSHOT)
    for second in (11, 12):
        view.show(
            a_snapshot(SNAPSHOT.outlook, at=second * 1_000, gone_by=17_000, counters={"leased": 1})
        )
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert lines[1].endswith("stopping: 1 under way, 6 s for them at most")


@pytest.mark.parametrize("height", [3, 9, 40])
@pytest.mark.parametrize("width", [20, 39, 79, 200])
def test_the_live_view_fits_any_terminal(width: int, height: int) -> None:
    """A line that wraps, or one too many, makes the view jump and leaves rests behind."""
    for ascii_only in (False, True):
        lines = _text(draw(_state(), width, height, ascii_only=ascii_only))
        assert max(map(cells, lines)) <= width
        assert len(lines) <= height
        assert all(line.isascii() for line in lines) or not ascii_only
        assert any(line.startswith("pages") for line in lines)
        assert any(line.startswith("bound") for line in lines)


def test_all_that_a_person_asks_is_in_a_terminal_of_usual_size() -> None:
    text = "\n".join(_text(draw(_state(), 100, 24)))
    for said in (
        "running  10 s",
        "1,230 of 1,263 known",
        "7.0/s",
        "5.6 MB in all",
        "30 ready  1 out  2 waiting",
        "200 1,200",
        "3  timeout 2  dns 1",
        "h.example:8080  30 left  every 1.5 s",
        "sick.example  3 left  failing: timeout, 3 times in a row; again in 60 s",
        "politeness: h.example:8080 at 0.667/s",
        "█",
    ):
        assert said in text


def test_what_is_dead_is_counted_beside_the_bar_that_counts_it() -> None:
    state = _state()
    counts = {**state.counts, "dead": 7}
    lines = _text(draw(replace(state, counts=counts), 100, 24))
    assert lines[1].endswith(" 1,230 and 7 dead of 1,270 known")
    assert lines[2].endswith(" 97 %")


def test_a_short_terminal_keeps_what_matters_most() -> None:
    lines = _text(draw(_state(), 60, 3))
    assert [line.split()[0] for line in lines] == ["pages", "rate", "bound"]


@pytest.mark.parametrize(
    ("changes", "word", "text"),
    [
        ({"gone_by": 17_000}, "stopping", "1 under way, 7 s"),
        ({"holds": ["operator"]}, "paused", "paused by the operator"),
        ({"holds": ["disk"]}, "paused", "disk is nearly full"),
    ],
)
def test_a_stop_and_a_pause_are_said(changes: dict[str, object], word: str, text: str) -> None:
    """A crawl that stands still without a word looks broken."""
    state = _state(a_snapshot(an_outlook(leased=1), **changes))
    assert state.word == word
    assert text in "\n".join(_text(draw(state, 80, 24)))


def test_a_host_that_a_person_paused_says_so() -> None:
    """Its delay would be named, as if it were asked."""
    host = a_host("h.example", left=3, delay_ms=1_000)._replace(halted=1)
    text = "\n".join(_text(draw(_state(a_snapshot(an_outlook(ready=3), host)), 80, 24)))
    assert "paused by the operator" in text


def test_a_name_of_a_host_cannot_act_on_the_terminal() -> None:
    host = a_host("\x1b[2Jx.example", left=3, delay_ms=0)
    text = "\n".join(_text(draw(_state(a_snapshot(an_outlook(ready=3), host)), 80, 24)))
    assert "\x1b" not in text
    assert "x.example" in text


def test_the_rate_is_of_the_last_seconds_and_of_this_job() -> None:
    """After a fresh start on the same place the rate would be far below zero."""
    pace = Pace()
    for at, records in ((0, 100), (1, 110), (2, 130)):
        pace.add(Totals(at * 1000, records, 0))
    assert (pace.rate, list(pace.rates)) == (15.0, [10.0, 20.0])
    pace.add(Totals(3_000, 5, 0))
    assert pace.rate == 0.0


def test_a_sparkline_is_as_wide_as_it_may_be() -> None:
    assert sparkline([0, 1, 2, 4], 10) == "▁▂▄█"
    assert len(sparkline(list(range(300)), 40)) <= 40
    assert sparkline([0.0, 0.0], 10) == "▁▁"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "unknown time"),
        (5.9, "5 s"),
        (61, "1 min 01 s"),
        (49_800, "13 h 50 min"),
        (300_000, "3 d 11 h"),
    ],
)
def test_spans_read_as_people_say_them(seconds: float | None, text: str) -> None:
    assert say_span(seconds) == text


def test_sizes_read_as_people_say_them() -> None:
    assert [say_size(n) for n in (0, 999, 1_500, 2e9, 3e12)] == [
        *("0 B", "999 B", "1.5 kB", "2.0 GB", "3.0 TB")
    ]


def test_readers_that_are_missing_are_said() -> None:
    """With half of its processes gone a crawl is slow, and nothing says why."""
    two = [ReaderState(name=str(n), pid=n, ready=n == 1, held=0) for n in (1, 2)]
    seen: Any = {"queue_depth": 0, "in_flight": 0, "parent_pid": 1, "measured": None}
    fleet = FleetState(readers=two, configured=2, **seen)
    head = _text(draw(_state(a_snapshot(an_outlook(), fleet=fleet)), 80, 24))[0]
    assert "1 of 2 readers" in head


def _found(**changes: Any) -> Found:
    values: dict[str, Any] = {
        "job": Path("/jobs/a"),
        "at": 10_000,
        "counters": {"ready": 3, "records": 5},
        "outlook": an_outlook(ready=3, claimable=1),
        "hosts": [a_host("h.example", left=3, delay_ms=0)],
        "dead": {},
        "holder": Holder(1, "here", "today", "0"),
    }
    return Found(**(values | changes))


@pytest.mark.parametrize(
    ("changes", "word", "said"),
    [
        ({}, "running", "as fast as this machine and the servers can"),
        ({"readers": (1, 2)}, "running", "as fast as this machine and the servers can"),
        ({"counters": {"ready": 3, "paused": 1}}, "paused", "paused by the operator"),
        ({"holder": None}, "resting", "not running: the same start goes on with 3 URLs"),
        ({"holder": None, "outlook": an_outlook()}, "resting", "not running: nothing is left"),
    ],
)
def test_a_job_that_is_watched_says_who_runs_it(
    changes: dict[str, Any], word: str, said: str
) -> None:
    state = of_store(_found(**changes), Pace(), warnings=["08:00:00 warning x"])
    lines = _text(draw(state, 80, 24))
    assert ("1 of 2 readers" in lines[0]) is ("readers" in changes)
    assert state.word == word
    assert f"bound   {said}" in lines[-2]
    assert lines[-1] == "08:00:00 warning x"


def test_the_bar_shows_the_budget_that_ends_the_crawl() -> None:
    """It stood at 8 % beside `32 of --max-pages 40`, and was over in a moment."""
    snapshot = SNAPSHOT._replace(
        counters={"records": 32, "pages": 32, "done": 32, "ready": 400},
        outlook=an_outlook(ready=400, claimable=1),
        budget=Budget(pages=40),
    )
    text = "\n".join(_text(draw(_state(snapshot), 100, 24)))
    assert " 80 %" in text


def test_what_is_left_out_leaves_a_sign_and_hosts_keep_their_ends() -> None:
    """Two hosts were both `127.0.0.1:1…`, and nine codes looked as if they were eight."""
    counters = {"ready": 3} | {f"status:{200 + code}": 9 for code in range(12)}
    hosts = [a_host(f"127.0.0.1:1811{n}", left=1, delay_ms=0) for n in (2, 3)]
    snapshot = a_snapshot(an_outlook(ready=2, claimable=2), *hosts, counters=counters)
    for width in (40, 100):
        lines = _text(draw(_state(snapshot), width, 24))
        (codes,) = [line for line in lines if line.startswith("status")]
        assert codes.endswith("  …")
        assert max(map(cells, lines)) <= width
        text = "\n".join(lines)
        assert "8112  " in text
        assert "8113  " in text
