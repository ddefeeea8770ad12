"""Servers that fail: what they cost, what comes of their pages, and who else notices."""

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.support.crawl import Crawl
from tests.support.later import rest_ends, time_passes
from tests.support.site import TestSite
from tests.support.web import Answer, Web, page

POLITE = ("--delay", "20ms", "-p", "1", "--retry-base", "20ms", "--max-wait", "1s")
PAGES = [f"/{n}" for n in range(10)]
SILENT = Answer(b"<p>at last</p>", held=True)
BUSY = Answer(b"busy", 503)


def look(*words: str) -> str:
    command = [sys.executable, "-m", "crawler", *words]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def status(crawl: Crawl) -> dict[str, Any]:
    """The only host of a job."""
    (host,) = json.loads(look("status", "--json", "-j", str(crawl.job)))["hosts"]
    found: dict[str, Any] = host
    return found


def test_a_server_that_falls_silent_and_comes_back(tmp_path: Path) -> None:
    """Each page would cost all its tries and be written off; or be lost; or be fetched twice."""
    pages = {"/": page(*PAGES)} | dict.fromkeys(PAGES, SILENT)
    with Web(pages) as web:
        crawl = Crawl(tmp_path / "job", web.url(), *POLITE, "--timeout", "2s", "--retries", "1")
        assert crawl.run() == 7
        # Three pages with both their tries; then the host rests.
        assert web.paths() == ["/", *("/0", "/0", "/1", "/1", "/2", "/2")]
        assert f"({web.hosts[0]}: timeout, 3 times in a row)" in crawl.err
        assert [r["error"] for r in crawl.records()] == [None, "timeout", "timeout", "timeout"]

        # A restart does not ask sooner, and everybody can see why.
        assert crawl.run() == 7
        assert len(web.paths()) == 7
        assert status(crawl)["failures_in_row"] == 3
        assert status(crawl)["last_failure"] == "timeout"
        assert ", failed 3 times in a row: timeout" in look("status", "-j", str(crawl.job))
        said = look("explain", web.url("/5"), "-j", str(crawl.job))
        assert "its host has failed 3 times in a row (timeout) and rests: asked again at" in said
        (waiting,) = json.loads((crawl.job / "manifest.json").read_text())["waiting_hosts"]
        assert (waiting["failures_in_row"], waiting["last_failure"]) == (3, "timeout")

        # One page has one try, and the next time it is another page's turn.
        assert 26_000 < rest_ends(crawl.job) < 45_000
        assert crawl.run() == 7
        assert web.paths()[7:] == ["/3"]
        assert 53_000 < rest_ends(crawl.job) < 90_000
        assert crawl.run() == 7
        assert web.paths()[8:] == ["/4"]

        web.release.set()
        assert 106_000 < rest_ends(crawl.job) < 180_000
        time_passes(crawl.job, 30_000)
        assert crawl.run() == 0, crawl.err
        assert status(crawl)["failures_in_row"] == 0
    records = crawl.records()
    assert sorted(r["url"] for r in records) == sorted(web.url(path) for path in ["/", *PAGES])
    assert sum(r["status"] == 200 for r in records) == 8
    attempts = {r["url"].rpartition("/")[2]: r["attempts"] for r in records}
    assert (attempts["0"], attempts["3"], attempts["4"], attempts["5"]) == (2, 2, 2, 1)


def test_a_server_that_is_always_busy_costs_less_and_less(tmp_path: Path) -> None:
    """A crawl of months would ask a dead server at a constant rate, page after page."""
    pages = {"/": page(*PAGES)} | dict.fromkeys(PAGES, BUSY)
    with Web(pages) as web:
        crawl = Crawl(tmp_path / "job", web.url(), *POLITE, "--retries", "0")
        asked, rests = 0, []
        for _ in range(6):
            assert crawl.run() == 7, crawl.err
            rests.append(rest_ends(crawl.job))
            asked, before = len(web.paths()), asked
            assert asked - before == (4 if before == 0 else 1)
        assert all(longer > 1.5 * shorter for shorter, longer in pairwise(rests))
        # Eight in a row: robots.txt is asked for first, and now fails as well.
        assert [r.path for r in web.asked].count("/robots.txt") == 1
        web._pages["/robots.txt"] = [BUSY]
        time_passes(crawl.job, 60_000)
        assert crawl.run() == 7
        assert [r.path for r in web.asked].count("/robots.txt") == 2
        assert len(web.paths()) == asked
        explained = json.loads(look("explain", web.url("/9"), "--json", "-j", str(crawl.job)))
        assert explained["robots"]["verdict"] == "deferred"
        assert explained["robots"]["failing_since"] is not None
        assert explained["host"]["failures_in_row"] == 8
        assert explained["host"]["throttled"] == 9

        # It is back: nothing was lost, nothing comes twice.
        web._pages = {path: [page()] for path in ["/", *PAGES]}
        time_passes(crawl.job, 3_600_000)
        assert crawl.run() == 0, crawl.err
    counts = crawl.counts()
    assert set(counts) == {web.url(path) for path in ["/", *PAGES]}
    assert set(counts.values()) == {1}


def test_a_bad_page_among_good_ones_stops_nothing(tmp_path: Path) -> None:
    """A host would rest because of one page, or the page would not get all its tries."""
    pages = {"/": page(*PAGES)} | dict.fromkeys(PAGES, page())
    pages |= {"/2": BUSY, "/5": BUSY, "/7": BUSY, "/8": Answer(b"", 500)}
    with Web(pages) as web:
        crawl = Crawl(tmp_path / "job", web.url(), *POLITE, "--retries", "3")
        assert crawl.run() == 0, crawl.err
        assert status(crawl)["throttled"] == 12
    counts = {path: web.paths().count(path) for path in PAGES}
    assert counts == dict.fromkeys(PAGES, 1) | {"/2": 4, "/5": 4, "/7": 4, "/8": 4}
    assert len(crawl.records()) == 11


