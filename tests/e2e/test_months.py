"""Months of running: parts are packed, shipped, pruned, backed up; with kills at every step."""

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.crawl import Crawl, assert_exactly_once, poll
from tests.support.site import TestSite

pytestmark = pytest.mark.timeout(600)

FAST = ("--delay", "0", "--per-host", "4", "-p", "2", "-c", "3")
SMALL_PARTS = ("--compress-parts", "zstd")


@pytest.fixture(scope="module")
def site() -> Iterator[TestSite]:
    with TestSite(hosts=6, pages_per_host=100, links_per_page=12, delay_ms=20) as running:
        yield running


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRAWLER_PART_MAX_BYTES", "30000")


def _do(*words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "crawler", *words],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return done


def _store(crawl: Crawl, question: str) -> int:
    store = sqlite3.connect(f"file:{crawl.job / 'frontier.db'}?mode=ro", uri=True, timeout=5)
    try:
        return int(store.execute(question).fetchone()[0] or 0)
    finally:
        store.close()


def _packed(crawl: Crawl) -> list[Path]:
    return sorted((crawl.job / "pages").glob("part-*.jsonl.zst"))


MOMENTS: list[Callable[[Crawl, int], bool]] = [
    # While the packed file is written, once both forms are there, once one more is packed.
    lambda crawl, _: bool(list((crawl.job / "pages").glob("*.tmp"))),
    lambda crawl, _: any(path.with_suffix("").exists() for path in _packed(crawl)),
    lambda crawl, before: len(_packed(crawl)) > before,
]


def test_packing_killed_at_each_step_loses_nothing(
    site: TestSite, tmp_path: Path, rounds: Callable[[int, int], int]
) -> None:
    chance = random.Random(8)
    for number in range(rounds(1, 8)):
        crawl = Crawl(tmp_path / f"job-{number}", site.seeds_file, *FAST, *SMALL_PARTS)
        for moment in chance.sample(MOMENTS, len(MOMENTS)):
            before = len(_packed(crawl))
            crawl.start()
            process = crawl.process
            assert process is not None
            poll(
                lambda: process.poll() is not None or moment(crawl, before),  # noqa: B023
                "a step of packing",
                every_s=0,
            )
            if process.poll() is None:
                crawl.kill_group()
            crawl.reap()
            poll(lambda: not crawl.group(), "no process left")  # noqa: B023
        assert crawl.run() == 0, crawl.err
        assert_exactly_once(crawl, site.urls)
        # A reader that was killed before its first record leaves an empty file: nothing to pack.
        assert [part for part in crawl.part_files() if part.stat().st_size] == []
        assert list((crawl.job / "pages").glob("*.tmp")) == []
        assert _store(crawl, "SELECT count(*) FROM parts WHERE bytes > 0 AND packed IS NULL") == 0
        seen = json.loads(_do("inspect", "--json", "--job", str(crawl.job)).stdout)
        assert seen["records"] == len(site.urls)
        manifest = json.loads((crawl.job / "manifest.json").read_text())
        assert all(part["packed"] for part in manifest["parts"] if part["bytes"])


def test_a_command_that_failed_gets_the_parts_in_the_next_run(
    site: TestSite, tmp_path: Path
) -> None:
    shelf = tmp_path / "shelf"
    script = tmp_path / "ship.sh"
    script.write_text(f'#!/bin/sh\n[ -d {shelf} ] || exit 5\ncp "$1" {shelf}\n')
    script.chmod(0o700)
    flags = (*FAST, *SMALL_PARTS, "--max-pages", "100", "--on-part-sealed", str(script))
    crawl = Crawl(tmp_path / "job", site.seeds_file, *flags)
    assert crawl.run() == 0, crawl.err
    unshipped = _store(crawl, "SELECT count(*) FROM parts WHERE shipped = 0 AND bytes > 0")
    assert unshipped == len(_packed(crawl)) > 0
    assert "parts_left" in crawl.err
    shown = _do("status", "--job", str(crawl.job)).stdout
    assert f"{unshipped} to be shipped; {unshipped} failed up to once (exit code 5)" in shown
    _do("prune", "--older-than", "0", "--job", str(crawl.job))
    assert len(_packed(crawl)) == unshipped  # nobody has them yet
    shelf.mkdir()
    assert crawl.run() == 0, crawl.err
    assert _store(crawl, "SELECT count(*) FROM parts WHERE shipped = 0 AND bytes > 0") == 0
    assert {p.name: p.read_bytes() for p in shelf.iterdir()} == {
        p.name: p.read_bytes() for p in _packed(crawl)
    }


