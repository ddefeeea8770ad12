"""A plain HTTP/1.1 server for the demo web, on asyncio streams alone."""

import asyncio
import contextlib
import socket
from collections import Counter
from collections.abc import Sequence
from email.utils import formatdate
from http import HTTPStatus
from urllib.parse import unquote_to_bytes

from crawler.demo.answer import Answer, Page
from crawler.demo.web import ADDRESSES, Web, build

_CHUNK_BYTES = 16_384
_TRIES = 50
_NOT_FOUND = Page(
    answers=(Answer(status=404, body=b"<title>Uncharted</title><p>Here be nothing.</p>"),)
)
_NOT_ALLOWED = Page(answers=(Answer(status=405, headers=(("Allow", "GET, HEAD"),)),))


class NoAddress(OSError):
    """The loopback addresses of the demo cannot be used on this machine."""


class DemoServer:
    """Serves the web until its context ends."""

    def __init__(self, port: int = 0) -> None:
        """Choose a port; 0: any that is free on all addresses."""
        self._port = port
        self._servers: list[asyncio.Server] = []
        self._connections: set[asyncio.Task[None]] = set()
        self._pages: dict[tuple[str, bytes], Page] = {}
        self._asked: Counter[tuple[str, bytes]] = Counter()

    async def __aenter__(self) -> Web:
        """Listen, and return the web as it is now served.

        Raises:
            NoAddress: an address or the port cannot be had.
        """
        sockets = bind(ADDRESSES, self._port)
        web = build(sockets[0].getsockname()[1])
        self._pages = {
            (address, target.encode()): page
            for address, site in web.sites.items()
            for target, page in site.items()
        }
        for one in sockets:
            self._servers.append(await asyncio.start_server(self._connected, sock=one))
        return web

    async def __aexit__(self, *error: object) -> None:
        for server in self._servers:
            server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            return
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)
        try:
            # A client that goes away, or talks no HTTP, is none of our business.
            with contextlib.suppress(
                OSError, asyncio.IncompleteReadError, ValueError, asyncio.LimitOverrunError
            ):
                while await self._exchange(reader, writer):
                    pass
        except asyncio.CancelledError:
            pass  # The server ends; asyncio would log this as an error of the handler.
        finally:
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Serve one request; say whether the connection lives on."""
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ", 2)
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
        }
        address = writer.get_extra_info("sockname")[0]
        answer = self._answer(method, address, unquote_to_bytes(target))
        if answer.delay_ms:
            await asyncio.sleep(answer.delay_ms / 1000)
        if answer.manner == "reset":
            writer.transport.abort()
            return False
        known = dict(answer.headers).get("ETag")
        if known is not None and headers.get("if-none-match") == known:
            answer = Answer(status=304, content_type=None, headers=answer.headers)
        writer.write(render(answer, with_body=method != "HEAD"))
        await writer.drain()
        return answer.manner != "cut" and headers.get("connection", "").lower() != "close"

    def _answer(self, method: str, address: str, target: bytes) -> Answer:
        if method not in ("GET", "HEAD"):
            return _NOT_ALLOWED.answers[0]
        key = (address, target)
        answers = self._pages.get(key, _NOT_FOUND).answers
        if len(answers) == 1:
            return answers[0]
        self._asked[key] += 1
        return answers[min(self._asked[key], len(answers)) - 1]


def bind(addresses: Sequence[str], port: int) -> list[socket.socket]:
    """Bind every address at one port.

    Raises:
        NoAddress: an address does not exist here, or the port is taken.
    """
    for _ in range(_TRIES if port == 0 else 1):
        with contextlib.ExitStack() as opened:
            bound: list[socket.socket] = []
            chosen = port
            for address in addresses:
                one = opened.enter_context(socket.socket())
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    one.bind((address, chosen))
                except OSError as error:
                    problem = f"cannot listen on {address} port {chosen}: {error.strerror}"
                    break
                chosen = one.getsockname()[1]
                bound.append(one)
            else:
                opened.pop_all()
                return bound
    raise NoAddress(problem)


def render(answer: Answer, *, with_body: bool = True) -> bytes:
    """Return a response as it goes over the wire."""
    status = HTTPStatus(answer.status)
    lines = [
        f"HTTP/1.1 {status.value} {status.phrase}",
        f"Date: {formatdate(usegmt=True)}",
        "Server: LanternIsles",
    ]
    if answer.content_type is not None:
        lines.append(f"Content-Type: {answer.content_type}")
    lines += [f"{name}: {value}" for name, value in answer.headers]
    body = answer.body
    if answer.manner == "chunked":
        lines.append("Transfer-Encoding: chunked")
        pieces = [body[n : n + _CHUNK_BYTES] for n in range(0, len(body), _CHUNK_BYTES)]
        body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in [*pieces, b""])
    elif status != HTTPStatus.NOT_MODIFIED:
        lines.append(f"Content-Length: {len(body)}")
    if answer.manner == "cut":
        body = body[: len(body) // 2]
    head = "\r\n".join([*lines, "", ""]).encode("latin-1")
    return head + body if with_body else head
