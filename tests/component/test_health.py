"""`crawler health`: what a probe is told of a job, whatever state it is in."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from crawler.job.lock import acquire


@contextmanager
def _ready(status: int, text: str) -> Iterator[int]:
    """Serve /readyz; yield the port."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_asked = self.path == "/readyz"
            self.send_response(status if is_asked else 404)
            self.end_headers()
            self.wfile.write(text.encode() if is_asked else b"")

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _ask(job: Path, *flags: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "crawler", "health", "--job", str(job), *flags],
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.stderr
    assert done.stdout.count("\n") == 1
    return done.returncode, done.stdout.strip()


def _announce(job: Path, port: int, *, host: str = "127.0.0.1", pid: int | None = None) -> None:
    said = {"url": f"http://{host}:{port}/", "pid": os.getpid() if pid is None else pid}
    (job / "admin.json").write_text(json.dumps(said))


@pytest.fixture
def job(tmp_path: Path) -> Iterator[Path]:
    """A job that this process holds."""
    with acquire(tmp_path):
        yield tmp_path


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_the_crawl_says_how_it_is(job: Path, status: int, code: int, host: str) -> None:
    """A crawl that gets nowhere would be healthy, since its process is there."""
    with _ready(status, "3 URLs are out,\x1b[2J but nothing was settled for 99 s") as port:
        _announce(job, port, host=host)
        said = "3 URLs are out,\\x1b[2J but nothing was settled for 99 s"
        assert _ask(job) == (code, said)


def test_without_its_server_a_crawl_that_runs_is_well(job: Path) -> None:
    """Its container would be killed for a setting that it may leave out."""
    code, said = _ask(job)
    assert (code, said.partition(";")[0]) == (0, f"running as process {os.getpid()}")
    _announce(job, 9, pid=1)  # left behind by a crawl that was killed
    assert _ask(job)[0] == 0


def test_one_that_does_not_answer_is_not_well(job: Path) -> None:
    """A parent whose loop hangs takes connections, and that is all."""
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        _announce(job, server.server_port)
        code, said = _ask(job, "--timeout", "0.2")
    assert code == 1
    assert said.startswith("no answer from 127.0.0.1:")


def test_one_that_does_not_run_is_not_well(tmp_path: Path) -> None:
    assert _ask(tmp_path) == (1, "not running")
    assert _ask(tmp_path / "nothing") == (1, "not running")
