"""Progress on every kind of terminal."""

import io

import pytest
from rich.console import Console

from crawler.cli import progress
from crawler.cli.progress import Plain, Silent, _panel, _span, make_progress
from tests.support.snapshots import a_host, a_snapshot, an_outlook

SNAPSHOT = a_snapshot(
    an_outlook(ready=30, leased=1, claimable=1),
    a_host("h.example:8080", left=30, delay_ms=1_500),
    counters={
        "records": 1_234,
        "bytes": 5_600_000,
        "ready": 30,
        "leased": 1,
        "waiting": 2,
        "failures": 3,
        "error:timeout": 2,
        "error:dns": 1,
    },
)


def test_off_and_pipes_get_no_live_view(monkeypatch: pytest.MonkeyPatch) -> None:
    """Control sequences in a log file make it unreadable."""
    monkeypatch.setattr(progress.sys, "stderr", io.StringIO())
    assert isinstance(make_progress("off", color=True), Silent)
    assert isinstance(make_progress("auto", color=True), Plain)
    assert isinstance(make_progress("plain", color=True), Plain)


def test_plain_lines_come_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    view = Plain()
    view.show(SNAPSHOT)
    view.show(SNAPSHOT)
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "1234 records" in err
    assert "3 failures" in err
    assert "politeness: h.example:8080 at 0.667/s" in err


@pytest.mark.parametrize("width", [40, 80, 200])
def test_the_live_view_fits_any_width(width: int) -> None:
    """A line that wraps makes the view jump."""
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(_panel(SNAPSHOT, 12.5))
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert max(map(len, lines)) <= width
    text = "\n".join(lines)
    assert "1,234" in text
    for label in ("pages", "queue", "errors", "host", "bound"):
        assert label in text
    if width >= 80:
        assert "timeout 2" in text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "unknown time"), (5.9, "5 s"), (61, "1 min 01 s"), (49_800, "13 h 50 min")],
)
def test_spans_read_as_people_say_them(seconds: float | None, text: str) -> None:
    assert _span(seconds) == text
