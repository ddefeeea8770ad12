"""Progress and `status --watch` on a real terminal: what a person sees."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.crawl import LOOPBACK, poll
from tests.support.terminal import Terminal
from tests.support.web import Answer, Web, page

COMMAND = (sys.executable, "-m", "crawler")
PAGES = {
    "/": page(*(f"/p{n}" for n in range(20)), "/slow"),
    "/slow": Answer(b"", held=True),
    "/busy": Answer(b"", 503, {"Retry-After": "600"}),
} | {f"/p{n}": page() for n in range(19)}


def _start(web: Web, job: Path, *flags: str) -> list[str]:
    quick = ("--delay", "0", "-p", "1", "--max-wait", "1h", "--job", str(job))
    return [
        *COMMAND,
        "start",
        web.url("/"),
        f"http://{web.hosts[1]}/busy",
        *LOOPBACK,
        *quick,
        *flags,
    ]


def _shows(seen: Terminal, text: str) -> None:
    try:
        poll(lambda: text in seen.text(), text)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{seen.text()}") from None


def _rests(seen: Terminal) -> None:
    """The host that asked for ten minutes is shown with what is left of them."""
    poll(lambda: re.search(r"\b[5-9] min", seen.text()), "the rest of a host")


def test_a_crawl_is_watched_stopped_killed_and_watched_again(tmp_path: Path) -> None:
    """A view that tears, that is silent after Ctrl-C, or a watch that dies with its crawl."""
    job = tmp_path / "job"
    watch = [*COMMAND, "status", "--watch", "--job", str(job)]
    with Web(PAGES) as web, Terminal(_start(web, job), columns=100, rows=24) as crawl:
        _shows(crawl, "21 of 23 known")
        _rests(crawl)
        assert [line.split()[0] for line in crawl.lines() if line[0].isalpha()][:3] == [
            *("pages", "rate", "urls")
        ]
        assert "█" in crawl.text()
        crawl.resize(40, 8)
        poll(lambda: len(crawl.lines()) <= 7, "the view on a small screen")
        _shows(crawl, "pages")
        assert crawl.text().count("bound") == 1  # nothing of the old view is left
        assert crawl.is_cursor_shown()
        with Terminal(watch, columns=80, rows=24) as watcher:
            _shows(watcher, "running")
            _shows(watcher, "21 of 23 known")
            os.killpg(crawl.process.pid, signal.SIGKILL)
            _shows(watcher, "not running: the same start goes on")
            with Terminal(_start(web, job), columns=100, rows=24) as again:
                _shows(watcher, "● running")
                _rests(again)
                again.press(b"\x03")
                _shows(again, "stopping: 1 under way")
                web.release.set()
                assert again.wait() == 128 + signal.SIGINT
                lines = again.lines()
                assert not any(line.startswith("bound") for line in lines)
                assert any(line.startswith("crawler: stopped") for line in lines)
                assert any(line.startswith("  look     crawler inspect") for line in lines)
            _shows(watcher, "resting")
            watcher.press(b"\x03")
            assert watcher.wait() == 0
            assert "Traceback" not in watcher.text()


@pytest.mark.parametrize(
    ("env", "escapes", "blocks"),
    [
        ({"TERM": "dumb"}, False, False),
        ({"LC_ALL": "C", "NO_COLOR": "1"}, True, False),
    ],
)
def test_a_terminal_that_can_do_less(
    env: dict[str, str], escapes: bool, blocks: bool, tmp_path: Path
) -> None:
    """An editor's shell full of control sequences; question marks instead of a bar."""
    with (
        Web(PAGES) as web,
        Terminal(_start(web, tmp_path / "job"), columns=80, rows=24, env=env) as crawl,
    ):
        _shows(crawl, " records" if not escapes else "21 of 23 known")
        web.release.set()
        crawl.press(b"\x03")
        assert crawl.wait() == 128 + signal.SIGINT
        assert (b"\x1b[" in crawl.raw) is escapes
        assert b"\x1b[3" not in crawl.raw  # colours
        assert all(byte < 128 for byte in crawl.raw) is not blocks


def test_watching_on_a_pipe_is_a_line_for_each_look(tmp_path: Path) -> None:
    """A script that follows a crawl reads line by line, and gets no traceback when it ends it."""
    job = tmp_path / "job"
    pages = {"/": page("/a"), "/a": page()}
    with Web(pages) as web:
        words = [*COMMAND, "start", web.url("/"), *LOOPBACK, "--job", str(job), "--delay", "0"]
        subprocess.run([*words, "--progress", "off"], check=True, timeout=60)
    words = [*COMMAND, "status", "--watch", "--json", "--job", str(job)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as watching:
        assert watching.stdout is not None
        looks = [json.loads(watching.stdout.readline()) for _ in range(2)]
        watching.send_signal(signal.SIGINT)
        _, said = watching.communicate(timeout=60)
    assert (watching.returncode, said) == (0, b"")
    assert looks[0]["at"] < looks[1]["at"]
    assert looks[0]["statuses"] == {"200": 2}
    assert looks[0]["running"] is None
