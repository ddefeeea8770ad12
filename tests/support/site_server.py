"""The process of the test web: plain asyncio, several thousand requests a second.

`python -m tests.support.site_server OPTIONS_JSON LOG` prints its port, takes commands from stdin
(`release`, `hold`) and ends with it.
"""

import asyncio
import contextlib
import json
import os
import random
import socket
import struct
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.support.site_graph import Graph, SiteOptions

WORDS = ("amber", "brook", "cedar", "delta", "ember", "fjord", "grove", "heron", "islet", "jetty")


class Answer(NamedTuple):
    status: int
    body: bytes
    headers: tuple[str, ...] = ()
    delay_ms: int = 0
    held: bool = False


_STAMPS = 35 if sys.platform == "linux" else None
"""SO_TIMESTAMPNS, which the socket module does not name."""


class StampedSocket(socket.socket):
    """Knows when the kernel had what was read last: a server that waits for a CPU reads it later,
    and then what comes next seems too soon."""

    arrived_ns = 0

    def recv(self, size: int, flags: int = 0) -> bytes:
        if _STAMPS is None:
            data = super().recv(size, flags)
            self.arrived_ns = time.monotonic_ns()
            return data
        data, notes, _, _ = self.recvmsg(size, socket.CMSG_SPACE(16), flags)
        late_ns = 0
        for _, _, stamp in notes:
            seconds, nanoseconds = struct.unpack("qq", stamp)
            late_ns = time.time_ns() - seconds * 1_000_000_000 - nanoseconds
        self.arrived_ns = time.monotonic_ns() - max(late_ns, 0)
        return data


