"""What `crawler status --watch` shows of a log."""

import json
from pathlib import Path

from crawler.cli.live.watch import _print_plain, _View
from crawler.cli.status_data import Found
from crawler.model.view import Outlook


def _line(run: str, event: str, **fields: object) -> str:
    at = {"timestamp": "2026-01-01T08:30:12Z", "level": "warning", "event": event}
    return json.dumps({**at, **fields, "pid": 1, "run": run}) + "\n"


def test_a_line_for_a_pipe_says_what_its_numbers_are(tmp_path, capsys):
    """`2  timeout 2` between two other counts: two of what?"""
    counts = {"ready": 1, "failures": 2, "error:timeout": 2}
    found = Found(tmp_path, 0, counts, Outlook(1, 0, 0, None, None, 0, 0), [], {}, None)
    _print_plain(_View(tmp_path).state(found))
    said = capsys.readouterr().out
    assert "; errors 2  timeout 2; not running: the same start goes on with 1 URL\n" in said


def test_warnings_are_those_of_the_last_run_with_the_reason_first(tmp_path: Path) -> None:
    """A terminal of 80 columns cuts the end; trouble of last week is no news."""
    (tmp_path / "logs").mkdir()
    log = tmp_path / "logs" / "crawler.jsonl"
    log.write_text(_line("a", "old_news") + _line("b", "part_ship_failed", part="p", error="no"))
    view = _View(tmp_path)
    found = Found(tmp_path, 0, {}, Outlook(0, 0, 0, None, None, 0, 0), [], {}, None)
    assert view.state(found).warnings == ["08:30:12 warning part_ship_failed error=no part=p"]
    with log.open("a") as file:
        file.write(_line("c", "crawl_refused"))
    assert view.state(found).warnings == ["08:30:12 warning crawl_refused"]
