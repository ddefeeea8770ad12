"""Crawls that keep bodies: every pointer holds, whatever is killed, cut or full."""

import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.crawl import Crawl, assert_exactly_once, poll
from tests.support.kept_bodies import assert_bodies_are_kept, read_warc
from tests.support.site import TestSite

pytestmark = pytest.mark.timeout(900)

FAST = ("--delay", "0", "--per-host", "8", "-p", "2", "-c", "32", "--store", "warc")


@pytest.fixture(scope="module")
def site() -> Iterator[TestSite]:
    """440 pages, redirects and errors over 8 hosts, each slow enough that kills find them open."""
    with TestSite(
        hosts=8,
        pages_per_host=40,
        links_per_page=12,
        delay_ms=20,
        body_bytes=3_000,
        copies=8,
        redirects=4,
        missing=2,
        resets=1,
        first_address="127.0.40.1",
    ) as running:
        yield running


@pytest.fixture
def job(site: TestSite, tmp_path: Path) -> Crawl:
    """A job that was stopped halfway."""
    crawl = Crawl(tmp_path / "job", site.seeds_file, *FAST, "--retries", "0", "--max-pages", "200")
    assert crawl.run() == 0, crawl.err
    return Crawl(tmp_path / "job", site.seeds_file, *FAST, "--retries", "0")


