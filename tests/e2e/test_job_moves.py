"""A job is a directory: it can be moved; what is missing or changed is said in one line."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.crawl import Crawl, assert_exactly_once
from tests.support.site import TestSite

FAST = ("--delay", "0", "-p", "1")


@pytest.fixture(scope="module")
def site() -> Iterator[TestSite]:
    with TestSite(hosts=1, pages_per_host=20, first_address="127.0.15.1") as running:
        yield running


def test_a_moved_job_goes_on(site: TestSite, tmp_path: Path) -> None:
    """An absolute path in the store would tie a crawl to the place where it began."""
    crawl = Crawl(tmp_path / "here", site.seeds_file, *FAST, "--max-pages", "5")
    assert crawl.run() == 0, crawl.err
    (tmp_path / "here").rename(tmp_path / "there")
    moved = Crawl(tmp_path / "there", site.seeds_file, *FAST)
    assert moved.run() == 0, moved.err
    assert_exactly_once(moved, site.urls)
    shown = subprocess.run(
        [sys.executable, "-m", "crawler", "inspect", str(tmp_path / "there")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"records      {len(site.urls)} in" in shown.stdout


def test_changed_budgets_are_taken_and_shown(site: TestSite, tmp_path: Path) -> None:
    """A job that goes on with other limits than it was begun with must not do so silently."""
    crawl = Crawl(tmp_path / "job", site.seeds_file, *FAST)
    assert crawl.run("--max-pages", "5") == 0, crawl.err
    assert crawl.run("--max-pages", "7") == 0, crawl.err
    assert "settings_changed" in crawl.err
    assert "max_pages was 5, is now 7" in crawl.err


def test_parts_without_their_frontier_are_refused(site: TestSite, tmp_path: Path) -> None:
    """Starting anew over old parts would double every record."""
    crawl = Crawl(tmp_path / "job", site.seeds_file, *FAST)
    assert crawl.run() == 0, crawl.err
    before = crawl.counts()
    for path in crawl.job.glob("frontier.db*"):
        path.unlink()
    assert crawl.run() == 4
    assert crawl.err.count("\n") == 1
    assert "--fresh" in crawl.err
    assert crawl.counts() == before


def test_an_unreachable_seed_says_why_and_what_helps(site: TestSite, tmp_path: Path) -> None:
    """The first thing that somebody who audits a local site meets."""
    crawl = Crawl(tmp_path / "job", site.seeds_file, *FAST)
    at = crawl.command.index("--allow-net")
    del crawl.command[at : at + 2]
    assert crawl.run() == 6
    assert "blocked_address" in crawl.err
    assert "--allow-net" in crawl.err
    assert all("--allow-net" in record["error_detail"] for record in crawl.records())


def test_the_daemon_takes_no_arguments(tmp_path: Path) -> None:
    """`--help` would otherwise begin a crawl."""
    environ = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    ended = subprocess.run(
        [sys.executable, "-m", "crawler.qq", "--help"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environ,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
