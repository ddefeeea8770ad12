"""Coded bodies: first line the Content-Encoding, second a number for the pieces, then the body."""

import asyncio
from typing import Any, cast

from crawler.fetch.body import DecodeError, read_body

CAP = 50_000
_MAX_STEPS = 20_000


class _Pieces:
    """A stream that comes in pieces of one size."""

    def __init__(self, data: bytes, size: int) -> None:
        self._data = data
        self._size = size
        self._at = 0

    async def readany(self) -> bytes:
        piece = self._data[self._at : self._at + self._size]
        self._at += len(piece)
        return piece


def check(data: bytes) -> None:
    coding, _, rest = data.partition(b"\n")
    number, _, body = rest.partition(b"\n")
    size = int(number) % 5000 if number.isdigit() and len(number) < 6 else 0
    name = coding.decode("latin-1")
    whole = asyncio.run(_read(body, name, len(body) + 1))
    # However the network cuts it, a body is the same.
    if size and len(body) // size < _MAX_STEPS:
        pieces = asyncio.run(_read(body, name, size))
        # zstd's library checks a frame's size only where all of the frame comes at once.
        assert pieces == whole or ("zstd" in name.lower() and whole[1] == "error")


async def _read(body: bytes, coding: str, size: int) -> tuple[bytes, str]:
    into: list[bytes] = []
    try:
        read = await read_body(cast(Any, _Pieces(body, size)), coding, CAP, into)
    except DecodeError:
        return b"", "error"
    assert len(read.data) <= CAP
    assert b"".join(into) == read.data
    assert read.end in {"whole", "capped", "short"}
    assert read.end != "capped" or len(read.data) == CAP or len(body) > CAP
    return read.data, read.end
