"""Reading a response body: every limit holds after decoding.

We decode ourselves, because aiohttp takes a gzip stream that ends early for a whole one, leaves
`gzip, gzip` alone and has no limit for what a small bomb becomes. What is decoded is bounded by
the cap in total, so no ratio needs to be guessed: past the cap nothing is read or decoded.
"""

import asyncio
import re
import zlib
from typing import Any, Literal, NamedTuple, Protocol

from aiohttp import StreamReader

from crawler.fetch.codecs import load_brotli, load_zstd

ACCEPT_ENCODING = "gzip, deflate, br, zstd"
MAX_CODINGS = 2
MAX_MEMBERS = 100
"""Concatenated streams in one body. Many tiny ones are an attack, one is the rule."""

_ZSTD_WINDOW_LOG = 23
"""8 MB, as RFC 9659 has it for HTTP: a header of some bytes must not claim more memory."""
_RAW_SLACK_BYTES = 65_536
_STEP_BYTES = 262_144
_BLANK = re.compile(r"\s+")
_NO_CODING = frozenset({"", "identity", "none", "binary", "8bit", "utf-8"})
"""Not codings, but servers send them for plain bodies."""

_NEXT_MEMBER = {
    "gzip": (b"\x1f\x8b",),
    "zstd": (b"\x28\xb5\x2f\xfd", *(bytes((n, 0x2A, 0x4D, 0x18)) for n in range(0x50, 0x60))),
    "deflate": (),
}
"""How another stream after the first one begins."""


class DecodeError(Exception):
    """The content coding is broken, unknown or nested too deep."""


class Body(NamedTuple):
    """What was read of a body."""

    data: bytes
    end: Literal["whole", "capped", "short", "broken", "late"]
    """whole · capped: cut by us · short: the coded stream ended early, though HTTP's framing did
    not · broken: the connection did · late: our time was over."""


async def read_body(stream: StreamReader, coding: str | None, cap: int, into: list[bytes]) -> Body:
    """Read and decode a body of at most `cap` bytes.

    Args:
        stream: undecoded content.
        coding: Content-Encoding.
        cap: of the decoded body.
        into: receives what is decoded, so that the caller still has it if this raises.

    Raises:
        DecodeError: of the coding; whatever aiohttp raises when the connection breaks.
    """
    decoder = _decoder(coding, cap + _RAW_SLACK_BYTES) if coding else None
    if decoder is not None:
        return await _read_coded(stream, decoder, cap, into)
    size = 0
    # One join at the end; for the usual page this loop runs once or twice.
    while chunk := await stream.readany():
        size += len(chunk)
        into.append(chunk)
        if size > cap:
            into[-1] = chunk[: len(chunk) - (size - cap)]
            return Body(b"".join(into), "capped")
    return Body(into[0] if len(into) == 1 else b"".join(into), "whole")


async def _read_coded(
    stream: StreamReader, decoder: "_Decoder", cap: int, into: list[bytes]
) -> Body:
    size = raw = 0
    while chunk := await stream.readany():
        raw += len(chunk)
        # Empty members and padding decode to nothing: what is received is bounded as well.
        if raw > cap + _RAW_SLACK_BYTES:
            return Body(b"".join(into), "capped")
        while True:
            part = decoder.decode(chunk, min(cap - size + 1, _STEP_BYTES))
            size += len(part)
            into.append(part)
            if size > cap:
                into[-1] = part[: len(part) - (size - cap)]
                return Body(b"".join(into), "capped")
            if not decoder.has_more:
                break
            chunk = b""
            # 256 KB from one step: let others run, so that a bomb stalls nobody.
            await asyncio.sleep(0)
    # Nothing at all is a whole body: servers send `Content-Encoding: gzip` with an empty one.
    return Body(b"".join(into), "whole" if decoder.is_complete or not raw else "short")


class _Decoder(Protocol):
    """Decodes a stream in steps of bounded size."""

    has_more: bool
    """The last step stopped at its limit: go on with empty input."""

    @property
    def is_complete(self) -> bool:
        """The coded stream has come to its end."""

    def decode(self, data: bytes, limit: int) -> bytes: ...


