"""Visits of real runs: kills, budgets, --keep-running, what is shown of them."""

import json
import os
import random
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.crawl import Crawl, poll
from tests.support.site import TestSite
from tests.support.web import Answer, Web, page

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

SOON = ("--delay", "0", "--recrawl", "1s")


@pytest.fixture(autouse=True)
def _short_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRAWLER_PREVENT_REQUEUING_TIME", "1")
    monkeypatch.setenv("CRAWLER_RECRAWL_MIN", "1")
    monkeypatch.setenv("CRAWLER_RECRAWL_MAX", "1")


@pytest.fixture(scope="module")
def site() -> Iterator[TestSite]:
    with TestSite(hosts=4, pages_per_host=25, links_per_page=8, delay_ms=10) as running:
        yield running


def test_kills_lose_no_visit_and_double_none(
    site: TestSite, tmp_path: Path, rounds: Callable[[int, int], int]
) -> None:
    """A kill between two visits would leave a gap in the numbers, or one number twice."""
    chance = random.Random(5)
    crawl = Crawl(tmp_path / "job", site.seeds_file, *SOON, "--keep-running", "-p", "2")
    for _ in range(rounds(3, 30)):
        crawl.start()
        goal = crawl.written() + chance.randrange(50_000, 400_000)
        poll(lambda goal=goal: crawl.written() > goal and crawl.leased() > 0, "visits under way")
        crawl.kill_group()
        crawl.reap()
        poll(lambda: not crawl.group(), "no process left")
    crawl.start()
    goal = crawl.written() + 50_000
    poll(lambda: crawl.written() > goal, "one more run")
    os.kill(crawl.pid, signal.SIGTERM)
    assert crawl.wait() == 143
    visits: dict[str, list[int]] = defaultdict(list)
    for record in crawl.records():
        visits[record["url"]].append(record["visit"])
    assert visits.keys() == set(site.urls)
    for url, numbers in visits.items():
        assert sorted(numbers) == list(range(1, len(numbers) + 1)), url
    assert max(map(len, visits.values())) > 2
    manifest = json.loads((tmp_path / "job" / "manifest.json").read_text())
    assert manifest["counters"]["records"] == sum(map(len, visits.values()))
    # Each page counts once, and every URL of this site is one.
    assert manifest["counters"]["pages"] == len(site.urls)


def test_a_run_ends_although_more_is_due_later(tmp_path: Path) -> None:
    """A timer's runs would pile up, each waiting for visits that are the next one's."""
    with Web({"/": page("/a"), "/a": Answer(b"<p>a", 200, {"ETag": '"a"'})}) as web:
        crawl = Crawl(tmp_path / "job", web.url(), "--delay", "0", "--recrawl", "1h")
        assert crawl.run() == 0
        assert crawl.run() == 0
        assert web.paths() == ["/", "/a"]
        manifest = json.loads((tmp_path / "job" / "manifest.json").read_text())
        assert (manifest["later"], manifest["ended"]) == (2, "complete")
        assert manifest["next_visit_at"] is not None
        told = _say("explain", web.url("/a"), "--job", str(crawl.job))
        assert "(every 1 h)" in told
        assert "2 to be visited again" in _say("status", "--job", str(crawl.job))
        # Without it the times are forgotten, with another one they begin at the last visit.
        assert crawl.run("--recrawl", "none") == 0
        assert "recrawl was 1h, is now unset" in crawl.err
        assert "to be visited again" not in _say("status", "--job", str(crawl.job))
        assert crawl.run() == 0
        assert "(every 1 h)" not in _say("explain", web.url("/a"), "--job", str(crawl.job))
        assert "2 to be visited again" in _say("status", "--job", str(crawl.job))


def _say(*words: str) -> str:
    command = [sys.executable, "-m", "crawler", *words]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


def test_kept_running_it_visits_what_becomes_due(tmp_path: Path) -> None:
    """A daemon that ends when nothing is due is none; one that claims without end is a flood."""
    with Web({"/": page("/a"), "/a": [page(text="one"), page(text="two")]}) as web:
        crawl = Crawl(
            tmp_path / "job", web.url(), *SOON, "--keep-running", "--max-pages", "2", "-p", "1"
        ).start()
        poll(lambda: web.paths().count("/a") >= 4, "four visits of a page")
        os.kill(crawl.pid, signal.SIGTERM)
        assert crawl.wait() == 143, crawl.err
        records = [r for r in crawl.records() if r["url"].endswith("/a")]
        changes = [r["change"] for r in sorted(records, key=lambda r: r["visit"])]
        assert changes[:4] == [None, "changed", "unchanged", "unchanged"]


def test_a_304_that_nobody_asked_for_is_no_known_page(tmp_path: Path) -> None:
    """A broken cache would give every page of a site the record of one that is unchanged."""
    with Web({"/": Answer(b"", 304), "/a": page()}) as web:
        crawl = Crawl(tmp_path / "job", web.url(), *SOON)
        assert crawl.run() == 0
        (record,) = crawl.records()
        assert (record["status"], record["unchanged"], record["change"]) == (304, False, None)
        assert all("If-None-Match" not in asked.headers for asked in web.asked)
