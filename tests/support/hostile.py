"""More misbehaviours for `FaultServer`: broken framing, bombs, drips, monster pages.

Importing this module adds them to those that a path may name.
"""

import asyncio
import gzip
import zlib
from collections.abc import Callable

import brotli
from backports import zstd

from tests.support.fault_server import (
    BOMB_BYTES,
    FAULTS,
    PAGE,
    Handler,
    Peer,
    bomb,
)

HTML = "Content-Type: text/html; charset=utf-8\r\n"
_STORED_EMPTY = b"\0\0\0\xff\xff"
"""A deflate block that holds nothing, and is not the last."""


def _raw(head: str, body: bytes = b"", *, line_end: str = "\r\n") -> Handler:
    """Send these bytes and close."""

    async def handler(peer: Peer) -> None:
        data = (head.replace("\r\n", line_end) + line_end).encode("latin-1") + body
        await peer.send(data)
        peer.end()

    return handler


def _ok(headers: str, body: bytes = b"hello") -> Handler:
    return _raw(f"HTTP/1.1 200 OK\r\n{headers}", body)


def _chunked(data: bytes) -> Handler:
    return _ok(HTML + "Transfer-Encoding: chunked\r\n", data)


def _endless(head: bytes, piece: bytes, pause_s: float | None = None) -> Handler:
    """Send a head, and then the same bytes for ever."""

    async def handler(peer: Peer) -> None:
        await peer.send(head)
        while True:
            await peer.send(piece)
            if pause_s is not None:
                await asyncio.sleep(pause_s)

    return handler


def _coded(coding: str, make: Callable[[], bytes]) -> Handler:
    async def handler(peer: Peer) -> None:
        headers = [("Content-Type", "text/html"), ("Content-Encoding", coding)]
        await peer.answer(200, make(), headers)

    return handler


def page(make: Callable[[], bytes], content_type: str | None = "text/html") -> Handler:
    """A page in one piece, of any bytes."""

    async def handler(peer: Peer) -> None:
        headers = [("Content-Type", content_type)] if content_type else []
        await peer.answer(200, make(), headers)

    return handler


async def _smuggled(peer: Peer) -> None:
    """Another response behind the one that was asked for."""
    other = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
    await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" + other)


async def _smuggled_late(peer: Peer) -> None:
    """The same, once the first one was taken for complete."""
    await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
    await asyncio.sleep(0.05)
    await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")


def _wide_zstd() -> bytes:
    """A frame that asks for 128 MB of memory, by its header."""
    parameter = zstd.CompressionParameter
    packer = zstd.ZstdCompressor(options={parameter.window_log: 27})
    return packer.compress(PAGE) + packer.flush()


def _bomb_in(pack: Callable[[bytes], bytes]) -> Callable[[], bytes]:
    return lambda: pack(bomb(BOMB_BYTES))


def _deflated() -> bytes:
    packer = zlib.compressobj(9)
    piece = bytes(1 << 20)
    return b"".join(packer.compress(piece) for _ in range(BOMB_BYTES >> 20)) + packer.flush()


_HELLO = b"5\r\nhello\r\n0\r\n\r\n"
_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
_GZIP_HEAD = gzip.compress(b"")[:10]
_GZIP_CHUNKED = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)