def test_a_broken_part_of_a_site_stops_nothing(tmp_path: Path) -> None:
    """A handful of pages that raise an error would look like a dead server."""
    pages = {"/": page(*PAGES)} | dict.fromkeys(PAGES[:9], Answer(b"", 500)) | {"/9": page()}
    with Web(pages) as web:
        crawl = Crawl(tmp_path / "job", web.url(), *POLITE, "--retries", "0")
        assert crawl.run() == 0, crawl.err
    assert [r["status"] for r in crawl.records()] == [200, *[500] * 9, 200]


@pytest.mark.parametrize("robots", [(), ("--no-robots",)])
def test_a_dead_host_holds_no_slots_of_others(tmp_path: Path, robots: tuple[str, ...]) -> None:
    """Time-outs of one host would fill the slots that others need, again and again."""
    links = [f"/{n}" for n in range(60)]
    pages = {"0/": page(*links), "1/": page(*links)}
    pages |= {f"0{path}": SILENT for path in links} | {f"1{path}": page() for path in links}
    with Web(pages) as web:
        seeds = tmp_path / "seeds.txt"
        seeds.write_text(f"{web.url()}\n{web.url(host=1)}\n")
        flags = ("--delay", "0", "-p", "1", "-c", "4", "--per-host", "2", "--max-wait", "1s")
        crawl = Crawl(tmp_path / "job", seeds, *flags, *robots, "--timeout", "2s", "--retries", "0")
        assert crawl.run() == 7, crawl.err
        # Rounds of two side by side, three of them, and what was on its way when it began to rest.
        assert 3 <= len(web.paths(0)) - 1 <= 8
        assert f"({web.hosts[0]}: timeout, 3 times in a row)" in crawl.err
        # After its rest one page at a time, although the host has no delay.
        before = len(web.paths(0))
        rest_ends(crawl.job)
        assert crawl.run() == 7, crawl.err
        assert len(web.paths(0)) == before + 1
    healthy = [r for r in crawl.records() if f"//{web.hosts[1]}/" in r["url"]]
    assert len(healthy) == 61
    assert {r["status"] for r in healthy} == {200}


def test_without_robots_an_outage_rests_for_longer_and_longer(tmp_path: Path) -> None:
    """Nobody would ask whether the server is back but its pages, each four times, ten seconds
    apart."""
    with Web({}) as web:
        urls = [web.url(path) for path in PAGES[:6]]
    seeds = tmp_path / "seeds.txt"
    seeds.write_text("\n".join(urls))
    crawl = Crawl(tmp_path / "job", seeds, *POLITE, "--no-robots", "--retries", "2")
    rests = []
    for _ in range(5):
        assert crawl.run() == 7, crawl.err
        rests.append(rest_ends(crawl.job))
    assert all(9_000 < rest < 20_000 for rest in rests[:2]), rests
    assert 26_000 < rests[2] < 45_000
    assert 53_000 < rests[3] < 90_000
    assert 106_000 < rests[4] < 180_000
    assert sum(r["error"] == "connect" for r in crawl.records()) == 3
    assert json.loads(look("status", "--json", "-j", str(crawl.job)))["states"]["waiting"] == 2


@pytest.mark.parametrize("delay", ["0", "100ms"])
def test_the_adaptive_delay_follows_the_latency(tmp_path: Path, delay: str) -> None:
    """A server that needs its time would be kept busy by us alone."""
    with TestSite(hosts=1, pages_per_host=6, delay_ms=80, first_address="127.0.34.1") as site:
        crawl = Crawl(
            tmp_path / "job", site.seeds_file, "--delay", delay, "-p", "1", "--adaptive-delay"
        )
        assert crawl.run() == 0, crawl.err
        starts = [r.arrived_ns for r in site.requests() if r.path != "/robots.txt"]
        gaps_ms = [(b - a) / 1e6 for a, b in pairwise(starts)]
        host = status(crawl)
    assert len(gaps_ms) == 5
    assert all(gap >= 5 * 80 * 0.95 for gap in gaps_ms), gaps_ms
    assert host["latency_ms"] >= 80
    assert host["delay_ms"] >= 400


def test_the_adaptive_delay_is_never_below_the_delay(tmp_path: Path) -> None:
    """A fast server would be asked sooner than its owner was promised."""
    with TestSite(hosts=1, pages_per_host=6, first_address="127.0.34.2") as site:
        crawl = Crawl(
            tmp_path / "job", site.seeds_file, "--delay", "300ms", "-p", "1", "--adaptive-delay"
        )
        assert crawl.run() == 0, crawl.err
        starts = [r.arrived_ns for r in site.requests()]
    assert all((b - a) / 1e6 >= 290 for a, b in pairwise(starts))


def test_a_robots_txt_out_of_reach_for_a_month_stops_nobody(tmp_path: Path) -> None:
    """A site whose robots.txt answers 503 for ever would never be read (RFC 9309 2.3.1.4)."""
    pages = {"/": page("/0"), "/0": page(), "/robots.txt": BUSY}
    with Web(pages) as web:
        crawl = Crawl(tmp_path / "job", web.url(), *POLITE)
        assert crawl.run() == 7
        time_passes(crawl.job, 29 * 86_400_000)
        assert crawl.run() == 7
        assert web.paths() == []
        time_passes(crawl.job, 2 * 86_400_000)
        assert crawl.run() == 0, crawl.err
        assert web.paths() == ["/", "/0"]
        said = look("explain", web.url("/0"), "-j", str(crawl.job))
        assert "it has not been answered since" in said
