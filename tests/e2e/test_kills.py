"""kill -9 at every moment: nothing lost, nothing twice.

A round that lands while nothing is leased would prove nothing, so each kill waits for leased items.
"""

import os
import random
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.crawl import Crawl, assert_exactly_once, poll
from tests.support.site import Request, TestSite

pytestmark = pytest.mark.timeout(900)

FAST = ("--delay", "0", "--per-host", "8", "-p", "2", "-c", "32")


@pytest.fixture(scope="module")
def site() -> Iterator[TestSite]:
    """500 pages over 10 hosts, 10 of them each slow enough that kills find fetches open."""
    with TestSite(hosts=10, pages_per_host=50, links_per_page=12, delay_ms=20) as running:
        yield running


def _is_time(crawl: Crawl, goal: int, *, in_the_gap: bool) -> Callable[[], bool]:
    """True once the run has written `goal` bytes and holds leases, or has ended.

    `in_the_gap`: and while bytes are appended that no transaction has confirmed yet.
    """

    def condition() -> bool:
        assert crawl.process is not None
        if crawl.process.poll() is not None:
            return True
        if crawl.written() <= goal or crawl.leased() == 0:
            return False
        return not in_the_gap or crawl.uncommitted() > 0

    return condition


def _assert_robots_first(site: TestSite, requests: list[Request], *, at_most: int) -> None:
    """The server saw robots.txt answered before any page of its host, and rarely twice."""
    for host in site.hosts:
        here = [r for r in requests if r.host == host]
        rules = [r for r in here if r.path == "/robots.txt"]
        pages = [r for r in here if r.path != "/robots.txt"]
        assert 1 <= len(rules) <= at_most
        answered = [r.ended_ns for r in rules if r.status == 200 and r.ended_ns is not None]
        assert min(answered) <= min(r.arrived_ns for r in pages)


@pytest.mark.parametrize("victim", ["group", "parent"])
def test_killed_and_restarted_loses_nothing(
    site: TestSite, tmp_path: Path, rounds: Callable[[int, int], int], victim: str
) -> None:
    """A crash between append and commit would double records, one before it would lose them."""
    chance = random.Random(1 if victim == "group" else 2)
    target = rounds(2, 23)
    kills = kills_that_left_bytes = number = 0
    while kills < target:
        assert number < 3 * target, "the crawl is over before kills can land"
        crawl = Crawl(tmp_path / f"{victim}-{number}", site.seeds_file, *FAST)
        number += 1
        kills_before, requests_before = kills, len(site.requests())
        for _ in range(3):
            crawl.start()
            goal = crawl.written() + chance.randrange(1, 120_000)
            poll(
                _is_time(crawl, goal, in_the_gap=kills % 2 == 0),
                "leased items and progress",
                every_s=0,
            )
            assert crawl.process is not None
            if crawl.process.poll() is not None:
                crawl.reap()
                break
            if victim == "group":
                crawl.kill_group()
            else:
                os.kill(crawl.pid, signal.SIGKILL)
            crawl.reap()
            kills += 1
            poll(lambda crawl=crawl: not crawl.group(), "no process left after its parent's death")
        assert crawl.run() == 0, crawl.err
        assert_exactly_once(crawl, site.urls)
        assert not [r for r in crawl.records() if r["error"]]
        _assert_robots_first(
            site, site.requests()[requests_before:], at_most=1 + kills - kills_before
        )
        kills_that_left_bytes += len({event["pid"] for event in crawl.events("part_cut")})
    print(f"{victim}: {kills} kills, {kills_that_left_bytes} of them left bytes to cut")


def test_a_killed_reader_is_replaced_and_the_crawl_goes_on(
    site: TestSite, tmp_path: Path, rounds: Callable[[int, int], int]
) -> None:
    """The stock library would starve the others, and never know what the dead reader held."""
    chance = random.Random(3)
    target = rounds(1, 15)
    cut = landed = number = 0
    while landed < target:
        assert number < 3 * target, "the crawl is over before kills can land"
        crawl = Crawl(tmp_path / f"reader-{number}", site.seeds_file, *FAST).start()
        number += 1
        for turn in range(2):
            goal = crawl.written() + chance.randrange(1, 100_000)
            poll(
                _is_time(crawl, goal, in_the_gap=turn == 0),
                "leased items and progress",
                every_s=0,
            )
            readers = crawl.readers()
            if readers:
                os.kill(chance.choice(readers), signal.SIGKILL)
        assert crawl.wait() == 0, crawl.err
        assert_exactly_once(crawl, site.urls)
        assert not [r for r in crawl.records() if r["error"]]
        landed += bool(crawl.events("reader_buried"))
        cut += len(crawl.events("part_cut"))
    print(f"reader: {cut} parts cut")


def test_bytes_past_the_commit_are_cut(site: TestSite, tmp_path: Path) -> None:
    """What a reader appended and did not commit would be a second record after the restart."""
    crawl = Crawl(tmp_path / "job", site.seeds_file, *FAST, "--max-pages", "60")
    assert crawl.run() == 0, crawl.err
    part = max(crawl.part_files(), key=lambda path: path.stat().st_size)
    line = part.read_bytes().splitlines(keepends=True)[0]
    with part.open("ab") as file:
        file.write(line + b'{"url": "torn')
    again = Crawl(tmp_path / "job", site.seeds_file, *FAST)
    assert again.run() == 0, again.err
    assert_exactly_once(again, site.urls)
    assert again.events("part_cut")
