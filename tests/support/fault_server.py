"""A server on raw sockets that misbehaves on request: the path names the misbehaviour.

Each request is recorded with its arrival time (`time.monotonic`). Scripted answers come from `on`.
"""

import asyncio
import gzip
import socket
import ssl
import struct
import time
import zlib
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NamedTuple, Self

import brotli
from backports import zstd

PAGE = b"<html><title>fault</title><a href=/next>next</a>" + b"<p>text</p>" * 200 + b"</html>"


BOMB_BYTES = 50 << 20


class Request(NamedTuple):
    path: str
    headers: dict[str, str]
    at: float
    connection: int
    method: str = "GET"


class Peer:
    """One connection, for a handler to answer on."""

    def __init__(self, writer: asyncio.StreamWriter, request: Request) -> None:
        self._writer = writer
        self.request = request
        self.keep = True

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def answer(
        self,
        status: int = 200,
        body: bytes = PAGE,
        headers: Iterable[tuple[str, str]] = (),
        *,
        length: int | None = None,
    ) -> None:
        lines = [
            f"HTTP/1.1 {status} Status",
            f"Content-Length: {len(body) if length is None else length}",
        ]
        lines += [f"{name}: {value}" for name, value in headers]
        await self.send("\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body)

    def end(self) -> None:
        """Close in an orderly way."""
        self.keep = False

    def reset(self) -> None:
        """Close with RST."""
        self.keep = False
        raw = self._writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


Handler = Callable[[Peer], Awaitable[None]]


class FaultServer:
    """`async with FaultServer() as server: server.url("/drip")`."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, address: str = "127.0.0.1") -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self._tls = tls
        self._address = address
        self._scripts: dict[str, Handler] = {}
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(
            self._serve, self._address, 0, ssl=self._tls, limit=1 << 20
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await self._server.wait_closed()
        for _ in range(3):  # let the connection tasks see it
            await asyncio.sleep(0)

    def url(self, path: str = "/", host: str | None = None) -> str:
        scheme = "https" if self._tls else "http"
        return f"{scheme}://{host or self._address}:{self.port}{path}"

    @property
    def host(self) -> str:
        return f"{self._address}:{self.port}"

    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    def on(self, path: str, *answers: Any) -> None:
        """Script a path: answers are handlers or arguments of `Peer.answer`; the last repeats."""
        left = list(answers)

        async def play(peer: Peer) -> None:
            answer = left.pop(0) if len(left) > 1 else left[0]
            if callable(answer):
                await answer(peer)
            else:
                await peer.answer(**answer)

        self._scripts[path] = play

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        self.connections += 1
        connection = self.connections
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                request = _parse(head, connection)
                self.requests.append(request)
                peer = Peer(writer, request)
                await self._handler(request.path)(peer)
                if not peer.keep:
                    break
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    def _handler(self, path: str) -> Handler:
        script = self._scripts.get(path)
        if script is not None:
            return script
        return FAULTS.get(path.partition("?")[0].strip("/").replace("-", "_"), not_found)


def _parse(head: bytes, connection: int) -> Request:
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.lower()] = value.strip()
    method, path = first.split(" ")[:2]
    return Request(path, headers, time.monotonic(), connection, method)


async def not_found(peer: Peer) -> None:
    await peer.answer(404, b"not here")


async def ok(peer: Peer) -> None:
    await peer.answer(200, headers=[("Content-Type", "text/html")])


async def drip(peer: Peer) -> None:
    """A byte now and then, for ever: no read ever times out."""
    await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        await peer.send(b"x")
        await asyncio.sleep(0.02)


async def slow_headers(peer: Peer) -> None:
    """Headers that never come to their end."""
    await peer.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        await peer.send(b"X-Pad: x\r\n")
        await asyncio.sleep(0.02)


async def silent(peer: Peer) -> None:
    """Takes the request and says nothing."""
    await asyncio.sleep(3600)


async def endless(peer: Peer) -> None:
    await peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        await peer.send(b"1000\r\n" + b"e" * 4096 + b"\r\n")


async def reset(peer: Peer) -> None:
    peer.reset()


async def hang_up(peer: Peer) -> None:
    """Closes without a word."""
    peer.end()


async def half_body(peer: Peer) -> None:
    """Promises more than it sends."""
    await peer.answer(200, PAGE[:100], length=len(PAGE))
    peer.end()


async def half_body_reset(peer: Peer) -> None:
    await peer.answer(200, PAGE[:100], length=len(PAGE))
    await asyncio.sleep(0.02)
    peer.reset()


async def no_body(peer: Peer) -> None:
    await peer.answer(200, b"", length=len(PAGE))
    peer.end()


async def half_chunked(peer: Peer) -> None:
    await peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
    peer.end()


async def half_not_found(peer: Peer) -> None:
    await peer.answer(404, b"gone", length=100)
    peer.end()


async def bad_chunk(peer: Peer) -> None:
    await peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n")
    peer.end()


async def late_bad_chunk(peer: Peer) -> None:
    await peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
    await asyncio.sleep(0.02)
    await peer.send(b"zz\r\nhello\r\n")
    peer.end()


async def bad_chunk_after_end(peer: Peer) -> None:
    """The end of a chunk and nonsense in one segment; then it waits."""
    await peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello")
    await asyncio.sleep(0.02)
    await peer.send(b"\r\nzz\r\n")
    await asyncio.sleep(3600)


async def bad_chunk_alone(peer: Peer) -> None:
    """Nonsense in a segment of its own after the headers; then it waits."""
    await peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    await asyncio.sleep(0.02)
    await peer.send(b"zz\r\nhello\r\n")
    await asyncio.sleep(3600)


async def short_length(peer: Peer) -> None:
    """Sends more than it promised."""
    await peer.answer(200, PAGE, length=10)


async def two_lengths(peer: Peer) -> None:
    await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 50\r\n\r\nhello")
    peer.end()


async def until_close(peer: Peer) -> None:
    await peer.send(b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n" + PAGE)
    peer.end()


async def not_http(peer: Peer) -> None:
    await peer.send(b"SSH-2.0-OpenSSH_9.6\r\n")
    peer.end()


async def switching(peer: Peer) -> None:
    await peer.send(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"
    )


async def early_hints(peer: Peer) -> None:
    await peer.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
    await ok(peer)


async def header_bomb(peer: Peer) -> None:
    """One header of a megabyte."""
    await peer.answer(200, headers=[("X-Big", "x" * 1_000_000)])


async def header_count(peer: Peer) -> None:
    await peer.answer(200, headers=[(f"X-{n}", "x") for n in range(300)])


async def header_total(peer: Peer) -> None:
    """Each header is small enough, all together are not."""
    await peer.answer(200, headers=[(f"X-{n}", "x" * 8_000) for n in range(20)])


async def cookies(peer: Peer) -> None:
    await peer.answer(200, headers=[("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])


async def latin_header(peer: Peer) -> None:
    await peer.answer(200, headers=[("X-Name", "caf\udce9"), ("X-Utf", "café")])


async def _coded(peer: Peer, coding: str, body: bytes, *, close: bool = False) -> None:
    headers = [("Content-Encoding", coding), ("Content-Type", "text/html")]
    if close:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
        await peer.send(f"HTTP/1.1 200 OK\r\n{lines}\r\n".encode() + body)
        peer.end()
    else:
        await peer.answer(200, body, headers)


def bare_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def bomb(size: int) -> bytes:
    """Gzip of so many zeros, made in pieces."""
    packer = zlib.compressobj(9, wbits=31)
    piece = bytes(1 << 20)
    return b"".join(packer.compress(piece) for _ in range(size >> 20)) + packer.flush()


def _coding(coding: str, body: bytes | Callable[[], bytes], *, close: bool = False) -> Handler:
    async def handler(peer: Peer) -> None:
        await _coded(peer, coding, body() if callable(body) else body, close=close)

    return handler


_GZIP = gzip.compress(PAGE)
_BR = brotli.compress(PAGE)
_ZSTD = zstd.compress(PAGE)

FAULTS: dict[str, Handler] = {
    handler.__name__: handler
    for handler in (
        ok,
        drip,
        slow_headers,
        silent,
        endless,
        reset,
        hang_up,
        half_body,
        half_body_reset,
        no_body,
        half_chunked,
        half_not_found,
        bad_chunk,
        late_bad_chunk,
        bad_chunk_alone,
        bad_chunk_after_end,
        short_length,
        two_lengths,
        until_close,
        not_http,
        switching,
        early_hints,
        header_bomb,
        header_count,
        header_total,
        cookies,
        latin_header,
    )
} | {
    "gzip": _coding("gzip", _GZIP),
    "x_gzip": _coding("X-GZIP", _GZIP),
    "br": _coding("br", _BR),
    "zstd": _coding("zstd", _ZSTD),
    "deflate": _coding("deflate", zlib.compress(PAGE)),
    "bare_deflate": _coding("deflate", bare_deflate(PAGE)),
    "gzip_gzip": _coding("gzip, gzip", gzip.compress(_GZIP)),
    "gzip_br": _coding("gzip, br", brotli.compress(_GZIP)),
    "three_codings": _coding("gzip, gzip, gzip", gzip.compress(gzip.compress(_GZIP))),
    "two_members": _coding("gzip", gzip.compress(PAGE[:500]) + gzip.compress(PAGE[500:])),
    "two_frames": _coding("zstd", zstd.compress(PAGE[:500]) + zstd.compress(PAGE[500:])),
    "many_members": _coding("gzip", gzip.compress(b"x") * 500),
    "gzip_padded": _coding("gzip", _GZIP + bytes(512)),
    "empty_gzip": _coding("gzip", b""),
    "identity": _coding("identity", PAGE),
    "unknown_coding": _coding("lzma", PAGE),
    "bad_gzip": _coding("gzip", b"\x1f\x8b\x08\x00" + b"garbage" * 20),
    "not_gzip": _coding("gzip", PAGE),
    "bad_br": _coding("br", b"\xff" * 200),
    "bad_zstd": _coding("zstd", b"garbage" * 20),
    "bad_checksum": _coding("gzip", _GZIP[:-8] + b"\0\0\0\0" + _GZIP[-4:]),
    "cut_gzip": _coding("gzip", _GZIP[:-20]),
    "cut_gzip_close": _coding("gzip", _GZIP[:-20], close=True),
    "cut_br": _coding("br", _BR[:-5]),
    "cut_zstd": _coding("zstd", _ZSTD[:-5]),
    "cut_deflate": _coding("deflate", zlib.compress(PAGE)[:-20]),
    "bomb_gzip": _coding("gzip", lambda: bomb(BOMB_BYTES)),
    "bomb_br": _coding("br", lambda: brotli.compress(bytes(BOMB_BYTES), quality=1)),
    "bomb_zstd": _coding("zstd", lambda: zstd.compress(bytes(BOMB_BYTES))),
    "bomb_nested": _coding("gzip, gzip", lambda: gzip.compress(bomb(BOMB_BYTES))),
    "bomb_to_nothing": _coding("gzip, gzip", lambda: gzip.compress(_GZIP + bytes(BOMB_BYTES))),
}
