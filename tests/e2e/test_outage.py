"""A server that goes away for a while must not turn its pages into errors."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.support.crawl import Crawl, poll

PAGES = 120
ADDRESS = "127.0.14.1"


class _Page(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"  # no connection outlives its answer
    served: int

    def do_GET(self) -> None:
        body = b"".join(b'<a href="/%d">x</a>' % n for n in range(PAGES))
        is_page = self.path != "/robots.txt"
        self.send_response(200 if is_page else 404)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(body if is_page else b"")
        type(self).served += 1

    def log_message(self, *_: object) -> None: ...


@contextmanager
def _serving(port: int) -> Iterator[int]:
    _Page.served = 0
    server = ThreadingHTTPServer((ADDRESS, port), _Page)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_an_outage_costs_what_was_in_flight_and_no_more(tmp_path: Path) -> None:
    """Each URL would be tried four times, written off, and the crawl would end "complete"."""
    flags = ("--delay", "50ms", "--retry-base", "50ms", "-p", "1")
    with _serving(0) as port:
        crawl = Crawl(tmp_path / "job", f"http://{ADDRESS}:{port}/", *flags).start()
        poll(lambda: _Page.served >= 15, "some pages to be served")
    poll(lambda: '"connect"' in crawl.log_text(), "the outage to be noticed")
    with _serving(port):
        assert crawl.wait() == 0, crawl.err
    records = crawl.records()
    assert {r["url"].rpartition("/")[2] for r in records} == {"", *map(str, range(PAGES))}
    assert len(records) == PAGES + 1
    assert 1 <= sum(r["error"] == "connect" for r in records) <= 3