def test_parts_are_pruned_while_the_crawl_runs(site: TestSite, tmp_path: Path) -> None:
    crawl = Crawl(tmp_path / "job", site.seeds_file, *FAST, "--store", "warc").start()
    pruned = "SELECT count(*) FROM parts WHERE pruned = 1"
    poll(lambda: len(crawl.part_files()) > 4, "sealed parts")
    _do("prune", "--older-than", "0", "--job", str(crawl.job))
    assert crawl.wait() == 0, crawl.err
    assert _store(crawl, pruned) > 0
    (told,) = crawl.events("parts_pruned")
    assert told["parts"], "who looks for records that are gone finds when they went, and by whom"
    assert told["by"]
    assert "pruned parts are not read" in _do("inspect", "--job", str(crawl.job)).stderr
    requests = len(site.requests())
    _do("prune", "--older-than", "0", "--job", str(crawl.job))
    assert crawl.part_files() == crawl.store_files() == []
    # Nothing is missed and nothing is fetched again.
    assert crawl.run() == 0, crawl.err
    assert len(site.requests()) == requests
    assert _store(crawl, "SELECT value FROM counters WHERE name = 'records'") == len(site.urls)


def test_a_job_is_backed_up_while_it_runs_and_goes_on_elsewhere(
    site: TestSite, tmp_path: Path
) -> None:
    flags = (*FAST, *SMALL_PARTS, "--store", "warc", "-c", "2")
    crawl = Crawl(tmp_path / "job", site.seeds_file, *flags).start()
    poll(lambda: _packed(crawl) and crawl.leased() > 0, "packed parts and work under way")
    backup = tmp_path / "backup"
    _do("backup", str(backup), "--job", str(crawl.job))
    sums = subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=backup, check=False)
    assert sums.returncode == 0
    assert [event["target"] for event in crawl.events("job_backed_up")] == [str(backup)]
    assert backup.stat().st_mode & 0o077 == 0
    crawl.kill_group()
    crawl.reap()
    shutil.rmtree(crawl.job)
    restored = Crawl(tmp_path / "other", site.seeds_file, *flags)
    _do("restore", str(backup), "--job", str(restored.job))
    held = {record["url"] for record in restored.records()}
    assert held
    assert restored.run() == 0, restored.err
    assert_exactly_once(restored, site.urls)
    assert not restored.events("part_reopened")
    assert "exists" in _do("restore", str(backup), "--job", str(restored.job), code=2).stderr


def test_a_broken_off_backup_is_not_restored(site: TestSite, tmp_path: Path) -> None:
    crawl = Crawl(tmp_path / "job", site.seeds_file, *FAST, "--max-pages", "50")
    assert crawl.run() == 0, crawl.err
    os.truncate(max(crawl.part_files(), key=lambda path: path.stat().st_size), 10)
    backup = tmp_path / "backup"
    assert "lacks" in _do("backup", str(backup), "--job", str(crawl.job), code=3).stderr
    other = tmp_path / "other"
    assert "broken off" in _do("restore", str(backup), "--job", str(other), code=2).stderr
    assert not other.exists()
    assert "not whole" in _do("backup", str(backup), "--job", str(crawl.job), code=2).stderr


def test_a_damaged_backup_makes_no_job(site: TestSite, tmp_path: Path) -> None:
    output = tmp_path / "elsewhere"
    crawl = Crawl(tmp_path / "job", site.seeds_file, *FAST, "--max-pages", "50")
    assert crawl.run("--output", str(output)) == 0, crawl.err
    backup = tmp_path / "backup"
    _do("backup", str(backup), "--job", str(crawl.job))
    part = next((backup / "pages").iterdir())
    data = part.read_bytes()
    part.write_bytes(bytes([data[0] ^ 1]) + data[1:])
    other = tmp_path / "other"
    assert "is damaged" in _do("restore", str(backup), "--job", str(other), code=3).stderr
    assert list(tmp_path.glob("*other*")) == list(tmp_path.glob(".other*")) == []
    part.write_bytes(data)
    _do("restore", str(backup), "--job", str(other))
    # Parts that were outside of the job are in it now.
    seen = json.loads(_do("inspect", "--json", "--job", str(other)).stdout)
    assert seen["records"] == 50


def test_a_restore_that_sigterm_ends_leaves_nothing(site: TestSite, tmp_path: Path) -> None:
    """The next one would be refused for what it left."""
    crawl = Crawl(tmp_path / "job", site.seeds_file, *FAST, "--max-pages", "20")
    assert crawl.run() == 0, crawl.err
    backup, restored = tmp_path / "backup", tmp_path / "restored" / "job"
    _do("backup", str(backup), "--job", str(crawl.job))
    store = backup / "frontier.db"
    kept = store.rename(tmp_path / "kept.db")
    os.mkfifo(store)  # which nobody writes to
    words = [sys.executable, "-m", "crawler", "restore", str(backup), "--job", str(restored)]
    with subprocess.Popen(words, stderr=subprocess.PIPE) as process:
        try:
            poll(lambda: restored.parent.is_dir() and any(restored.parent.iterdir()), "a draft")
            process.terminate()
            assert (process.communicate(timeout=60)[1], process.returncode) == (b"", 143)
        finally:
            process.kill()
    assert list(restored.parent.iterdir()) == []
    kept.replace(store)
    _do("restore", str(backup), "--job", str(restored))
