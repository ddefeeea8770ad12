"""A machine that lacks something for a while must not cost pages: they are tried again."""

import resource
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.crawl import Crawl, assert_exactly_once, poll
from tests.support.site import TestSite

FAST = ("--delay", "0", "-p", "1", "-c", "16")


@pytest.fixture(autouse=True)
def _short_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRAWLER_PREVENT_REQUEUING_TIME", "1s")


@pytest.fixture(scope="module")
def site() -> Iterator[TestSite]:
    with TestSite(hosts=2, pages_per_host=60, delay_ms=20, first_address="127.0.121.1") as running:
        yield running


def _limited(crawl: Crawl, soft: int, hard: int) -> None:
    """Have the crawl run with these limits on open files."""
    limits = f'ulimit -Sn {soft} && ulimit -Hn {hard} && exec "$@"'
    crawl.command = ["sh", "-c", limits, "sh", *crawl.command]


class _Gate(BaseHTTPRequestHandler):
    """Answers a few requests, then none until the gate is opened."""

    protocol_version = "HTTP/1.0"  # each request needs a new connection
    served = 0
    counting = threading.Lock()
    opened = threading.Event()

    def do_GET(self) -> None:
        with self.counting:
            number = self.served
            type(self).served += 1
        if number >= 3:
            self.opened.wait(60)
        self.send_response(404 if self.path == "/robots.txt" else 200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"".join(b'<a href="/%d">x</a>' % n for n in range(40)))

    def log_message(self, *_: object) -> None: ...


def test_a_page_for_which_no_file_can_be_opened_is_tried_again(tmp_path: Path) -> None:
    """Pages would be recorded as failed for good, for what says nothing about them."""
    with ThreadingHTTPServer(("127.0.122.1", 0), _Gate) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,)).start()
        seed = f"http://127.0.122.1:{server.server_port}/"
        crawl = Crawl(tmp_path / "job", seed, *FAST, "-c", "4", "--retries", "0").start()
        try:
            poll(lambda: _Gate.served > 3, "the first pages, and one that is held")
            (reader,) = crawl.readers()
            _, hard = resource.prlimit(reader, resource.RLIMIT_NOFILE)
            resource.prlimit(reader, resource.RLIMIT_NOFILE, (3, hard))
            _Gate.opened.set()
            poll(lambda: crawl.events("machine_exhausted"), "the lack to be said")
            resource.prlimit(reader, resource.RLIMIT_NOFILE, (hard, hard))
            assert crawl.wait() == 0, crawl.err
        finally:
            _Gate.opened.set()
            server.shutdown()
    assert_exactly_once(crawl, [seed, *(f"{seed}{n}" for n in range(40))])
    assert {record["error"] for record in crawl.records()} == {None}
    assert len(crawl.events("machine_exhausted")) == 1
    assert not crawl.events("host_paused"), "a host is blamed"
    assert "Traceback" not in crawl.err + crawl.log_text()


def test_our_own_work_on_a_page_that_meets_the_lack_is_done_again(
    site: TestSite, tmp_path: Path
) -> None:
    """A library loaded at its first use, a program started: neither is a fault of the page."""
    file = tmp_path / "crawl.toml"
    file.write_text("[[extract]]\npython = 'lacking:parse'\n")
    (tmp_path / "lacking.py").write_text(
        "import errno, os\nleft = 3\ndef parse(page):\n"
        "    global left\n    left -= 1\n"
        "    if left >= 0:\n        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))\n"
        "    return {'whole': True}\n"
    )
    crawl = Crawl(tmp_path / "job", site.seeds_file, *FAST, "--config", str(file))
    assert crawl.run() == 0, crawl.err
    assert_exactly_once(crawl, site.urls)
    assert crawl.events("machine_exhausted")
    assert {record["error"] for record in crawl.records()} == {None}
    whole = [record["fields"] for record in crawl.records() if record["status"] == 200]
    assert {tuple(fields) for fields in whole} == {("whole",)}


def test_more_connections_than_files_may_be_open_are_refused(
    site: TestSite, tmp_path: Path
) -> None:
    """It would begin, and fail page after page."""
    crawl = Crawl(tmp_path / "job", site.seeds_file, *FAST, "-c", "200")
    _limited(crawl, 256, 256)
    assert crawl.run() == 2
    assert crawl.err == (
        "crawler: concurrency: 200 connections need 316 open files in each process, and the limit "
        "is 256: raise it (ulimit -Hn, LimitNOFILE=) or use --concurrency 140\n"
    )
    assert not crawl.job.exists()


def test_the_limit_on_open_files_is_raised_as_far_as_it_may_be(
    site: TestSite, tmp_path: Path
) -> None:
    """A shell's usual 1,024 would be all there is, of 500,000 that the machine gives."""
    crawl = Crawl(tmp_path / "job", site.seeds_file, *FAST, "-c", "200")
    _limited(crawl, 64, 400)
    crawl.start()
    poll(lambda: crawl.process.poll() is not None or crawl.readers(), "a reader")
    (reader,) = crawl.readers()
    assert resource.prlimit(reader, resource.RLIMIT_NOFILE) == (400, 400)
    assert crawl.wait() == 0, crawl.err
    assert_exactly_once(crawl, site.urls)
