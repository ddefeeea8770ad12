"""SIGHUP: the crawl file is read again; nothing is lost, nothing comes twice, the process stays."""

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.crawl import Crawl, assert_exactly_once, poll
from tests.support.site import TestSite

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

GRACE = "graceful_shutdown_timeout = 2\n"
FAST = ("--delay", "0", "--per-host", "4", "-p", "2", "-c", "8")


IGNORING = """
import os, signal, sys
signal.signal(signal.SIGHUP, signal.SIG_IGN)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""As nohup does."""


def reload_command(crawl: Crawl) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "crawler", "reload", "--job", str(crawl.job)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def say(crawl: Crawl, code: int) -> str:
    """Run `crawler reload`; return what it said."""
    done = reload_command(crawl)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stderr if code else done.stdout


@pytest.fixture
def site() -> Iterator[TestSite]:
    with TestSite(hosts=3, pages_per_host=40, held=6) as running:
        running.hold()
        yield running


@pytest.fixture
def crawl(site: TestSite, tmp_path: Path) -> Iterator[Crawl]:
    """A crawl with a crawl file, all of whose other pages are done: the held ones are open."""
    (tmp_path / "crawl.toml").write_text(GRACE + 'exclude = ["*/nothing/*"]\n')
    started = Crawl(
        tmp_path / "job", site.seeds_file, "--config", str(tmp_path / "crawl.toml"), *FAST
    ).start()
    site.wait_until(lambda requests: sum(r.ended_ns is None for r in requests) >= 4)
    yield started
    if started.group():
        started.kill_group()
        started.reap()


def reload(crawl: Crawl, text: str, event: str) -> dict[str, object]:
    """Write the crawl file, send SIGHUP to the parent, and wait for what the log says."""
    (crawl.job.parent / "crawl.toml").write_text(GRACE + text)
    before = len(crawl.events(event))
    os.kill(crawl.pid, signal.SIGHUP)
    poll(lambda: len(crawl.events(event)) > before, event)
    return crawl.events(event)[-1]


def test_other_rules_hold_at_once_in_the_same_process(site: TestSite, crawl: Crawl) -> None:
    pid = crawl.pid
    readers = crawl.readers()
    event = reload(crawl, 'exclude = ["*/hold/5"]\nmax_failures = 7\n', "settings_reloaded")
    assert event["changed"] == ["exclude", "max_failures"]
    poll(lambda: len(crawl.events("crawl_started")) == 2, "the crawl to go on")
    poll(lambda: crawl.readers() and not set(crawl.readers()) & set(readers), "new readers")
    assert crawl.pid == pid
    site.release()
    assert crawl.wait() == 0, crawl.err
    counts = crawl.counts()
    assert max(counts.values()) == 1
    missing = set(site.urls) - set(counts)
    assert all(url.endswith("/hold/5") for url in missing)
    assert 'settings_changed change="exclude was */nothing/*, is now */hold/5"' in crawl.err


def test_a_faulty_file_changes_nothing_and_names_its_line(site: TestSite, crawl: Crawl) -> None:
    readers = crawl.readers()
    event = reload(crawl, 'exclude = ["*/hold/*"]\ntimeout = "soon"\n', "reload_failed")
    assert "crawl.toml, line 3" in str(event["error"])
    site.release()
    assert crawl.wait() == 0, crawl.err
    assert_exactly_once(crawl, site.urls)
    assert "reload_failed" in crawl.err
    assert len(crawl.events("crawl_started")) == 1
    assert readers


def test_a_program_that_is_not_there_is_refused_before_it_is_said_to_hold(
    site: TestSite, crawl: Crawl
) -> None:
    """Who is told yes and looks no further has a crawl that ships nothing."""
    (crawl.job.parent / "crawl.toml").write_text(GRACE + 'on_part_sealed = "no-such-x {path}"\n')
    assert "nothing was changed: on_part_sealed: there is no program" in say(crawl, 2)
    assert not crawl.events("settings_reloaded")
    site.release()
    assert crawl.wait() == 0, crawl.err


def test_a_file_that_says_the_same_disturbs_no_reader(site: TestSite, crawl: Crawl) -> None:
    readers = crawl.readers()
    event = reload(crawl, 'exclude = ["*/nothing/*"] # same\n', "settings_reloaded")
    assert event["changed"] == []
    assert crawl.readers() == readers
    event = reload(crawl, 'exclude = ["*/nothing/*"]\nhttp = "127.0.0.1:1"\n', "settings_kept")
    assert event["settings"] == ["http"]
    assert crawl.readers() == readers
    site.release()
    assert crawl.wait() == 0, crawl.err
    assert_exactly_once(crawl, site.urls)


