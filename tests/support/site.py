"""A loopback test web in a process of its own, so that it outlives any kill of the crawler.

This is the handle that a test holds; `site_server` is the process. Every request goes to an access
log with the machine's monotonic clock before its answer is sent: what a client saw answered is in
the log.
"""

import dataclasses
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from tests.support.site_graph import Graph, SiteOptions

ROOT = Path(__file__).parents[2]


class Request(NamedTuple):
    """One request as the server saw it; times are `time.monotonic_ns()`."""

    host: str
    """`address:port`."""
    path: str
    user_agent: str
    arrived_ns: int
    ended_ns: int | None
    """None: still open."""
    status: int | None
    """None: open, or cut before the answer was sent."""

    @property
    def url(self) -> str:
        return f"http://{self.host}{self.path}"


class TestSite:
    """`with TestSite(hosts=10, pages_per_host=50) as site:`; see `SiteOptions` for the rest."""

    __test__ = False  # a name that pytest would collect

    def __init__(self, directory: Path | None = None, **options: Any) -> None:
        self.options = SiteOptions(**options)
        self._scratch = tempfile.TemporaryDirectory() if directory is None else None
        self.directory = directory or Path(self._scratch.name if self._scratch else ".")
        self.log = self.directory / "access.jsonl"

    def __enter__(self) -> Self:
        self.log.touch()
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.support.site_server"),
                json.dumps(dataclasses.asdict(self.options)),
                str(self.log.absolute()),
            ],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # a signal to the test's group is not meant for the web
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self.__exit__(None, None, None)
            raise RuntimeError("the test web did not start")
        self.port = int(line)
        self.graph = Graph(self.options, self.port)
        self.hosts = self.graph.hosts
        self.expected = self.graph.expected()
        self.urls = list(self.expected)
        self.forbidden = [f"http://{h}{path}" for h in self.hosts for path in self.graph.private()]
        self.seeds = [f"http://{host}/" for host in self.hosts]
        self.seeds_file = self.directory / "site-seeds.txt"
        self.seeds_file.write_text("\n".join(self.seeds) + "\n")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # The end of its stdin ends the server, so it also ends when the test's process is killed.
        process = self._process
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._scratch is not None:
            self._scratch.cleanup()

    def _tell(self, word: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(word.encode() + b"\n")
        self._process.stdin.flush()

    def release(self) -> None:
        """Answer what is held, and from now on `/hold/N` at once."""
        self._tell("release")

    def hold(self) -> None:
        """Let `/hold/N` stay open again."""
        self._tell("hold")

    def requests(self) -> list[Request]:
        """All requests so far, in order of arrival."""
        found: dict[int, Request] = {}
        for line in self.log.read_bytes().split(b"\n")[:-1]:
            number, *rest = json.loads(line)
            if len(rest) == 2:
                found[number] = found[number]._replace(ended_ns=rest[0], status=rest[1])
            else:
                found[number] = Request(*rest)
        return list(found.values())

    def open_requests(self) -> list[Request]:
        return [request for request in self.requests() if request.ended_ns is None]

    def counts(self) -> Counter[str]:
        """How often each URL was asked for, robots.txt included."""
        return Counter(request.url for request in self.requests())

    def wait_until(
        self, condition: Callable[[list[Request]], object], timeout_s: float = 60
    ) -> list[Request]:
        """Poll the access log until the condition holds; return the log as it then was."""
        deadline = time.monotonic() + timeout_s
        while not condition(requests := self.requests()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"the test web saw {len(requests)} requests, not what was due")
            time.sleep(0.02)
        return requests
