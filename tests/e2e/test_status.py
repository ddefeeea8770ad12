"""Looking at a job while it runs and after: status, inspect, the parts, the manifest."""

import hashlib
import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.crawl import Crawl, poll
from tests.support.site import TestSite

FAST = ("--delay", "0", "-p", "2", "-c", "16")
PAGES = 2 * 30 + 4


@pytest.fixture
def site() -> Iterator[TestSite]:
    with TestSite(hosts=2, pages_per_host=30, held=2, first_address="127.0.19.1") as running:
        yield running


@pytest.fixture
def running(site: TestSite, tmp_path: Path) -> Iterator[Crawl]:
    """A crawl that has done all but the held pages, and waits for those."""
    crawl = Crawl(tmp_path / "job", site.seeds_file, *FAST).start()
    site.wait_until(lambda requests: sum("/hold/" in r.path for r in requests) == 4)
    poll(lambda: len(crawl.records_so_far()) == PAGES - 4, "the other pages")
    yield crawl
    if crawl.process is not None and crawl.process.poll() is None:
        crawl.kill_group()
        crawl.reap()


def _look(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "crawler", *words],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )


def _status(crawl: Crawl) -> dict[str, Any]:
    done = _look("status", "--json", "--job", str(crawl.job))
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_status_while_it_runs_and_after(site: TestSite, running: Crawl) -> None:
    found = poll(
        lambda: (s := _status(running))["states"]["done"] == PAGES - 4 and s, "all commits"
    )
    assert found["running"]["pid"] == running.pid
    assert found["states"]["leased"] == 4
    assert found["records"] == PAGES - 4
    poll(lambda: _status(running)["readers"] == {"ready": 2, "configured": 2}, "its readers")
    plain = _look("status", "--job", str(running.job))
    assert f"running as process {running.pid}, 2 readers\n" in plain.stdout
    site.release()
    assert running.wait() == 0, running.err
    after = _status(running)
    assert (after["running"], after["readers"]) == (None, None)
    assert after["states"] == {"ready": 0, "leased": 0, "waiting": 0, "done": PAGES, "dead": 0}
    assert "not running" in _look("status", "--job", str(running.job)).stdout


def test_status_changes_nothing(site: TestSite, running: Crawl) -> None:
    """Who looks must not take the lock, end a lease or migrate a store."""
    site.release()
    assert running.wait() == 0, running.err
    files = {p: p.read_bytes() for p in running.job.rglob("*") if p.is_file()}
    _status(running)
    assert {p: p.read_bytes() for p in running.job.rglob("*") if p.is_file()} == files


@pytest.mark.parametrize("words", [("status",), ("status", "--json")])
def test_status_of_no_job(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = _look(*words, "--job", str(tmp_path / "none"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("crawler: no job in")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(("content", "code"), [(b"", 3), (b"hello\n", 4), (b"\xff" * 8192, 4)])
def test_status_of_a_store_that_cannot_be_used(tmp_path: Path, content: bytes, code: int) -> None:
    """An empty one may be that of a crawl that has just begun: a moment later it can be read."""
    (tmp_path / "frontier.db").write_bytes(content)
    done = _look("status", "--job", str(tmp_path))
    assert done.returncode == code, done.stderr
    assert done.stderr.startswith("crawler: ")
    assert done.stderr.count("\n") == 1
    assert (tmp_path / "frontier.db").read_bytes() == content


def test_inspect_while_it_runs(site: TestSite, running: Crawl) -> None:
    def found() -> Any:
        done = _look("inspect", "--json", str(running.job))
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)
        return report["records"] == PAGES - 4 and report

    report = poll(found, "all commits")
    assert report["invalid_lines"] == 0
    site.release()
    assert running.wait() == 0, running.err
    assert json.loads(_look("inspect", "--json", str(running.job)).stdout)["records"] == PAGES


def test_committed_lines_are_never_torn(tmp_path: Path) -> None:
    """Whoever reads along up to the committed offset gets whole records, that stay."""
    with TestSite(hosts=4, pages_per_host=60, delay_ms=10, first_address="127.0.19.1") as site:
        crawl = Crawl(tmp_path / "job", site.seeds_file, *FAST).start()
        assert crawl.process is not None
        poll(lambda: crawl.written() > 0, "the first record")
        seen: dict[str, bytes] = {}
        looks = 0
        while crawl.process.poll() is None:
            for name, size in _committed(crawl.job / "frontier.db"):
                data = (crawl.job / "pages" / name).read_bytes()[:size]
                assert len(data) == size
                assert not data or data.endswith(b"\n")
                assert data.startswith(seen.get(name, b""))
                for line in data[len(seen.get(name, b"")) :].splitlines():
                    json.loads(line)
                seen[name] = data
                looks += 1
        assert crawl.wait() == 0, crawl.err
        assert looks > 3
        for path in crawl.part_files():
            assert path.read_bytes().startswith(seen.get(path.name, b""))


def _committed(path: Path) -> list[tuple[str, int]]:
    store = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)
    try:
        # A part is registered before its first byte, even before its file.
        return store.execute("SELECT name, bytes FROM parts WHERE bytes > 0").fetchall()
    except sqlite3.OperationalError:  # its last process closes it just now
        return []
    finally:
        store.close()


def test_the_manifest_is_true(tmp_path: Path) -> None:
    """It is what somebody checks a copy of the parts with."""
    with TestSite(
        hosts=2, pages_per_host=30, missing=3, redirects=2, private=2, first_address="127.0.19.1"
    ) as site:
        crawl = Crawl(tmp_path / "job", site.seeds_file, *FAST)
        assert crawl.run() == 0, crawl.err
    manifest = json.loads((crawl.job / "manifest.json").read_text())
    assert [p["name"] for p in manifest["parts"]] == [p.name for p in crawl.part_files()]
    for part in manifest["parts"]:
        data = (crawl.job / "pages" / part["name"]).read_bytes()
        assert part["bytes"] == len(data)
        assert part["records"] == data.count(b"\n")
        assert part["sha256"] == hashlib.sha256(data).hexdigest()
    records = crawl.records()
    assert manifest["states"] == {
        "ready": 0,
        "leased": 0,
        "waiting": 0,
        "done": len(records),
        "dead": 4,
    }
    assert manifest["reasons"] == {"robots": 4}
    counters = manifest["counters"]
    assert counters["records"] == len(records)
    assert counters["pages"] == sum(r["status"] != 302 for r in records)
    assert counters["bytes"] == sum(r["bytes"] or 0 for r in records)
    for status in (200, 302, 404):
        assert counters[f"status:{status}"] == sum(r["status"] == status for r in records)
    assert (counters["seeds"], counters["seeds_final"], counters["seeds_answered"]) == (2, 2, 2)
    assert manifest["settings"]["delay"] in ("0s", "0", 0)
    assert {"crawler", "python", "sqlite"} <= set(manifest["versions"])