def test_the_command_says_what_came_of_it(site: TestSite, crawl: Crawl) -> None:
    file = crawl.job.parent / "crawl.toml"
    file.write_text(GRACE + 'exclude = ["*/nothing/*"]\ntimeout = "soon"\n')
    assert "crawl.toml, line 3" in say(crawl, 2)
    file.write_text(GRACE + 'exclude = ["*/nothing/*"]\n')
    assert say(crawl, 0).endswith(": nothing has changed\n")
    file.write_text(GRACE + 'exclude = ["*/nothing/*"]\nhttp = "127.0.0.1:1"\nmax_failures = 7\n')
    told = say(crawl, 0)
    assert told.endswith(": max_failures; this holds now; from the next start on: http\n")
    assert len(crawl.events("crawl_started")) == 2
    site.release()
    assert crawl.wait() == 0, crawl.err
    assert say(crawl, 0).startswith("no crawl runs in")
    assert_exactly_once(crawl, site.urls)


def test_the_command_sends_nothing_where_it_would_not_reload(
    crawl: Crawl, tmp_path: Path, site: TestSite
) -> None:
    crawl.kill_group()
    crawl.reap()
    begun = len(crawl.events("crawl_started"))
    ignoring = [sys.executable, "-c", IGNORING, *crawl.command]
    with subprocess.Popen(ignoring, stderr=subprocess.DEVNULL, start_new_session=True) as process:
        poll(lambda: len(crawl.events("crawl_started")) > begun, "the crawl to start")
        told = reload_command(crawl)
        site.release()
        assert process.wait(60) == 0
    assert told.returncode == 4
    assert "ignores SIGHUP" in told.stderr


def test_kills_amid_reloads_lose_nothing(site: TestSite, crawl: Crawl) -> None:
    for turn in range(3):
        reload(crawl, f"max_failures = {turn + 10}\n", "settings_reloaded")
        if turn == 1:
            poll(lambda: len(crawl.events("crawl_started")) >= 3, "the crawl to go on")
        crawl.kill_group()
        crawl.reap()
        begun = len(crawl.events("crawl_started"))
        crawl.start()
        poll(lambda: len(crawl.events("crawl_started")) > begun, "the crawl to start")  # noqa: B023
    site.release()
    assert crawl.wait() == 0, crawl.err
    assert_exactly_once(crawl, site.urls)


def test_a_stop_while_it_winds_down_for_a_reload_is_a_stop(site: TestSite, crawl: Crawl) -> None:
    reload(crawl, "max_failures = 1\n", "settings_reloaded")
    os.kill(crawl.pid, signal.SIGTERM)
    assert crawl.wait() == 128 + signal.SIGTERM
    site.release()
    assert crawl.run() == 0, crawl.err
    assert_exactly_once(crawl, site.urls)


def test_a_terminal_that_is_gone_stops_the_crawl_in_good_order(
    site: TestSite, tmp_path: Path
) -> None:
    """By default SIGHUP would kill it; to read its file again would be no answer either."""
    crawl = Crawl(tmp_path / "job", site.seeds_file, *FAST, "--progress", "auto")
    master, slave = pty.openpty()
    process = subprocess.Popen(
        ["setsid", "--ctty", *crawl.command],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=os.environ | {"CRAWLER_GRACEFUL_SHUTDOWN_TIMEOUT": "2"},
    )
    os.close(slave)
    site.wait_until(lambda requests: sum(r.ended_ns is None for r in requests) >= 4)
    assert "has a terminal" in say(crawl, 4)
    os.close(master)
    assert process.wait(90) == 128 + signal.SIGHUP
    assert [event["ending"] for event in crawl.events("crawl_ended")] == ["signal"]
    site.release()
    assert crawl.run() == 0, crawl.err
    assert_exactly_once(crawl, site.urls)


def test_a_stop_during_a_reload_is_called_one(site: TestSite, tmp_path: Path) -> None:
    """Who asked for the end would think that it goes on, and kill it."""
    file = tmp_path / "crawl.toml"
    file.write_text("graceful_shutdown_timeout = 30\n")
    words = ("--config", str(file), *FAST, "--progress", "plain")
    crawl = Crawl(tmp_path / "job", site.seeds_file, *words).start()
    assert crawl.process is not None
    assert crawl.process.stderr is not None
    try:
        site.wait_until(lambda requests: sum(r.ended_ns is None for r in requests) >= 4)
        file.write_text("graceful_shutdown_timeout = 30\nmax_failures = 7\n")
        os.kill(crawl.pid, signal.SIGHUP)
        said = iter(crawl.process.stderr.readline, b"")
        assert any(b"reloading: " in line for line in said)
        os.kill(crawl.pid, signal.SIGTERM)
        assert any(b"stopping: " in line for line in said)
        site.release()
        crawl.process.communicate(timeout=60)
        assert crawl.process.returncode == 143
    finally:
        if crawl.group():
            crawl.kill_group()
        crawl.reap()
