"""Decoding: any split of the input, any cap, no more than the cap."""

import asyncio
import gzip
import random
import zlib
from collections.abc import Callable
from contextlib import suppress
from unittest.mock import Mock

import aiohttp
import brotli
import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.fetch.body import MAX_MEMBERS, Body, DecodeError, read_body
from tests.support.fault_server import bare_deflate

CODECS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
}


def read(chunks: list[bytes], coding: str | None, cap: int = 1_000_000) -> Body:
    async def run() -> Body:
        protocol = Mock(_reading_paused=False, connected=True)
        stream = aiohttp.StreamReader(protocol, 1 << 20, loop=asyncio.get_running_loop())

        async def feed() -> None:
            for chunk in chunks:
                stream.feed_data(chunk)
                await asyncio.sleep(0)
            stream.feed_eof()

        feeding = asyncio.create_task(feed())
        try:
            return await read_body(stream, coding, cap, [])
        finally:
            feeding.cancel()

    return asyncio.run(run())


def split(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=3_000),
    st.sampled_from(sorted(CODECS)),
    st.sampled_from(["", *CODECS]),
    st.integers(1, 400),
    st.integers(0, 4_000),
)
def test_any_split_and_cap(body: bytes, inner: str, outer: str, size: int, cap: int) -> None:
    """A boundary at the wrong place would lose, double or refuse bytes."""
    data = CODECS[inner](body)
    coding = inner
    if outer:
        data, coding = CODECS[outer](data), f"{inner}, {outer}"
    if len(data) > cap:
        return  # what is received has its own limit
    found = read(split(data, size), coding, cap)
    assert found == Body(body[:cap], "whole" if len(body) <= cap else "capped")


@pytest.mark.parametrize("coding", sorted(CODECS))
def test_every_cut_is_seen(coding: str) -> None:
    """A stream that ends early would be a whole page, wherever it ends."""
    body = random.Random(1).randbytes(200) + b"text" * 50
    data = CODECS[coding](body)
    for end in range(1, len(data)):
        found = read([data[:end]], coding)
        assert found.end == "short", end
        assert body.startswith(found.data)


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_streams_in_one_body(coding: str) -> None:
    """The second stream of a body would be lost, or a thousand of them be worked on."""
    pack = CODECS[coding]
    for size in (1, 7, 10_000):
        data = pack(b"one") + pack(b"two")
        assert read(split(data, size), coding) == Body(b"onetwo", "whole")
    assert read([(pack(b"one") + pack(b"two"))[:-3]], coding).end == "short"
    with pytest.raises(DecodeError):
        read([pack(b"") * (MAX_MEMBERS + 1)], coding)


@pytest.mark.parametrize("tail", [b"\0" * 600, b"garbage", b"\x1f"])
@pytest.mark.parametrize("coding", ["gzip", "deflate", "zstd"])  # brotli's library refuses it
def test_what_follows_the_stream_is_ignored(coding: str, tail: bytes) -> None:
    """Padding after a stream would cost the page, as no browser has it."""
    for size in (3, 10_000):
        assert read(split(CODECS[coding](b"page") + tail, size), coding) == Body(b"page", "whole")


@pytest.mark.parametrize("coding", ["deflate", "DEFLATE", "identity, deflate"])
def test_bare_deflate(coding: str) -> None:
    """Half of the servers that say deflate send it without zlib's header."""
    for size in (1, 10_000):
        assert read(split(bare_deflate(b"page" * 99), size), coding).data == b"page" * 99


def test_deflate_is_told_by_two_bytes() -> None:
    """A bare stream that begins like zlib's would be refused if its first byte came alone."""
    body = b"\x88\x47"
    assert {read(split(body, size), "deflate").end for size in (1, 2)} == {"short"}


@pytest.mark.parametrize("size", [1, 3, 10_000])
def test_bytes_after_brotli_are_refused_however_they_come(size: int) -> None:
    """One page would be a page or a failure as the network happens to cut it."""
    with pytest.raises(DecodeError):
        read(split(brotli.compress(b"page" * 99) + b"tail", size), "br")


@pytest.mark.parametrize("coding", ["", "identity", "none", "utf-8", " , "])
def test_no_coding(coding: str) -> None:
    """A plain body would be refused for a header that means nothing."""
    assert read([b"pl", b"ain"], coding) == Body(b"plain", "whole")


@pytest.mark.parametrize("coding", ["compress", "gzip, br, gzip", "gzip\0", "x" * 500])
def test_foreign_codings(coding: str) -> None:
    """Bytes that we cannot read would pass as text."""
    with pytest.raises(DecodeError) as raised:
        read([b"x"], coding)
    assert len(str(raised.value)) < 100


@settings(deadline=None)
@given(st.sampled_from(sorted(CODECS)), st.binary(min_size=1, max_size=300))
def test_garbage_raises_only_ours(coding: str, data: bytes) -> None:
    """A codec's own exception would end the task."""
    with suppress(DecodeError):
        read([data], coding, cap=1_000)


def test_received_bytes_are_limited_too() -> None:
    """A stream that decodes to nothing would be read for ever."""
    data = gzip.compress(b"")[:10] + b"\0\0\0\xff\xff" * 40_000  # empty stored blocks
    assert read(split(data, 10_000), "gzip", cap=100).end == "capped"
