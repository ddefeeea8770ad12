"""What the live view shows of the job's log."""

import json
from pathlib import Path

from crawler.cli.live.log_tail import MOST_BYTES, LogTail


def _line(name: str) -> str:
    return json.dumps({"event": name, "level": "warning", "pid": 1}) + "\n"


def _append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def _names(tail: LogTail) -> list[str]:
    return [event["event"] for event in tail.read()]


def test_only_whole_new_lines_are_read(tmp_path: Path) -> None:
    path = tmp_path / "log"
    assert _names(LogTail(path)) == []
    _append(path, _line("old"))
    tail = LogTail(path, from_end=True)
    _append(path, _line("a") + '{"event": "half')
    assert _names(tail) == ["a"]
    _append(path, '", "level": "info", "pid": 2}\n[1]\nno json\n')
    assert _names(tail) == ["half"]
    assert _names(tail) == []


def test_a_log_that_was_moved_aside_is_followed(tmp_path: Path) -> None:
    """After a rotation the view would never show a warning again."""
    path = tmp_path / "log"
    _append(path, _line("a") * 3)
    tail = LogTail(path, from_end=True)
    path.rename(tmp_path / "log.1")
    _append(path, _line("b"))
    assert _names(tail) == ["b"]


def test_a_flood_is_not_read_whole(tmp_path: Path) -> None:
    """With -vv a crawl logs megabytes a second, and the view would read all of it."""
    path = tmp_path / "log"
    tail = LogTail(path)
    _append(path, _line("a") * (2 * MOST_BYTES // len(_line("a"))) + _line("last"))
    names = _names(tail)
    assert names[-1] == "last"
    assert len(names) <= MOST_BYTES // len(_line("a")) + 1