class Server:
    """State that all connections share."""

    def __init__(self, options: SiteOptions, log: Path) -> None:
        self.options = options
        self.graph = Graph(options, 0)
        self.holding = True
        self.waiting: set[Connection] = set()
        self._log = os.open(log, os.O_WRONLY | os.O_APPEND)
        self._numbers: Iterator[int] = iter(range(sys.maxsize))
        self._pages: dict[tuple[str, str], Answer] = {}
        self._asked: Counter[tuple[str, str]] = Counter()
        self._index: dict[str, int] = {}
        self._accepting: list[asyncio.Task[None]] = []

    async def listen(self) -> int:
        """Listen on all addresses at one port that was free on each of them."""
        loop = asyncio.get_running_loop()
        addresses = [host.rpartition(":")[0] for host in self.graph.hosts]
        for _ in range(50):
            with contextlib.ExitStack() as sockets, contextlib.suppress(OSError):
                port, bound = 0, []
                for address in addresses:
                    one = sockets.enter_context(socket.socket())
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    one.bind((address, port))
                    port = one.getsockname()[1]
                    bound.append(one)
                sockets.pop_all()
                for one in bound:
                    one.listen(1024)
                    one.setblocking(False)
                    if _STAMPS is not None:  # handed down to all that it accepts
                        one.setsockopt(socket.SOL_SOCKET, _STAMPS, 1)
                    self._accepting.append(loop.create_task(self._accept(one)))
                self.graph = Graph(self.options, port)
                self._index = {host: n for n, host in enumerate(self.graph.hosts)}
                return port
        raise OSError(f"no port is free on all of {addresses[0]} and the {len(addresses) - 1} next")

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            one, _ = await loop.sock_accept(listener)
            with contextlib.suppress(OSError):  # it is gone already
                await loop.connect_accepted_socket(
                    lambda: Connection(self), sock=StampedSocket(fileno=one.detach())
                )

    def write(self, *fields: object) -> None:
        os.write(self._log, json.dumps(fields).encode() + b"\n")

    def number(self) -> int:
        return next(self._numbers)

    def answer(self, host: str, path: str) -> Answer:
        key = (host, path)
        if key in self._pages:
            return self._pages[key]
        if path.startswith("/busy/"):
            self._asked[key] += 1
            if self._asked[key] <= self.options.busy_tries:
                after = self.options.retry_after_s
                return Answer(503, b"busy\n", () if after is None else (f"Retry-After: {after}",))
        answer = self._make(host, path)
        if answer.status != 404:
            self._pages[key] = answer
        return answer

    def _make(self, host: str, path: str) -> Answer:
        options = self.options
        kind, _, number = path.strip("/").partition("/")
        if path == "/robots.txt":
            return self._robots()
        if path == "/":
            return self._page(host, 0)
        name, dot, suffix = number.partition(".")
        if not name.isdecimal() or (kind == "page") != (dot + suffix == ".html"):
            return Answer(404, b"not found\n")
        n = int(name)
        if kind == "page" and 0 < n < options.pages_per_host:
            return self._page(host, n)
        if kind == "go" and n < options.redirects:
            target = self.graph.target(self._index[host], n)
            return Answer(302, b"", (f"Location: {target}",), options.delay_ms)
        counts = {"slow": options.slow, "hold": options.held, "busy": options.busy}
        counts |= {"private": options.private, "reset": options.resets, "copy": options.copies}
        if n >= counts.get(kind, 0):
            return Answer(404, b"not found\n", (), options.delay_ms)
        body = self._html("a copy" if kind == "copy" else f"{kind} {n} of {host}", [])
        if kind == "reset":
            return Answer(0, b"")
        delay_ms = options.slow_ms if kind == "slow" else options.delay_ms
        return Answer(200, body, (), delay_ms, held=kind == "hold")

    def _robots(self) -> Answer:
        options = self.options
        lines = ["User-agent: *"]
        if options.private:
            lines.append("Disallow: /private/")
        if options.crawl_delay_s is not None:
            lines.append(f"Crawl-delay: {options.crawl_delay_s}")
        body = "\n".join([*lines, ""]).encode()
        return Answer(
            options.robots_status, body, ("Content-Type: text/plain",), options.robots_delay_ms
        )

    def _page(self, host: str, number: int) -> Answer:
        links = self.graph.links(self._index[host], number)
        body = self._html(f"page {number} of {host}", links)
        return Answer(200, body, (), self.options.delay_ms)

    def _html(self, title: str, links: list[str]) -> bytes:
        anchors = "".join(f'<li><a href="{link}">{link}</a></li>\n' for link in links)
        head = (
            f"<!doctype html>\n<html lang=en><head><meta charset=utf-8><title>{title}</title>"
            f"</head>\n<body><h1>{title}</h1>\n<ul>{anchors}</ul>\n<p>"
        )
        chance = random.Random(title)
        words = list(WORDS)
        chance.shuffle(words)
        filler = " ".join(words) + "\n"
        rest = max(0, self.options.body_bytes - len(head))
        return (
            head + (filler * (rest // len(filler) + 1))[:rest] + "</p></body></html>\n"
        ).encode()


_REASONS = {200: "OK", 302: "Found", 404: "Not Found", 503: "Service Unavailable"}


class Connection(asyncio.Protocol):
    """One client: requests are answered one after the other."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._buffer = b""
        self._open: tuple[int, Answer] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._socket = transport.get_extra_info("socket")._sock

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self._open is None and b"\r\n\r\n" in self._buffer:
            head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
            self._ask(head.decode("latin-1"))

    def _ask(self, head: str) -> None:
        arrived = self._socket.arrived_ns
        server = self._server
        first, *lines = head.split("\r\n")
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
        }
        path = first.split(" ")[1]
        address, port = self._transport.get_extra_info("sockname")[:2]
        host = f"{address}:{port}"
        answer = server.answer(host, path)
        number = server.number()
        asked = (number, host, path, headers.get("user-agent", ""), arrived)
        if answer.status == 0:
            server.write(*asked, time.monotonic_ns(), None)
            self._transport.abort()
        elif answer.held and server.holding:
            server.write(*asked, None, None)
            self._open = (number, answer)
            server.waiting.add(self)
        elif answer.delay_ms:
            server.write(*asked, None, None)
            self._open = (number, answer)
            delay_s = answer.delay_ms / 1000
            self._timer = asyncio.get_running_loop().call_later(delay_s, self.finish)
        else:
            server.write(*asked, time.monotonic_ns(), answer.status)
            self._send(answer)

    def finish(self) -> None:
        """Answer the request that was kept waiting, then what came after it."""
        self._server.waiting.discard(self)
        if self._open is None:
            return
        number, answer = self._open
        self._open = None
        self._server.write(number, time.monotonic_ns(), answer.status)
        self._send(answer)
        self.data_received(b"")

    def _send(self, answer: Answer) -> None:
        headers = "".join(f"{header}\r\n" for header in answer.headers)
        if "Content-Type" not in headers:
            headers += "Content-Type: text/html; charset=utf-8\r\n"
        head = (
            f"HTTP/1.1 {answer.status} {_REASONS.get(answer.status, 'Other')}\r\n"
            f"{headers}Content-Length: {len(answer.body)}\r\n\r\n"
        )
        self._transport.write(head.encode() + answer.body)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.waiting.discard(self)
        if self._timer is not None:
            self._timer.cancel()
        if self._open is not None:
            self._server.write(self._open[0], time.monotonic_ns(), None)
            self._open = None


async def serve(options: SiteOptions, log: Path) -> None:
    """Run until stdin ends; each line of it is a command."""
    server = Server(options, log)
    port = await server.listen()
    print(port, flush=True)
    commands = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(commands), sys.stdin
    )
    while command := await commands.readline():
        server.holding = command.strip() != b"release"
        if not server.holding:
            for connection in list(server.waiting):
                connection.finish()


if __name__ == "__main__":
    asyncio.run(serve(SiteOptions(**json.loads(sys.argv[1])), Path(sys.argv[2])))