FRAMING: dict[str, Handler] = {
    "cl_and_te": _ok("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", _HELLO),
    "cl_list": _ok("Content-Length: 5, 6\r\n"),
    "cl_negative": _ok("Content-Length: -5\r\n"),
    "cl_plus": _ok("Content-Length: +5\r\n"),
    "cl_hex": _ok("Content-Length: 0x5\r\n"),
    "cl_huge": _ok(f"Content-Length: {10**30}\r\n"),
    "cl_words": _ok("Content-Length: five\r\n"),
    "te_unknown": _ok("Transfer-Encoding: xchunked\r\n"),
    "te_twice": _ok("Transfer-Encoding: chunked, chunked\r\n", _HELLO),
    "chunk_negative": _chunked(b"-5\r\nhello\r\n0\r\n\r\n"),
    "chunk_huge": _chunked(b"F" * 20 + b"\r\nhello\r\n0\r\n\r\n"),
    "chunk_extension": _chunked(b"5;" + b"a" * 1_000_000 + b"\r\nhello\r\n0\r\n\r\n"),
    "chunk_too_long": _chunked(b"5\r\nhello and more\r\n0\r\n\r\n"),
    "trailer_count": _chunked(b"5\r\nhello\r\n0\r\n" + b"X: y\r\n" * 5_000 + b"\r\n"),
    "trailer_bomb": _chunked(b"5\r\nhello\r\n0\r\nX: " + b"y" * 1_000_000 + b"\r\n\r\n"),
    "trailer_endless": _endless(_CHUNKED + b"\r\n5\r\nhello\r\n0\r\n", b"X: y\r\n" * 1_000),
    "head_nul": _ok("X: a\0b\r\nContent-Length: 5\r\n"),
    "head_cr": _ok("X: a\rSet-Cookie: b\r\nContent-Length: 5\r\n"),
    "head_folded": _ok("X: a\r\n b\r\nContent-Length: 5\r\n"),
    "head_blank_name": _ok("X : a\r\nContent-Length: 5\r\n"),
    "head_no_colon": _ok("garbage\r\nContent-Length: 5\r\n"),
    "head_odd_name": _ok("X\xe9: a\r\nContent-Length: 5\r\n"),
    "status_words": _raw("HTTP/1.1 abc OK\r\nContent-Length: 5\r\n", b"hello"),
    "status_long": _raw("HTTP/1.1 2000 OK\r\nContent-Length: 5\r\n", b"hello"),
    "status_zero": _raw("HTTP/1.1 000 OK\r\nContent-Length: 5\r\n", b"hello"),
    "status_999": _raw("HTTP/1.1 999 No\r\nContent-Length: 5\r\n", b"hello"),
    "no_reason": _raw("HTTP/1.1 200\r\nContent-Length: 5\r\n", b"hello"),
    "version_nine": _raw("HTTP/9.9 200 OK\r\nContent-Length: 5\r\n", b"hello"),
    "icy": _raw("ICY 200 OK\r\nContent-Length: 5\r\n", b"hello"),
    "lines_end_in_lf": _raw("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", b"hello", line_end="\n"),
    "hints_forever": _endless(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", 0.005),
    "head_endless": _endless(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 1_000),
    "head_line_endless": _endless(b"HTTP/1.1 200 OK\r\nX: ", b"y" * 4_096),
    "status_endless": _endless(b"HTTP/1.1 200 ", b"y" * 4_096),
    "head_drip": _endless(b"HTTP/1.1 200 OK\r\nX: ", b"y", 0.02),
    "smuggled": _smuggled,
    "smuggled_late": _smuggled_late,
    "gone_with_body": _raw("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n", b"hello"),
}

LATE = frozenset({"trailer_count", "trailer_bomb", "trailer_endless", "chunk_too_long"})
"""What is wrong comes after a part of the body. If that was read before, it is kept, and flagged:
both outcomes are true."""

CODINGS: dict[str, Handler] = {
    "bomb_deflate": _coded("deflate", _deflated),
    "bomb_gzip_br": _coded("gzip, br", _bomb_in(brotli.compress)),
    "bomb_gzip_zstd": _coded("gzip, zstd", _bomb_in(zstd.compress)),
    "bomb_members": _coded("gzip", lambda: gzip.compress(bytes(1 << 20)) * 90),
    "many_frames": _coded("zstd", lambda: zstd.compress(b"x") * 500),
    "wide_zstd": _coded("zstd", _wide_zstd),
    "cut_inside": _coded("gzip, gzip", lambda: gzip.compress(gzip.compress(PAGE)[:-20])),
    "cut_in_head": _coded("gzip", lambda: gzip.compress(PAGE)[:5]),
    "gzip_name": _endless(
        _GZIP_CHUNKED + b"a\r\n" + _GZIP_HEAD[:3] + b"\x08" + _GZIP_HEAD[4:] + b"\r\n",
        b"1000\r\n" + b"n" * 4_096 + b"\r\n",
    ),
    "gzip_nothing": _endless(
        _GZIP_CHUNKED + b"a\r\n" + _GZIP_HEAD + b"\r\n",
        b"1388\r\n" + _STORED_EMPTY * 1_000 + b"\r\n",
    ),
    "gzip_drip": _endless(
        _GZIP_CHUNKED + b"10\r\n" + _GZIP_HEAD + b"\0\x01\0\xfe\xffx" + b"\r\n",
        b"6\r\n\0\x01\0\xfe\xffx\r\n",
        0.02,
    ),
}

MONSTERS: dict[str, Handler] = {
    "deep": page(lambda: b"<title>t</title><a href=/x>x</a>" + b"<div>" * 100_000),
    "wide_attribute": page(lambda: b"<title>t</title><a href='" + b"x" * 10_000_000 + b"'>"),
    "many_links": page(lambda: b"".join(b"<a href=/%d>x</a>" % n for n in range(50_000))),
    "many_attributes": page(
        lambda: b"<title>t</title><p " + b" ".join(b"a%d" % n for n in range(1_000_000)) + b">"
    ),
    "refresh": page(lambda: b"<meta http-equiv=refresh content='" + b" " * 8_000 + b"'>x"),
    "comments": page(lambda: b"<!---->" * 140 + b"x", None),
    "fonts": page(lambda: b"".join(b"<font size=%d></p><p>" % n for n in range(3_000))),
    "nothing_but_nul": page(lambda: bytes(1_000_000)),
    "controls": page(
        "<title>a\x1b]0;x\x07\u202eb\x9b\u2028c&#x0;&#xD800;&#x110000;</title>".encode
    ),
    "odd_utf16": page(lambda: b"\xff\xfe\x00\xd8<\x00a\x00\x00\xdcx", "text/html; charset=utf-16"),
    "unknown_charset": page(lambda: b"<title>caf\xe9</title>", "text/html; charset=x-none"),
    "utf7": page(lambda: b"<title>+ADw-script+AD4-</title>", "text/html; charset=utf-7"),
    "charset_bomb": page(lambda: b"x", "text/html; charset=" + "a" * 8_000),
}

FAULTS.update(FRAMING | CODINGS | MONSTERS)
