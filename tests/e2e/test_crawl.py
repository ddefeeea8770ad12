"""The command from seeds to JSONL, over real sockets, as a user runs it."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from crawler.model.record import RECORD_KEYS
from tests.support.crawl import Crawl, assert_exactly_once
from tests.support.site import TestSite

FAST = ("--delay", "0", "-p", "1", "-c", "32")
NS_PER_MS = 1_000_000


@pytest.fixture(scope="module")
def site() -> Iterator[TestSite]:
    with TestSite(hosts=4, pages_per_host=20, missing=2, redirects=4, busy=1, private=2) as running:
        yield running


def test_every_page_has_one_record_and_a_second_start_fetches_nothing(
    site: TestSite, tmp_path: Path
) -> None:
    """The product's first promise."""
    crawl = Crawl(tmp_path / "job", site.seeds_file, *FAST)
    assert crawl.run() == 0, crawl.err
    assert_exactly_once(crawl, site.urls)
    for record in crawl.records():
        assert tuple(record) == RECORD_KEYS
        assert record["status"] == site.expected[record["url"]]
    before = len(site.requests())
    assert crawl.run() == 0, crawl.err
    assert len(site.requests()) == before
    assert_exactly_once(crawl, site.urls)


def test_robots_are_settled_before_any_page_and_asked_for_once(tmp_path: Path) -> None:
    """Two readers that both want a new host must not fetch its rules twice, or a page before
    them."""
    with TestSite(
        hosts=4, pages_per_host=20, private=3, robots_delay_ms=200, first_address="127.0.9.1"
    ) as site:
        crawl = Crawl(tmp_path / "job", site.seeds_file, "--delay", "0", "-p", "2", "-c", "16")
        assert crawl.run() == 0, crawl.err
        for host in site.hosts:
            requests = [r for r in site.requests() if r.host == host]
            rules = [r for r in requests if r.path == "/robots.txt"]
            assert len(rules) == 1
            ended = rules[0].ended_ns
            assert ended is not None
            assert all(r.arrived_ns >= ended for r in requests if r is not rules[0])
        assert not set(site.forbidden) & set(site.counts())
        assert_exactly_once(crawl, site.urls)


def test_the_delay_holds_at_the_server(tmp_path: Path, rounds: Callable[[int, int], int]) -> None:
    """Measured where it matters: gaps between arrivals, over processes, robots.txt and kills."""
    delay_ms = 100
    kills = rounds(1, 6)
    with TestSite(hosts=3, pages_per_host=40, redirects=2, first_address="127.0.10.1") as site:
        flags = ("--delay", f"{delay_ms}ms", "-p", "2", "-c", "8")
        crawl = Crawl(tmp_path / "job", site.seeds_file, *flags)
        for turn in range(kills):
            crawl.start()
            seen = len(site.requests())
            site.wait_until(lambda requests, goal=seen + 15: len(requests) >= goal)
            if turn % 2:
                os.kill(crawl.readers()[0], signal.SIGKILL)
                site.wait_until(lambda requests, goal=seen + 25: len(requests) >= goal)
            crawl.kill_group()
            crawl.reap()
        assert crawl.run() == 0, crawl.err
        assert_exactly_once(crawl, site.urls)
        for host in site.hosts:
            arrivals = [r.arrived_ns for r in site.requests() if r.host == host]
            gaps = [(b - a) / NS_PER_MS for a, b in pairwise(sorted(arrivals))]
            # The crawler spaces the sending; how long a request travels may differ by a little.
            assert min(gaps) >= delay_ms * 0.9, gaps
            rules = site.counts()[f"http://{host}/robots.txt"]
            assert rules <= 1 + kills * 2


def test_page_budgets_are_exact(site: TestSite, tmp_path: Path) -> None:
    """A budget that concurrency can overrun is no budget; a larger one must go on from there."""
    crawl = Crawl(tmp_path / "job", site.seeds_file, *FAST)
    assert crawl.run("--max-pages", "17") == 0, crawl.err
    pages = [r for r in crawl.records() if not 300 <= (r["status"] or 0) < 400]
    assert len(pages) == 17
    manifest = json.loads((crawl.job / "manifest.json").read_text())
    assert "max_pages" in json.dumps(manifest)
    assert crawl.run() == 0, crawl.err
    assert_exactly_once(crawl, site.urls)


def test_pages_per_host_are_exact(site: TestSite, tmp_path: Path) -> None:
    crawl = Crawl(tmp_path / "job", site.seeds_file, *FAST, "--max-pages-per-host", "5")
    assert crawl.run() == 0, crawl.err
    for host in site.hosts:
        pages = [
            r
            for r in crawl.records()
            if f"//{host}/" in r["url"] and not 300 <= (r["status"] or 0) < 400
        ]
        assert len(pages) == 5


def test_depth_ends_where_it_says(site: TestSite, tmp_path: Path) -> None:
    crawl = Crawl(tmp_path / "job", site.seeds_file, *FAST, "--depth", "1")
    assert crawl.run() == 0, crawl.err
    assert {r["depth"] for r in crawl.records()} == {0, 1}


def test_two_instances_cannot_run_one_job(tmp_path: Path) -> None:
    with TestSite(hosts=2, pages_per_host=5, held=2, first_address="127.0.11.1") as site:
        first = Crawl(tmp_path / "job", site.seeds_file, *FAST).start()
        site.wait_until(lambda requests: any("/hold/" in r.path for r in requests))
        second = Crawl(tmp_path / "job", site.seeds_file, *FAST)
        assert second.run() == 4
        assert str(first.pid) in second.err
        assert second.err.count("\n") == 1
        site.release()
        assert first.wait() == 0, first.err
        assert_exactly_once(first, site.urls)


def test_no_seed_answers(tmp_path: Path) -> None:
    """A crawl of a dead address must not look like a success; its record says why."""
    crawl = Crawl(tmp_path / "job", "http://127.0.0.1:9/", *FAST)
    assert crawl.run() == 6, crawl.err
    assert [r["error"] for r in crawl.records()] == ["connect"]


def test_addresses_of_this_machine_are_refused_unless_allowed(
    site: TestSite, tmp_path: Path
) -> None:
    """A link to 127.0.0.1 would let any page read what only this machine may see."""
    crawl = Crawl(tmp_path / "job", site.seeds_file, *FAST)
    at = crawl.command.index("--allow-net")
    del crawl.command[at : at + 2]
    before = len(site.requests())
    assert crawl.run() == 6, crawl.err
    assert {r["error"] for r in crawl.records()} == {"blocked_address"}
    assert len(site.requests()) == before


def test_a_retry_after_pauses_the_host(tmp_path: Path) -> None:
    """503 with Retry-After: nothing of that host is asked before the time is over."""
    with TestSite(
        hosts=1, pages_per_host=10, busy=1, retry_after_s=3, first_address="127.0.12.1"
    ) as site:
        crawl = Crawl(tmp_path / "job", site.seeds_file, "--delay", "50ms", "-p", "2")
        assert crawl.run() == 0, crawl.err
        assert_exactly_once(crawl, site.urls)
        requests = site.requests()
        refused = next(r for r in requests if r.status == 503)
        assert refused.ended_ns is not None
        later = [
            r.arrived_ns - refused.ended_ns for r in requests if r.arrived_ns > refused.ended_ns
        ]
        assert min(later) >= 2_900 * NS_PER_MS
