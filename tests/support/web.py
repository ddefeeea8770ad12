"""A small web written out page by page, on several loopback addresses at one port.

For crawls that nobody kills: it lives in threads of the test's process. `Web(pages)` maps
`"/path"` or `"HOST/path"` to an answer or to a list of answers that are given one after the other
(the last one repeats). What is not mapped is 404, robots.txt included.
"""

import contextlib
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple, Self

ADDRESSES = ("127.0.20.1", "127.0.20.2")


class Answer(NamedTuple):
    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = {}
    content_type: str = "text/html; charset=utf-8"
    held: bool = False
    """Sent only once `release` is set."""


class Asked(NamedTuple):
    host: str
    path: str
    headers: Mapping[str, str]


def page(*links: str, head: str = "", text: str = "text") -> Answer:
    """A page with these links; one that begins with `<` is put in as it is."""
    anchors = "".join(x if x.startswith("<") else f'<a href="{x}">x</a>' for x in links)
    return Answer(f"<!doctype html><head>{head}</head><body>{text}{anchors}</body>".encode())


def redirect(target: str, status: int = 302) -> Answer:
    return Answer(b"", status, {"Location": target})


Pages = Mapping[str, Answer | Sequence[Answer]]


class Web:
    """`with Web({"/": page("/a")}) as web: web.url("/")`; `{0}`, `{1}` in a page are the hosts."""

    def __init__(
        self,
        pages: Pages,
        addresses: Sequence[str] = ADDRESSES,
        *,
        endless: Callable[[str], Answer | None] = lambda _: None,
    ) -> None:
        """`endless` makes the answer to a path that is not mapped; None: there is no such page."""
        self._endless = endless
        self._pages = {k: list(v) if isinstance(v, list) else [v] for k, v in pages.items()}
        self._addresses = addresses
        self._lock = threading.Lock()
        self.release = threading.Event()
        self.asked: list[Asked] = []

    def __enter__(self) -> Self:
        self._servers = self._listen()
        self.port = self._servers[0].server_address[1]
        self.hosts = [f"{address}:{self.port}" for address in self._addresses]
        self._threads = [
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
            for server in self._servers
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release.set()
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def _listen(self) -> list["_Server"]:
        first, *others = self._addresses
        for _ in range(50):
            with contextlib.ExitStack() as opened, contextlib.suppress(OSError):
                servers = [opened.enter_context(_Server((first, 0), self))]
                port = servers[0].server_address[1]
                servers += [opened.enter_context(_Server((one, port), self)) for one in others]
                opened.pop_all()
                return servers
        raise OSError("no port is free on all addresses")

    def url(self, path: str = "/", host: int = 0) -> str:
        return f"http://{self.hosts[host]}{path}"

    def paths(self, host: int | None = None) -> list[str]:
        """What was asked for, in order, without robots.txt."""
        return [
            asked.path
            for asked in self.asked
            if asked.path != "/robots.txt" and (host is None or asked.host == self.hosts[host])
        ]

    def answer(self, asked: Asked) -> Answer:
        with self._lock:
            self.asked.append(asked)
            host = self.hosts.index(asked.host) if asked.host in self.hosts else 0
            answers = self._pages.get(f"{host}{asked.path}") or self._pages.get(asked.path)
            if answers is None:
                missing = Answer(b"no such page", 404, content_type="text/plain")
                return self._endless(asked.path) or missing
            return answers.pop(0) if len(answers) > 1 else answers[0]

    def fill(self, text: str) -> str:
        for number, host in enumerate(self.hosts):
            text = text.replace(f"{{{number}}}", host)
        return text


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], web: Web) -> None:
        self.web = web
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A crawler that hangs up is no event here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def do_GET(self) -> None:
        web = self.server.web
        answer = web.answer(Asked(self.headers["Host"], self.path, dict(self.headers)))
        if answer.held:
            web.release.wait()
        body = web.fill(answer.body.decode("latin-1")).encode("latin-1")
        lines = [f"HTTP/1.1 {answer.status} X", f"Content-Length: {len(body)}"]
        lines.append(f"Content-Type: {answer.content_type}")
        lines += [f"{name}: {web.fill(value)}" for name, value in answer.headers.items()]
        self.wfile.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""