def test_every_exchange_is_kept_once(site: TestSite, tmp_path: Path) -> None:
    """A pointer that opens to another page's body would be worse than none."""
    crawl = Crawl(tmp_path / "job", site.seeds_file, *FAST, "--retries", "0")
    assert crawl.run() == 0, crawl.err
    assert_exactly_once(crawl, site.urls)
    kinds = assert_bodies_are_kept(crawl)
    # Two processes may each store a body before either has committed it.
    assert 8 * 8 - 8 <= kinds["revisit"] < 8 * 8
    for path in crawl.store_files():
        checked = subprocess.run(
            [sys.executable, "-m", "warcio.cli", "check", str(path)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (checked.returncode, checked.stdout) == (0, "")
        assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("victim", ["group", "parent", "reader"])
def test_kills_lose_and_double_no_exchange(
    site: TestSite, tmp_path: Path, rounds: Callable[[int, int], int], victim: str
) -> None:
    """A file of bodies that runs ahead of its records, or behind them, breaks every pointer."""
    chance = random.Random({"group": 11, "parent": 12, "reader": 13}[victim])
    target = rounds(1, 10)
    kills = cut = number = 0
    while kills < target:
        assert number < 3 * target, "the crawl is over before kills can land"
        flags = (*FAST, "--retries", "0")
        crawl = Crawl(tmp_path / f"{victim}-{number}", site.seeds_file, *flags).start()
        number += 1
        for _ in range(3):
            goal = crawl.written() + chance.randrange(1, 200_000)
            poll(lambda crawl=crawl, goal=goal: _is_time(crawl, goal), "progress", every_s=0)
            if crawl.process is None or crawl.process.poll() is not None or kills >= target:
                break
            kills += 1
            if victim == "reader":
                readers = crawl.readers()
                if readers:
                    os.kill(chance.choice(readers), signal.SIGKILL)
                continue
            if victim == "group":
                crawl.kill_group()
            else:
                os.kill(crawl.pid, signal.SIGKILL)
            crawl.reap()
            poll(lambda crawl=crawl: not crawl.group(), "no process left after its parent's death")
            crawl.start()
        assert crawl.wait() == 0, crawl.err
        assert_exactly_once(crawl, site.urls)
        assert_bodies_are_kept(crawl)
        cut += sum(event["part"].endswith(".warc.gz") for event in crawl.events("part_cut"))
    print(f"{victim}: {kills} kills in {number} crawls, {cut} files of bodies were cut")


def _is_time(crawl: Crawl, goal: int) -> bool:
    """True once the run has written that much and has bytes that no transaction has confirmed."""
    assert crawl.process is not None
    if crawl.process.poll() is not None:
        return True
    return crawl.written() > goal and crawl.leased() > 0 and crawl.uncommitted() > 0


def test_bytes_past_the_commit_are_cut(site: TestSite, job: Crawl) -> None:
    """A response that no record points to would be a second one after the restart."""
    path = job.store_files()[0]
    with path.open("ab") as file:
        file.write(path.read_bytes()[:500])
    assert job.run() == 0, job.err
    assert_exactly_once(job, site.urls)
    assert_bodies_are_kept(job)
    assert [event["part"] for event in job.events("part_cut")] == [path.name]


@pytest.mark.parametrize("kind", ["part_files", "store_files"])
def test_urls_of_a_part_that_is_too_short_come_back(site: TestSite, job: Crawl, kind: str) -> None:
    """A power cut may take the end of either file; records of other parts may point into it."""
    files: list[Path] = getattr(job, kind)()
    os.truncate(files[0], files[0].stat().st_size // 2)
    assert job.run() == 0, job.err
    assert job.events("part_reopened")
    assert_exactly_once(job, site.urls)
    assert_bodies_are_kept(job)


def test_a_missing_file_of_bodies_is_said(job: Crawl) -> None:
    """Going on would leave records whose bodies nobody has."""
    path = job.store_files()[0]
    kept = path.read_bytes()
    path.unlink()
    assert job.run() == 3, job.err
    assert job.err.startswith(f"crawler: part missing: {path}")
    assert job.err.count("\n") == 1
    path.write_bytes(kept)
    assert job.run() == 0, job.err
    assert_bodies_are_kept(job)


def test_bodies_may_be_kept_for_a_while(site: TestSite, tmp_path: Path) -> None:
    """A job whose setting changes between runs must end with all of its records."""
    flags = ("--retries", "0", "--max-pages")
    crawl = Crawl(tmp_path / "job", site.seeds_file, *FAST)
    assert crawl.run("--store", "none", *flags, "100") == 0, crawl.err
    assert crawl.store_files() == []
    assert crawl.run(*flags, "200") == 0, crawl.err
    assert crawl.run("--store", "none", *flags, "10000") == 0, crawl.err
    assert_exactly_once(crawl, site.urls)
    kept = sum(record["warc"] is not None for record in crawl.records())
    responses = sum(
        record["warc-type"] in ("response", "revisit")
        for path in crawl.store_files()
        for record in read_warc(path)
    )
    assert 0 < kept == responses < len(site.urls)


def test_a_new_part_by_the_size_of_bodies(site: TestSite, tmp_path: Path) -> None:
    """One file of a terabyte could be neither moved nor served."""
    crawl = Crawl(tmp_path / "job", site.seeds_file, *FAST, "--retries", "0")
    os.environ["CRAWLER_STORE_MAX_BYTES"] = "50kB"
    try:
        assert crawl.run() == 0, crawl.err
    finally:
        del os.environ["CRAWLER_STORE_MAX_BYTES"]
    assert_exactly_once(crawl, site.urls)
    assert_bodies_are_kept(crawl)
    sizes = [path.stat().st_size for path in crawl.store_files()]
    assert len(sizes) > 4
    assert max(sizes) < 300_000
    manifest = json.loads((crawl.job / "manifest.json").read_text())
    assert {part["warc"]["name"]: part["warc"]["bytes"] for part in manifest["parts"]} == {
        path.name: path.stat().st_size for path in crawl.store_files()
    }


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 300 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(disk)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("file systems cannot be mounted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_leaves_both_files_as_they_were(
    site: TestSite, small_disk: Path, tmp_path: Path
) -> None:
    """Bodies without their lines, or lines without their bodies, would never be found out."""
    out = small_disk / "out"
    flags = (*FAST, "--min-free-disk", "0", "--retries", "0", "-o", str(out))
    crawl = Crawl(tmp_path / "job", site.seeds_file, *flags)
    assert crawl.run() == 3, crawl.err
    assert "no space left" in crawl.err
    assert crawl.err.count("\n") == 1
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    assert crawl.run() == 0, crawl.err
    shutil.copytree(out, crawl.job / "pages", dirs_exist_ok=True)
    assert_exactly_once(crawl, site.urls)
    assert_bodies_are_kept(crawl)


def test_a_limit_on_the_size_of_files(site: TestSite, tmp_path: Path) -> None:
    """The file of bodies reaches it first: the lines of its batch must not stay."""
    crawl = Crawl(tmp_path / "job", site.seeds_file, *FAST, "--retries", "0")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (120_000, before[1]))
    try:
        crawl.start()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert crawl.wait() in (3, 4), crawl.err
    assert crawl.run() == 0, crawl.err
    assert_exactly_once(crawl, site.urls)
    assert_bodies_are_kept(crawl)
