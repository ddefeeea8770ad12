"""A crawl that is steered from other processes, killed meanwhile: nothing lost, nothing twice."""

import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.crawl import Crawl, assert_exactly_once, poll
from tests.support.site import TestSite

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

FAST = ("--delay", "0", "--per-host", "4", "-p", "2", "-c", "8", "--retries", "0")


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRAWLER_GRACEFUL_SHUTDOWN_TIMEOUT", "2")
    monkeypatch.setenv("CRAWLER_PREVENT_REQUEUING_TIME", "2")


@pytest.fixture
def site() -> Iterator[TestSite]:
    with TestSite(hosts=3, pages_per_host=40, held=4) as running:
        running.hold()
        yield running


@pytest.fixture
def crawl(site: TestSite, tmp_path: Path) -> Iterator[Crawl]:
    """A crawl that runs and cannot end: pages are held open."""
    started = Crawl(tmp_path / "job", site.seeds_file, *FAST)
    started.command += ["--max-wait", "20s"]
    started.start()
    held(site)
    yield started
    if started.group():
        started.kill_group()
        started.reap()


def held(site: TestSite) -> None:
    site.wait_until(
        lambda requests: any(r.ended_ns is None and "/hold/" in r.path for r in requests)
    )


def say(crawl: Crawl, command: str, *words: str, code: int = 0, lines: int | None = 1) -> str:
    """Run a command on the job; return what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "crawler", command, *words, "--job", str(crawl.job)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert code or lines is None or len(done.stdout.splitlines()) == lines, done.stdout
    return done.stdout if code == 0 else done.stderr


def begun(crawl: Crawl) -> int:
    return len(crawl.events("crawl_started"))


def start_again(crawl: Crawl) -> None:
    before = begun(crawl)
    crawl.start()
    poll(lambda: begun(crawl) > before, "the crawl to start")


def test_a_pause_outlives_kills_and_starts(site: TestSite, crawl: Crawl) -> None:
    assert say(crawl, "pause").startswith("paused: what is being fetched is finished")
    assert say(crawl, "pause").startswith("paused already")
    assert f"paused   by you: crawler resume --job {crawl.job} goes on" in say(
        crawl, "status", lines=None
    )
    crawl.kill_group()
    crawl.reap()
    site.release()
    asked = len(site.requests())
    start_again(crawl)
    # What is added goes through the parent's look, which comes after any claim that it would make.
    added = site.seeds[0] + "added"
    assert "it is paused" in say(crawl, "add", added)
    assert [event["new"] for event in crawl.events("seeds_added")] == [1]
    assert "you paused the crawl" in say(crawl, "explain", added, lines=None)
    assert len(crawl.events("crawl_paused")) == 2
    assert crawl.leased() == 0
    assert len(site.requests()) == asked
    assert say(crawl, "resume") == "resumed\n"
    assert say(crawl, "resume") == "not paused\n"
    assert crawl.wait() == 0, crawl.err
    assert "crawl_paused" in crawl.err
    assert_exactly_once(crawl, [*site.urls, added])


def test_a_paused_host_waits_while_the_others_go_on(site: TestSite, crawl: Crawl) -> None:
    host = site.hosts[1]
    assert say(crawl, "pause", host).startswith(f"paused {host}: ")
    assert say(crawl, "pause", f"http://{host}/").startswith("paused already")
    added = f"http://{host}/added"
    say(crawl, "add", added)
    assert "you paused its host" in say(crawl, "explain", added, lines=None)
    assert f"paused by you: crawler resume {host} --job" in say(
        crawl, "hosts", "--waiting", lines=None
    )
    assert f"paused   {host}: crawler resume HOST --job {crawl.job}" in say(
        crawl, "status", lines=None
    )
    bare = host.partition(":")[0]
    assert f"did you mean {host}?" in say(crawl, "pause", bare, code=2)
    assert "did you mean" in say(crawl, "pause", "127.0.8.9:" + host[-5:], code=2)
    asked = len([r for r in site.requests() if r.host == host])
    site.release()
    assert crawl.wait() == 7, crawl.err
    assert f"{host}: paused by you" in crawl.err
    # Those that were dealt by then are finished.
    assert len([r for r in site.requests() if r.host == host]) <= asked + 4
    others = {url for url in site.urls if host not in url}
    assert others <= set(crawl.counts())
    assert say(crawl, "resume", "--all-hosts").startswith(f"resumed {host}")
    assert say(crawl, "resume", "--all-hosts") == "no host is paused\n"
    assert crawl.run() == 0, crawl.err
    assert_exactly_once(crawl, [*site.urls, added])


def test_stop_waits_for_the_end_and_may_be_said_at_any_time(site: TestSite, crawl: Crawl) -> None:
    first, second = (
        subprocess.Popen(
            [sys.executable, "-m", "crawler", "stop", "--job", str(crawl.job)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    )
    said = [process.communicate(timeout=60)[0] for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0)
    assert any(line.startswith(f"stopped process {crawl.pid}") for line in said)
    assert crawl.wait() == 128 + signal.SIGTERM
    assert not crawl.group()
    assert say(crawl, "stop").startswith("no crawl runs in")
    site.release()
    crawl.start("--keep-running")
    poll(lambda: crawl.leased() == 0 and len(crawl.records_so_far()) >= len(site.urls), "the rest")
    assert say(crawl, "stop").startswith(f"stopped process {crawl.pid}")
    assert crawl.wait() == 128 + signal.SIGTERM
    assert_exactly_once(crawl, site.urls)


def test_a_crawl_on_another_machine_is_not_stopped_from_here(site: TestSite, crawl: Crawl) -> None:
    lock = crawl.job / "lock"
    text = lock.read_text()
    lock.write_text(text.replace(socket.gethostname(), "elsewhere"))
    assert "elsewhere" in say(crawl, "stop", code=4)
    lock.write_text(text)
    site.release()
    assert crawl.wait() == 0, crawl.err


def test_what_is_added_is_taken_by_whoever_can(tmp_path: Path) -> None:
    """While it runs, at its end and after it: the command says who takes it, and somebody does."""
    with TestSite(hosts=3, pages_per_host=12) as site:
        crawl = Crawl(tmp_path / "job", site.seeds[0], *FAST)
        crawl.start()
        poll(lambda: begun(crawl), "the start")
        first = say(crawl, "add", site.seeds[1])
        code = crawl.wait()
        assert code == 0, crawl.err
        second = say(crawl, "add", site.seeds[2])
        assert second == "added 1 URL: no crawl runs, the same start takes them\n"
        assert say(crawl, "add", site.seeds[2]).startswith("added 0 URLs, 1 known already")
        fetched = set(crawl.counts())
        if "takes them\n" in first and "no crawl runs" not in first:
            assert any(site.hosts[1] in url for url in fetched)
        assert crawl.run() == 0, crawl.err
        assert_exactly_once(crawl, site.urls)
        nowhere = Crawl(tmp_path / "nowhere", site.seeds[0])
        assert "no job in" in say(nowhere, "add", site.seeds[0], code=2)


@pytest.mark.parametrize("turn", range(2))
def test_an_addition_at_the_very_end_is_taken_or_left_for_the_next_start(
    turn: int, tmp_path: Path
) -> None:
    with TestSite(hosts=2, pages_per_host=2 + turn) as site:
        crawl = Crawl(tmp_path / "job", site.seeds[0], *FAST).start()
        poll(lambda: len(crawl.records_so_far()) >= 2 + turn, "the last page")
        said = say(crawl, "add", site.seeds[1])
        assert crawl.wait() == 0, crawl.err
        if "the crawl that runs takes them" in said:
            assert_exactly_once(crawl, site.urls)
        assert crawl.run() == 0, crawl.err
        assert_exactly_once(crawl, site.urls)


def test_what_failed_is_fetched_again_as_another_visit(tmp_path: Path) -> None:
    with TestSite(hosts=2, pages_per_host=6, resets=2, busy=2, retry_after_s=None) as site:
        crawl = Crawl(tmp_path / "job", site.seeds_file, *FAST, "--max-pages", "40")
        assert crawl.run() in (0, 7), crawl.err
        resets = [url for url in crawl.counts() if "/reset/" in url]
        assert len(resets) == 4
        assert "4 reset" in say(crawl, "retry", "--error", "reset")
        assert say(crawl, "retry", "--error", "reset") == "nothing to try again\n"
        assert [event["urls"] for event in crawl.events("urls_retried")] == [4]
        assert "there are bad_redirect, " in say(crawl, "retry", "--error", "http_503", code=2)
        crawl.start()
        poll(lambda: begun(crawl) == 2, "the start")
        crawl.kill_group()
        crawl.reap()
        assert crawl.run() == 0, crawl.err
        visits = Counter((r["url"], r["visit"]) for r in crawl.records())
        assert max(visits.values()) == 1
        assert {url for url, visit in visits if visit == 2} == set(resets)


def test_a_pause_that_ends_the_crawl_says_so(tmp_path: Path) -> None:
    """A second later it was over, with code 7, and nobody had asked for that."""
    with TestSite(hosts=2, pages_per_host=40, first_address="127.0.46.1") as site:
        crawl = Crawl(tmp_path / "job", site.seeds_file, "--delay", "1s", "-p", "1").start()
        poll(lambda: len(crawl.records_so_far()) > 4, "records")
        assert "nothing else is left" not in say(crawl, "pause", site.hosts[0])
        assert "; nothing else is left" in say(crawl, "pause", site.hosts[1])
        assert crawl.wait() == 7, crawl.err


def test_a_server_that_was_down_is_asked_again(tmp_path: Path) -> None:
    """Exit code 6 had no other way out than to put the job aside."""
    with TestSite(hosts=1, pages_per_host=4) as site:
        port = site.port
    crawl = Crawl(tmp_path / "job", f"http://127.0.8.1:{port}/", *FAST)
    assert crawl.run() == 6
    help_text = f"crawler retry --error connect --job {crawl.job} lets the same command ask again"
    assert help_text in crawl.err
    assert crawl.run() == 6
    assert "1 connect" in say(crawl, "retry", "--error", "connect")
    assert crawl.run("--max-wait", "20s") in (6, 7)
    assert sorted(record["visit"] for record in crawl.records()) == [1, 2]


def test_storm(site: TestSite, crawl: Crawl) -> None:
    """Everything at once, and kills: each URL has one record for each visit, none is missing."""
    added = [f"{seed}added/{n}" for n in range(2) for seed in site.seeds]
    for turn in range(2):
        say(crawl, "pause", site.hosts[turn % 2])
        say(crawl, "add", *added[turn * 3 : turn * 3 + 3])
        say(crawl, "pause")
        os.kill(crawl.pid, signal.SIGHUP)
        for reader in crawl.readers()[:1]:
            os.kill(reader, signal.SIGKILL)
        say(crawl, "resume")
        crawl.kill_group()
        crawl.reap()
        start_again(crawl)
    say(crawl, "resume", "--all-hosts")
    site.release()
    assert crawl.wait() == 0, crawl.err
    # Those that do not exist are 404: pages with a record.
    assert_exactly_once(crawl, [*site.urls, *added])
    failures = say(crawl, "retry", "--status", "404")
    assert f"{len(added):,} 404" in failures
    assert crawl.run() == 0, crawl.err
    visits = Counter((r["url"], r["visit"]) for r in crawl.records())
    assert max(visits.values()) == 1
    assert {url for url, visit in visits if visit == 2} == set(added)
