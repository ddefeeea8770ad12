"""A frontier or a disk that cannot be used: one line, the right code, nothing changed or lost."""

import hashlib
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.crawl import Crawl, assert_exactly_once, poll
from tests.support.site import TestSite

FAST = ("--delay", "0", "-p", "2", "-c", "16", "--min-free-disk", "0")


@pytest.fixture(scope="module")
def site() -> Iterator[TestSite]:
    with TestSite(
        hosts=2, pages_per_host=60, body_bytes=20_000, first_address="127.0.16.1"
    ) as running:
        yield running


@pytest.fixture
def job(site: TestSite, tmp_path: Path) -> Crawl:
    """A job that was stopped halfway."""
    crawl = Crawl(tmp_path / "job", site.seeds_file, *FAST, "--max-pages", "60")
    assert crawl.run() == 0, crawl.err
    return Crawl(tmp_path / "job", site.seeds_file, *FAST)


def _hashes(crawl: Crawl) -> dict[str, str]:
    """Everything in the job but its log and its lock."""
    return {
        str(path.relative_to(crawl.job)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in crawl.job.rglob("*")
        if path.is_file() and path.name not in ("crawler.jsonl", "lock")
    }


def _one_line(crawl: Crawl) -> str:
    assert crawl.err.startswith("crawler: "), crawl.err
    assert crawl.err.count("\n") == 1, crawl.err
    assert "Traceback" not in crawl.err
    return crawl.err


def _newer(path: Path) -> None:
    store = sqlite3.connect(path)
    store.execute("PRAGMA user_version = 999")
    store.close()


def _foreign(path: Path) -> None:
    path.unlink()
    store = sqlite3.connect(path)
    store.execute("CREATE TABLE letters (text)")
    store.close()


def _flip(path: Path) -> None:
    """Damage every page but the first."""
    data = bytearray(path.read_bytes())
    for at in range(4096, len(data), 4096):
        data[at : at + 64] = bytes(byte ^ 0xFF for byte in data[at : at + 64])
    path.write_bytes(data)


def _flip_header(path: Path) -> None:
    path.write_bytes(b"\xff" * 100 + path.read_bytes()[100:])


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize(
    ("harm", "expected"),
    [
        (_newer, "newer crawler"),
        (_foreign, "another program"),
        (_flip, "damaged"),
        (_flip_header, "not a frontier"),
        (_cut, "damaged"),
        (lambda path: path.write_text("hello, I am a text of some length\n" * 50), "frontier"),
    ],
    ids=["newer", "foreign", "flipped", "header", "cut", "text"],
)
def test_a_store_that_cannot_be_used_is_left_alone(
    job: Crawl, harm: Callable[[Path], object], expected: str
) -> None:
    """A tool that resets what it does not understand has destroyed somebody's month of work."""
    harm(job.job / "frontier.db")
    before = _hashes(job)
    assert job.run() == 4, job.err
    assert expected in _one_line(job)
    after = _hashes(job)
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    assert changed <= {"frontier.db-wal", "frontier.db-shm"}
    assert job.run("--max-pages", "30", "--fresh") == 0, job.err


def _forget_parts(path: Path) -> None:
    store = sqlite3.connect(path, isolation_level=None)
    store.execute("PRAGMA foreign_keys = OFF")
    store.execute("DELETE FROM parts")
    store.close()


@pytest.mark.parametrize(
    ("harm", "expected"),
    [
        (Path.unlink, "is missing, but"),
        (lambda path: os.truncate(path, 0), "is empty, but"),
        (_forget_parts, "knows no part, but"),
    ],
    ids=["missing", "empty", "without parts"],
)
def test_records_without_their_store_are_not_fetched_again(
    job: Crawl, harm: Callable[[Path], object], expected: str
) -> None:
    """It would pass for a job that has not begun: each page would be there twice."""
    (job.job / "pages" / "part-000001.jsonl").touch()
    for side in ("frontier.db-wal", "frontier.db-shm"):
        (job.job / side).unlink(missing_ok=True)
    harm(job.job / "frontier.db")
    before = {part: part.read_bytes() for part in job.part_files()}
    assert job.run() == 4, job.err
    assert expected in _one_line(job)
    assert {part: part.read_bytes() for part in job.part_files()} == before
    assert job.run("--max-pages", "30", "--fresh") == 0, job.err


def test_a_missing_part_is_said(job: Crawl) -> None:
    """Going on would leave a hole in the output that nobody notices."""
    part = job.part_files()[0]
    kept = part.read_bytes()
    part.unlink()
    assert job.run() == 3, job.err
    assert part.name in _one_line(job)
    ended = job.events("crawl_ended")[-1]
    assert (ended["ending"], ended["exit_code"]) == ("error", 3), "a post-mortem has the log alone"
    assert part.name in str(ended["error"])
    part.write_bytes(kept)
    assert job.run() == 0, job.err


def test_a_store_that_somebody_has_locked_ends_a_run_that_a_service_repeats(
    tmp_path: Path,
) -> None:
    """With the code of a damaged store a look with sqlite3 would end the service for good."""
    with TestSite(hosts=1, pages_per_host=40, held=1) as site:
        site.hold()
        crawl = Crawl(tmp_path / "job", site.seeds_file, *FAST).start()
        site.wait_until(lambda requests: any("/hold/" in r.path for r in requests))
        store = sqlite3.connect(crawl.job / "frontier.db", isolation_level=None)
        store.execute("BEGIN IMMEDIATE")
        assert crawl.wait() == 3, crawl.err
        store.close()
        ended = crawl.events("crawl_ended")[-1]
        assert (ended["ending"], ended["exit_code"]) == ("error", 3)
        assert "was locked by another process" in str(ended["error"])
        site.release()
        again = Crawl(tmp_path / "job", site.seeds_file, *FAST)
        assert again.run() == 0, again.err
        assert_exactly_once(again, site.urls)


def test_an_output_that_is_removed_meanwhile_ends_the_run_then(tmp_path: Path) -> None:
    """A crawl of days would go on into files without a name, and say so at its end."""
    with TestSite(hosts=1, pages_per_host=40, held=1) as site:
        site.hold()
        crawl = Crawl(tmp_path / "job", site.seeds_file, *FAST, "-p", "1").start()
        site.wait_until(lambda requests: any("/hold/" in r.path for r in requests))
        poll(lambda: crawl.records_in_store() == len(site.urls) - 1, "all pages but the held one")
        shutil.rmtree(crawl.job / "pages")
        assert crawl.wait() == 3, crawl.err
        assert "pages is gone" in _one_line(crawl)


def test_urls_of_a_part_that_is_too_short_come_back(site: TestSite, job: Crawl) -> None:
    """A power cut may take the end of a file that the store believes in."""
    part = max(job.part_files(), key=lambda path: path.stat().st_size)
    os.truncate(part, part.stat().st_size // 2)
    assert job.run() == 0, job.err
    assert_exactly_once(job, site.urls)
    assert job.events("part_reopened")


def test_a_part_that_vanished_with_its_directory(site: TestSite, job: Crawl) -> None:
    for part in job.part_files():
        part.unlink()
    (job.job / "pages").rmdir()
    assert job.run() == 3, job.err
    assert "part missing" in _one_line(job)


def test_the_parent_alone_is_killed_and_started_at_once(site: TestSite, tmp_path: Path) -> None:
    """The next start waits for the last reader, which may be in the middle of a commit."""
    crawl = Crawl(tmp_path / "job", site.seeds_file, *FAST).start()
    poll(lambda: crawl.written() > 50_000, "some records", every_s=0)
    os.kill(crawl.pid, signal.SIGKILL)
    again = Crawl(tmp_path / "job", site.seeds_file, *FAST)
    assert again.run() == 0, again.err
    crawl.reap()
    assert_exactly_once(again, site.urls)


def test_a_start_after_a_kill_says_so(tmp_path: Path) -> None:
    with TestSite(hosts=1, pages_per_host=5, held=1, first_address="127.0.19.1") as held:
        crawl = Crawl(tmp_path / "job", held.seeds_file, *FAST).start()
        held.wait_until(lambda requests: any("/hold/" in request.path for request in requests))
        crawl.kill_group()
        crawl.reap()
        leases = crawl.leased()
        assert leases > 0
        crawl.start()
        poll(lambda: crawl.events("crawl_recovered"), "the event", every_s=0.05)
        crawl.kill_group()
        crawl.reap()
    assert [event["leases"] for event in crawl.events("crawl_recovered")] == [leases]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("file systems cannot be mounted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_stops_and_the_next_run_completes(site: TestSite, small_disk: Path) -> None:
    """One clear line, not a traceback per page; nothing lost or doubled once there is space."""
    crawl = Crawl(small_disk / "job", site.seeds_file, *FAST)
    codes = [crawl.run()]
    assert codes == [3], crawl.err
    line = _one_line(crawl)
    assert "full" in line or "space" in line
    assert crawl.run() == 3, "still full"
    _one_line(crawl)
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    assert crawl.run() == 0, crawl.err
    assert_exactly_once(crawl, site.urls)


def test_a_disk_that_is_full_from_the_start(site: TestSite, small_disk: Path) -> None:
    (small_disk / "filler").write_bytes(b"x" * 2 * 1024 * 1024)
    crawl = Crawl(small_disk / "job", site.seeds_file, *FAST)
    assert crawl.run() == 3, crawl.err
    _one_line(crawl)
    (small_disk / "filler").unlink()
    assert crawl.run("--max-pages", "10") == 0, crawl.err


def test_output_on_a_full_disk_of_its_own(site: TestSite, small_disk: Path, tmp_path: Path) -> None:
    """The frontier has space, the parts have none."""
    crawl = Crawl(tmp_path / "job", site.seeds_file, *FAST, "-o", str(small_disk / "out"))
    assert crawl.run() == 3, crawl.err
    assert str(small_disk) in _one_line(crawl)
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    assert crawl.run() == 0, crawl.err
    files = sorted((small_disk / "out").glob("part-*.jsonl"))
    crawl.part_files = lambda: files  # type: ignore[method-assign]
    assert_exactly_once(crawl, site.urls)


def test_a_crawl_waits_before_the_disk_is_full(site: TestSite, small_disk: Path) -> None:
    """It would end, and perhaps take others on the machine with it, for want of a clean-up."""
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    filler = small_disk / "filler"
    slow = (*FAST, "--delay", "150ms", "--min-free-disk", "40MB")
    crawl = Crawl(small_disk / "job", site.seeds_file, *slow).start()
    poll(lambda: crawl.written() > 0, "some records", every_s=0)
    crawl.signal_group(signal.SIGSTOP)  # a machine that is slow to write must not let it end
    filler.write_bytes(bytes(30 * 1024 * 1024))
    crawl.signal_group(signal.SIGCONT)
    poll(lambda: crawl.events("disk_filled") or crawl.process.poll() is not None, "the guard")
    (filled,) = crawl.events("disk_filled")
    assert filled["free_bytes"] < filled["min_free_bytes"] == 40_000_000
    poll(lambda: crawl.leased() == 0, "what was claimed before is finished")
    assert len(crawl.records_so_far()) < len(site.urls)
    assert crawl.process.poll() is None
    told = subprocess.run(
        [sys.executable, "-m", "crawler", "status", "-j", str(crawl.job)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"until there is space on the disk of {crawl.job}" in told.stdout
    filler.unlink()
    assert crawl.wait() == 0, crawl.err
    assert crawl.events("disk_freed")
    assert_exactly_once(crawl, site.urls)


def test_a_limit_on_the_size_of_files(site: TestSite, tmp_path: Path) -> None:
    """`ulimit -f`: the kernel sends a signal that would end a process without a word."""
    crawl = Crawl(tmp_path / "job", site.seeds_file, *FAST)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    command = list(crawl.command)
    limited = f"ulimit -f 400; exec {' '.join(command)}"
    crawl.command = ["sh", "-c", limited]
    assert crawl.run() == 3, crawl.err
    _one_line(crawl)
    crawl.command = command
    assert resource.getrlimit(resource.RLIMIT_FSIZE) == (soft, hard)
    assert crawl.run() == 0, crawl.err
    assert_exactly_once(crawl, site.urls)
