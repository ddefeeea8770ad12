"""The log: one line per event from any process, nothing secret, nothing that moves a cursor."""

import json
import logging
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crawler import logs
from crawler.errors import StorageError


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    logs.configure()
    logs.close()


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_events_go_to_the_job_and_warnings_to_stderr(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Events on a terminal would tear the progress; events in no file could not be looked up."""
    path = tmp_path / "log"
    logs.configure(path)
    log = logs.get_logger("crawler.test")
    log.debug("item_seen")
    log.info("part_sealed", name="part-000001.jsonl", records=3)
    log.warning("reader_buried", freed=2)
    first, second = _lines(path)
    assert first["event"] == "part_sealed"
    assert (first["level"], first["logger"], first["pid"]) == ("info", "crawler.test", os.getpid())
    assert first["records"] == 3
    assert first["timestamp"].endswith("Z")
    assert second["event"] == "reader_buried"
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[0].endswith(" warning reader_buried freed=2")
    assert len(err.splitlines()) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert logs.log_path() == path


def test_without_a_job_nothing_is_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    """structlog's own default prints to stdout, into the data."""
    code = "from crawler.logs import get_logger as g; g('x').info('a_b'); g('x').error('c_d')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert "c_d" in done.stderr
    assert "a_b" not in done.stderr


def test_records_of_libraries_take_the_same_way(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """asyncio tells of a task's exception by logging alone: it would be lost."""
    path = tmp_path / "log"
    logs.configure(path, level="error")
    foreign = logging.getLogger("quasiqueue.runner")
    foreign.warning("[%s] Signal %d caught.", "crawler", 15)
    try:
        int("inside")
    except ValueError:
        foreign.exception("Task failed at http://user:secret@h/")
    foreign.debug("not for us")
    first, second = _lines(path)
    assert first["event"] == "[crawler] Signal 15 caught."
    assert first["logger"] == "quasiqueue.runner"
    assert "ValueError: invalid literal" in second["exception"]
    assert "secret" not in path.read_text()
    assert "Task failed" in capsys.readouterr().err


def test_a_broken_record_of_a_library_is_logged_as_it_is(tmp_path: Path) -> None:
    """A bad format string in a library would raise inside the crawl."""
    logs.configure(tmp_path / "log")
    record = logging.makeLogRecord(
        {"name": "lib", "msg": "broken %d", "args": ("x",), "levelno": 30, "levelname": "WARNING"}
    )
    # Handed over directly: pytest's own handler raises for such records.
    for handler in logging.getLogger().handlers:
        if type(handler).__module__ == "crawler.logs":
            handler.handle(record)
    (line,) = _lines(tmp_path / "log")
    assert line["event"] == "broken %d"


def test_lines_of_several_processes_never_mix(tmp_path: Path) -> None:
    """A torn line ends the log for every tool that reads it."""
    path = tmp_path / "log"
    logs.configure(path)
    log = logs.get_logger("x")
    readers = []
    for number in range(4):
        pid = os.fork()
        if not pid:
            if number % 2:
                logs.configure(path)  # a second node's descriptor has an offset of its own
            for turn in range(200):
                log.info("batch_committed", reader=number, turn=turn, text="x" * 3000)
            os._exit(0)
        readers.append(pid)
    for pid in readers:
        assert os.waitpid(pid, 0)[1] == 0
    found = _lines(path)
    assert sorted((line["reader"], line["turn"]) for line in found) == [
        (number, turn) for number in range(4) for turn in range(200)
    ]
    assert {line["pid"] for line in found} == set(readers)


EVIL = "a\x1b[31mb\u202ec\u2028d\x9be\x7ff"


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_a_page_cannot_write_on_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], log_format: logs.Format
) -> None:
    """A title with escape sequences could clear the screen or fake a line of ours."""
    path = tmp_path / "log"
    logs.configure(path, log_format=log_format, color=False)
    try:
        {}[EVIL]
    except KeyError:
        logs.get_logger("x").exception("page_failed\x1b", title=EVIL, other=[EVIL])
    err = capsys.readouterr().err
    for text in (err, path.read_text("utf-8")):
        assert not set(text) & set("\x1b\u202e\u2028\x9b\x7f")
    assert json.loads(path.read_bytes())["title"] == EVIL
    if log_format == "json":
        assert json.loads(err)["title"] == EVIL


def test_colour_is_for_the_level_only(capsys: pytest.CaptureFixture[str]) -> None:
    """The one escape sequence that may be there is ours."""
    logs.configure(color=True)
    logs.get_logger("x").error("page_failed", title='\x1b[2J "x"', n=None)
    line = capsys.readouterr().err
    assert line.count("\x1b") == 2
    assert line.endswith(' page_failed title="\\x1b[2J \\"x\\"" n=None\n')


def test_secrets_are_masked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A log is what people attach to bug reports."""
    path = tmp_path / "log"
    logs.configure(path)
    logs.get_logger("x").error(
        "proxy_failed",
        proxy="http://user:hunter2@proxy:3128/ http://h/ redis://:hunter2@h",
        authorization="hunter2",
        mail="someone@example.org",
    )
    (line,) = _lines(path)
    assert line["proxy"] == "http://***@proxy:3128/ http://h/ redis://***@h"
    assert line["mail"] == "someone@example.org"
    assert "hunter2" not in path.read_text() + capsys.readouterr().err


def test_values_that_json_has_not(tmp_path: Path) -> None:
    """A log call must never be what ends a crawl."""
    path = tmp_path / "log"
    logs.configure(path)
    logs.get_logger("x").info("odd_value", a="\ud800", b=2**70, c=Path("x"), d={1: b"y"})
    (line,) = _lines(path)
    assert line["b"] == 2**70


def test_a_full_disk_costs_lines_not_the_crawl(tmp_path: Path) -> None:
    """Where records do not fit, that is an error; a log line is not worth one."""
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    logs.configure(Path("/dev/full"))
    log = logs.get_logger("x")
    log.info("first_event")
    log.info("second_event")


def test_a_log_that_cannot_be_opened(tmp_path: Path) -> None:
    """One line and code 3, before anything is crawled."""
    with pytest.raises(StorageError, match="cannot be written"):
        logs.configure(tmp_path / "missing" / "log")


def test_start_does_not_pay_for_rich() -> None:
    """Rich is 0.1 s of CPU that a crawl without a terminal never uses; where it is wanted, it
    still has to load."""
    code = (
        "import sys; from crawler.logs import get_logger; get_logger('x').info('a_b');"
        "assert not any(m.split('.')[0] in ('rich', 'twisted') for m in sys.modules), 'loaded';"
        "import rich.console, structlog.dev"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