class _Members:
    """A codec whose streams may be concatenated; one decompressor for each."""

    def __init__(self, coding: str) -> None:
        self._coding = coding
        self._zstd = load_zstd() if coding == "zstd" else None
        self._fault: type[Exception] = self._zstd.ZstdError if self._zstd else zlib.error
        self._stream: Any = None
        self._pending = b""
        self._members = 0
        self._is_over = False
        self.has_more = False
        self.is_complete = False

    def decode(self, data: bytes, limit: int) -> bytes:
        if self._pending:
            data, self._pending = self._pending + data, b""
        if self._stream is None and not self._begin(data):
            self.has_more = False
            return b""
        stream = self._stream
        try:
            part: bytes = stream.decompress(data, limit)
        except self._fault as error:
            raise DecodeError(f"{self._coding}: {error}") from None
        if stream.eof:
            self._stream = None
            self.is_complete = True
            self._pending = stream.unused_data
            self.has_more = bool(self._pending)
        elif self._coding == "zstd":
            self.has_more = not stream.needs_input
        else:
            self._pending = stream.unconsumed_tail
            # A full step may have left output behind even where all input is gone.
            self.has_more = bool(self._pending) or len(part) >= limit
        return part

    def _begin(self, data: bytes) -> bool:
        """Start a stream with this data; False where there is none to start (yet)."""
        if not data or self._is_over:
            return False
        if self._members and not data.startswith(_NEXT_MEMBER[self._coding]):
            # What follows a complete stream is padding or a server's mistake: browsers forgive it.
            self._is_over = not any(s.startswith(data) for s in _NEXT_MEMBER[self._coding])
            self._pending = b"" if self._is_over else data
            return False
        if self._coding == "deflate" and len(data) == 1:
            # Which of its two formats it is shows with the second byte.
            self._pending = data
            return False
        self._members += 1
        if self._members > MAX_MEMBERS:
            raise DecodeError(f"{self._coding}: more than {MAX_MEMBERS} streams in one body")
        self.is_complete = False
        if self._zstd:
            limit = {self._zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG}
            self._stream = self._zstd.ZstdDecompressor(options=limit)
        elif self._coding == "gzip":
            self._stream = zlib.decompressobj(wbits=31)
        else:
            # `deflate` means zlib's format, and many servers send it bare.
            is_zlib = data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0
            self._stream = zlib.decompressobj(wbits=15 if is_zlib else -15)
        return True


class _Brotli:
    """Brotli, whose decompressor bounds its output by a limit that it may pass a little."""

    def __init__(self) -> None:
        brotli = load_brotli()
        self._fault: type[Exception] = brotli.error
        self._stream = brotli.Decompressor()
        self.has_more = False

    @property
    def is_complete(self) -> bool:
        return bool(self._stream.is_finished())

    def decode(self, data: bytes, limit: int) -> bytes:
        if self.is_complete:
            self.has_more = False
            if data:
                # As brotli's library has it where they come in one piece with the end.
                raise DecodeError("br: bytes after the end of the stream")
            return b""
        try:
            part: bytes = self._stream.process(data, output_buffer_limit=limit)
        except self._fault as error:
            raise DecodeError(f"br: {error}") from None
        self.has_more = not self._stream.is_finished() and not self._stream.can_accept_more_data()
        return part


class _Chain:
    """Two codings, the outer one removed first."""

    def __init__(self, outer: _Decoder, inner: _Decoder, cap: int) -> None:
        self._outer = outer
        self._inner = inner
        self._left = cap
        self.has_more = False

    @property
    def is_complete(self) -> bool:
        return self._outer.is_complete and self._inner.is_complete

    def decode(self, data: bytes, limit: int) -> bytes:
        if not self._inner.has_more:
            data = self._outer.decode(data, _STEP_BYTES)
            self._left -= len(data)
            if self._left < 0:
                # A bomb of which the inner coding makes nothing would be endless work.
                raise DecodeError("the outer content coding holds more than a body may")
        part = self._inner.decode(data, limit)
        self.has_more = self._inner.has_more or self._outer.has_more
        return part


def _decoder(coding: str, cap: int) -> _Decoder | None:
    codings = [name for name in _BLANK.sub("", coding.lower()).split(",") if name not in _NO_CODING]
    if not codings:
        return None
    if len(codings) > MAX_CODINGS:
        raise DecodeError(f"{len(codings)} content codings")
    # Listed in the order they were applied, so the last one comes off first.
    decoders = [_single(name) for name in reversed(codings)]
    if len(decoders) == 1:
        return decoders[0]
    return _Chain(decoders[0], decoders[1], cap)


def _single(name: str) -> _Decoder:
    name = name.removeprefix("x-")
    if name in ("gzip", "deflate", "zstd"):
        return _Members(name)
    if name == "br":
        return _Brotli()
    raise DecodeError(f"unknown content coding {name[:40]!r}")
