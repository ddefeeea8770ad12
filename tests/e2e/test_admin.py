"""The admin server of a real crawl: numbers that add up, a free port, a crawl that goes on."""

import contextlib
import itertools
import json
import os
import signal
import socket
import stat
import threading
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import pytest

from crawler.job.lock import acquire
from tests.support.crawl import Crawl, poll
from tests.support.ports import free_port
from tests.support.site import TestSite

PACE = ("--delay", "40ms", "-p", "2")
TIMEOUT_S = 60


@pytest.fixture(scope="module")
def site() -> Iterator[TestSite]:
    with TestSite(hosts=4, pages_per_host=60, links_per_page=8, delay_ms=20) as running:
        yield running


def _get(url: str, path: str) -> tuple[int, bytes]:
    connection = HTTPConnection(url.split("/")[2], timeout=TIMEOUT_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _address(crawl: Crawl) -> str:
    """Return where it serves, once it says so."""

    def announced() -> str | None:
        try:
            said = json.loads((crawl.job / "admin.json").read_text())
        except FileNotFoundError:
            return None
        return str(said["url"]) if said["pid"] == crawl.pid else None

    return str(poll(announced, "an address in admin.json"))


def _metrics(url: str) -> dict[str, float]:
    _, body = _get(url, "/metrics")
    lines = [line for line in body.decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def _sockets(pid: int) -> set[str]:
    found = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.add(str(entry.readlink()))
        except OSError:
            continue
    return {name for name in found if name.startswith("socket:")}


def _at_port(port: int) -> set[str]:
    """Return the sockets whose own port is this one: who listens, and who was let in."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    rows = [line.split() for line in lines]
    return {f"socket:[{row[9]}]" for row in rows if row[1].endswith(f":{port:04X}")}


def _end(crawl: Crawl) -> None:
    with contextlib.suppress(ProcessLookupError):
        crawl.kill_group()
    crawl.reap()


def test_counters_never_fall_and_are_the_records_in_the_end(site: TestSite, tmp_path: Path) -> None:
    """Readers are killed and replaced all the while; each took its own counts with it."""
    crawl = Crawl(
        tmp_path / "job", site.seeds_file, *PACE, "--http", "127.0.0.1:0", "--keep-running"
    ).start()
    try:
        url = _address(crawl)
        seen: dict[str, float] = {}
        killed = 0

        def look() -> dict[str, float]:
            now = _metrics(url)
            fell = {
                name: (seen[name], value)
                for name, value in now.items()
                if name.endswith(("_total", "_count", "_sum")) or "_total{" in name
                if value < seen.get(name, 0)
            }
            assert not fell
            seen.update(now)
            return now

        def is_done() -> bool:
            nonlocal killed
            now = look()
            if killed < 3 and len(crawl.records_so_far()) > 50 * (killed + 1):
                os.kill(crawl.readers()[0], signal.SIGKILL)
                killed += 1
            left = sum(
                now.get(f'crawler_frontier_urls{{state="{state}"}}', 1)
                for state in ("ready", "leased", "waiting")
            )
            restarts = now.get('crawler_reader_restarts_total{reason="killed"}', 0)
            return killed == restarts == 3 and left == 0 and now["crawler_jobs_in_flight"] == 0

        poll(is_done, "the end of a crawl whose readers are killed", timeout_s=90, every_s=0.1)
        last = look()
        records = len(crawl.records())
        assert last["crawler_records_total"] == records >= 240
        jobs = sum(n for name, n in last.items() if name.startswith("crawler_jobs_processed_total"))
        assert last["crawler_job_duration_seconds_count"] == jobs
        # What was committed in the instant of a kill may not have been counted.
        settled = records + last['crawler_jobs_processed_total{kind="robots"}']
        assert settled - 3 * 100 <= jobs <= settled
        assert last["crawler_fetch_duration_seconds_count"] >= records
        assert last["crawler_reader_processes"] == last["crawler_reader_processes_configured"] == 2
        assert _get(url, "/readyz") == (200, b"nothing is left to do\n")
        assert stat.S_IMODE((crawl.job / "admin.json").stat().st_mode) == 0o600
        os.kill(crawl.pid, signal.SIGTERM)
        crawl.wait()
        assert not (crawl.job / "admin.json").exists()
    finally:
        _end(crawl)


def test_the_port_is_free_as_soon_as_the_parent_is_killed(site: TestSite, tmp_path: Path) -> None:
    """Readers that were launched while it listened, and while it served, must not hold it."""
    port = free_port()  # for the kernel to give to nobody else while it is free
    crawl = Crawl(tmp_path / "job", site.seeds_file, "--delay", "1s", "-p", "2")
    crawl.start("--http", f"127.0.0.1:{port}")
    try:
        url = _address(crawl)
        poll(lambda: len(crawl.readers()) == 2, "two readers")
        with socket.create_connection(("127.0.0.1", port)):  # open, and served nothing yet
            first = set(crawl.readers())
            os.kill(min(first), signal.SIGKILL)
            poll(lambda: len(set(crawl.readers()) - first) == 1, "a reader in its place")
            # Its own, and the one that it let in; until then that one waits in the backlog.
            poll(lambda: len(_at_port(port) & _sockets(crawl.pid)) == 2, "an open connection")
            ours = _at_port(port)
            # They are closed right after the fork, so only a moment may pass.
            for pid in crawl.readers():
                poll(lambda pid=pid: not _sockets(pid) & ours, "a reader without them")
        os.kill(crawl.pid, signal.SIGKILL)
        crawl.reap()
        crawl.start("--http", f"127.0.0.1:{port}")
        assert _address(crawl) == url
        assert _get(url, "/healthz")[0] == 200
    finally:
        _end(crawl)


def test_a_crawl_that_is_hammered_goes_on(site: TestSite, tmp_path: Path) -> None:
    """Clients without mercy, slow ones among them: claims and snapshots keep coming."""
    crawl = Crawl(tmp_path / "job", site.seeds_file, "--delay", "500ms", "-p", "2")
    crawl.start("--http", "127.0.0.1:0", "--keep-running")
    over = threading.Event()
    served: list[int] = []
    threads: list[threading.Thread] = []
    slow: list[socket.socket] = []
    try:
        url = _address(crawl)
        port = int(url.rstrip("/").rpartition(":")[2])
        poll(lambda: _metrics(url).get("crawler_records_total", 0) > 0, "a first record")

        def hammer(path: str) -> None:
            while not over.is_set():
                try:
                    served.append(_get(url, path)[0])
                except (OSError, HTTPException):
                    if not over.is_set():
                        served.append(0)

        for path in ("/metrics", "/api/state", "/api/hosts", "/healthz") * 8:
            threads.append(threading.Thread(target=hammer, args=(path,), daemon=True))
        for _ in range(20):
            one = socket.create_connection(("127.0.0.1", port))
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            one.sendall(b"GET /plotly.min.js HTTP/1.1\r\nHost: localhost\r\n\r\n")
            slow.append(one)
        before = _metrics(url)
        for thread in threads:
            thread.start()
        poll(lambda: len(served) > 160, "more answers than may be had at once", timeout_s=60)
        after = _metrics(url)
        status, body = _get(url, "/api/state")
    finally:
        over.set()
        for one in slow:
            one.close()
        _end(crawl)
        for thread in threads:
            thread.join()
    assert status == 200
    assert set(served) <= {200, 503}
    claims = "crawler_claim_duration_seconds_count"
    assert after[claims] > before[claims]
    assert after["crawler_records_total"] > before["crawler_records_total"]
    rows: list[list[Any]] = json.loads(body)["history"]
    gaps_ms = [then[0] - now[0] for now, then in itertools.pairwise(rows)]
    # The parent would be killed by its own watchdog at 30 s, leases are lost later still.
    assert max(gaps_ms) < 20_000


def test_an_address_in_use_and_a_missing_token_are_said(site: TestSite, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        crawl = Crawl(tmp_path / "job", site.seeds_file, "--http", f"127.0.0.1:{port}")
        assert crawl.run() == 2
        assert crawl.err == (
            f"crawler: http 127.0.0.1:{port} is in use: another program listens there; "
            "name another port, or 0 for any\n"
        )
        # A directory of that name would look like a job, and another start would join it.
        assert not crawl.job.exists()
    crawl = Crawl(tmp_path / "other", site.seeds_file, "--http", "0.0.0.0:0")
    assert crawl.run() == 2
    assert crawl.err.startswith("crawler: http 0.0.0.0:0 can be reached from other machines")
    assert len(crawl.err.splitlines()) == 1
    assert not crawl.job.exists()


def test_a_start_afresh_leaves_the_job_where_it_is_if_the_port_is_taken(
    site: TestSite, tmp_path: Path
) -> None:
    """It would lie aside for a crawl that never began; one in use still says that it is."""
    crawl = Crawl(tmp_path / "job", site.seeds[0], *PACE, "--max-pages", "2")
    assert crawl.run() == 0, crawl.err
    before = (crawl.job / "manifest.json").read_bytes()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        assert crawl.run("--fresh", "--http", address) == 2
        assert (crawl.job / "manifest.json").read_bytes() == before
        assert [path.name for path in tmp_path.iterdir()] == ["job"]
        with acquire(crawl.job):
            assert crawl.run("--fresh", "--http", address) == 4
        assert "in use by process" in crawl.err
