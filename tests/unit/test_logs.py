"""The log: one line per event from any process, nothing secret, nothing that moves a cursor."""

import fcntl
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
from crawler.logs.file import LogFile
from crawler.logs.lines import console_line
from crawler.logs.repeats import MOST_INFOS, MOST_WARNINGS, WINDOW_S, Repeats


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


def test_several_values_are_words_on_a_terminal() -> None:
    """Brackets and quotes of Python are not for people."""
    event = {"event": "settings_reloaded", "level": "warning", "changed": ["delay", "exclude"]}
    assert console_line(event) == ' warning settings_reloaded changed="delay, exclude"\n'
    assert console_line({**event, "changed": ["delay"]}).endswith(" changed=delay\n")
    assert "\x1b" not in console_line({**event, "changed": ["\x1b[2J"]})


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


def test_what_children_log_stays_out_of_a_view_and_is_printed_by_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A warning of a reader would be written into the lines that are drawn there."""
    path = tmp_path / "log"
    logs.configure(path)
    monkeypatch.setattr(logs._get_sinks(), "children_write", True)  # put back afterwards
    logs.leave_stderr_to_parent()
    child = os.fork()
    if child == 0:
        logs.get_logger("reader").warning("page_slow")
        logs.get_logger("reader").info("page_read")
        os._exit(0)
    os.waitpid(child, 0)
    logs.get_logger("parent").warning("crawl_slow")
    assert "page_slow" not in (said := capfd.readouterr().err)
    assert "crawl_slow" in said
    for line in path.read_text().splitlines():
        logs.relay(json.loads(line))
    said = capfd.readouterr().err
    assert "page_slow" in said
    assert "page_read" not in said  # below the level
    assert "crawl_slow" not in said  # printed already


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


def test_repeats_are_counted_not_written(tmp_path: Path) -> None:
    """A server that fails a million times must not fill the disk with the news."""
    path = tmp_path / "log"
    logs.configure(path, level="critical")
    log = logs.get_logger("crawler.test")
    for number in range(MOST_WARNINGS + 30):
        log.warning("server_lost", host=f"{number}.example")
    log.info("crawl_ended")
    logs.close()
    lines = _lines(path)
    assert [line["event"] for line in lines].count("server_lost") == MOST_WARNINGS
    dropped = lines[-1]
    assert lines[-2]["event"] == "crawl_ended"
    assert (dropped["event"], dropped["name"], dropped["count"]) == (
        "events_dropped",
        "server_lost",
        30,
    )
    assert dropped["level"] == "warning"


def test_sentences_of_libraries_count_as_one(tmp_path: Path) -> None:
    """The values in them differ each time."""
    path = tmp_path / "log"
    logs.configure(path, level="critical")
    for number in range(MOST_WARNINGS + 1):
        logging.getLogger("foreign").warning("lost %d", number)
    logs.close()
    *lines, dropped = _lines(path)
    assert [line["event"] for line in lines] == [f"lost {number}" for number in range(20)]
    assert (dropped["name"], dropped["count"]) == ("lost %d", 1)
    assert all("_name" not in line for line in lines)


def test_a_window_ends_and_says_what_it_dropped() -> None:
    repeats = Repeats()
    for _ in range(MOST_INFOS + 5):
        repeats.is_written("x", "a_b", logging.INFO, 0.0)
    assert list(repeats.ended(WINDOW_S - 1)) == []
    assert [(d.name, d.times) for d in repeats.ended(WINDOW_S)] == [("a_b", 5)]
    assert repeats.is_written("x", "a_b", logging.INFO, WINDOW_S)
    assert list(repeats.ended(3 * WINDOW_S)) == []


def test_an_outage_is_not_told_of_each_part(tmp_path: Path) -> None:
    """A shelf that is away for a night would fill the log with a line for each try of each part."""
    path = tmp_path / "log"
    logs.configure(path, level="critical")
    log = logs.get_logger("crawler.parts")
    for number in range(10):
        log.warning("part_ship_failed", part=f"part-{number}")
    logs.close()
    *lines, dropped = _lines(path)
    assert [line["part"] for line in lines] == ["part-0", "part-1", "part-2"]
    assert (dropped["event"], dropped["name"], dropped["count"]) == (
        "events_dropped",
        "part_ship_failed",
        7,
    )
    repeats, level = Repeats(), logging.WARNING
    written = [repeats.is_written("x", "part_ship_failed", level, float(s)) for s in range(60)]
    assert sum(written) == 3
    assert [dropped.times for dropped in repeats.ended(60.0)] == [57]
    assert repeats.is_written("x", "part_ship_failed", level, 60.0)


def test_the_log_begins_anew_and_keeps_the_old_ones(tmp_path: Path) -> None:
    """Months of events in one file fill the disk."""
    path = tmp_path / "log"
    logs.configure(path, level="critical", max_bytes=1000, keep=2)
    log = logs.get_logger("crawler.test")
    for number in range(40):
        log.info("part_sealed", number=number)
    logs.close()
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["log", "log.1", "log.2"]
    assert all(file.stat().st_size <= 1000 for file in files)
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)
    numbers = [line["number"] for file in reversed(files) for line in _lines(file)]
    assert numbers == list(range(numbers[0], 40))


def test_processes_share_a_log_that_begins_anew(tmp_path: Path) -> None:
    """Two that rename at once, or one that goes on in a file nobody keeps, would lose lines."""
    path = tmp_path / "log"
    logs.configure(path, level="critical", max_bytes=20_000, keep=1000)
    names = [f"line_{number}" for number in range(500)]
    children = []
    for child in range(4):
        pid = os.fork()
        if pid == 0:
            log = logs.get_logger(f"child-{child}")
            for number in range(len(names)):
                log.info(names[number])
            os._exit(0)
        children.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0] * 4
    logs.close()
    files = list(tmp_path.iterdir())
    assert len(files) > 5
    seen = [(line["logger"], line["event"]) for file in files for line in _lines(file)]
    assert len(seen) == len(set(seen)) == 2000


@pytest.mark.parametrize("begun", [None, b"theirs\n"], ids=["renamed", "begun"])
def test_a_log_that_another_process_renames_meanwhile_is_not_renamed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begun: bytes | None
) -> None:
    """It is not there for a moment: the line, and all lines of five seconds, would be lost."""
    path = tmp_path / "log"
    full = b"x" * 29 + b"\n"
    log_file = LogFile(path, max_bytes=30, keep=5)
    log_file.append(full)
    flock = fcntl.flock

    def lock_late(file: int, how: int) -> None:
        path.rename(tmp_path / "log.1")
        if begun is not None:
            path.write_bytes(begun)
        flock(file, how)

    monkeypatch.setattr(fcntl, "flock", lock_late)
    for line in (b"first\n", b"second\n"):
        log_file.append(line)
    log_file.close()
    found = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert found == {"log": (begun or b"") + b"first\nsecond\n", "log.1": full}


def test_a_process_says_only_what_it_dropped_itself(tmp_path: Path) -> None:
    path = tmp_path / "log"
    logs.configure(path, level="critical")
    for _ in range(MOST_WARNINGS + 1):
        logs.get_logger("x").warning("a_b")
    pid = os.fork()
    if pid == 0:
        logs.get_logger("x").warning("a_b")
        logs.flush()
        os._exit(0)
    os.waitpid(pid, 0)
    logs.close()
    names = [line["event"] for line in _lines(path)]
    assert names == ["a_b"] * MOST_WARNINGS + ["a_b", "events_dropped"]


def test_a_full_disk_costs_lines_and_not_the_rest_of_them(tmp_path: Path) -> None:
    """The log would otherwise stay silent after the disk has space again."""
    path = tmp_path / "log"
    logs.configure(path, level="critical")
    log_file = logs._get_sinks().file
    assert log_file is not None
    real, log_file._file = log_file._file, os.open("/dev/full", os.O_WRONLY)
    logs.get_logger("x").info("a_b")
    os.close(log_file._file)
    log_file._file, log_file._not_before = real, 1.0
    logs.get_logger("x").info("c_d")
    assert [line["event"] for line in _lines(path)] == ["c_d"]


def test_a_line_that_did_not_fit_leaves_nothing_behind(tmp_path: Path) -> None:
    """Half of it would stand before the next line, and `jq` stop there for months."""
    path = tmp_path / "log"
    code = (
        "import resource, sys; from pathlib import Path; from crawler.logs.file import LogFile;"
        "log = LogFile(Path(sys.argv[1]), max_bytes=1000, keep=1); log.append(b'[1]\\n');"
        "hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1];"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (6, hard)); log.append(b'[22]\\n');"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard)); log.append(b'[3]\\n')"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)
    assert path.read_bytes() == b"[1]\n[3]\n"


def test_a_torn_line_ends_where_the_next_begins(tmp_path: Path) -> None:
    """A power cut, or another process, may have left one."""
    path = tmp_path / "log"
    path.write_bytes(b"[1]\n[2")
    log_file = LogFile(path, max_bytes=1000, keep=1)
    for line in (b"[3]\n", b"[4]\n"):
        log_file.append(line)
    log_file.close()
    assert path.read_bytes() == b"[1]\n[2\n[3]\n[4]\n"


def test_what_is_bound_is_in_every_event(tmp_path: Path) -> None:
    path = tmp_path / "log"
    code = (
        "import logging, sys; from pathlib import Path; from crawler import logs;"
        "logs.configure(Path(sys.argv[1])); logs.bind(reader='r1');"
        "logs.get_logger('x').info('a_b'); logging.getLogger('y').warning('z')"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True, capture_output=True)
    assert [line["reader"] for line in _lines(path)] == ["r1", "r1"]


def test_warnings_of_python_are_events(tmp_path: Path) -> None:
    """They would stand on stderr, in the middle of the progress."""
    path = tmp_path / "log"
    code = (
        "import sys, warnings; from pathlib import Path; from crawler import logs;"
        "logs.configure(Path(sys.argv[1]), level='critical'); warnings.warn('too old')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], check=True, capture_output=True, text=True
    )
    assert done.stderr == ""
    (line,) = _lines(path)
    assert (line["logger"], line["level"]) == ("py.warnings", "warning")
    assert "too old" in line["event"]
