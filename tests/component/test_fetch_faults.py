"""Every misbehaviour of a server ends in the value that says so; real sockets."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from crawler.clock import job_clock, new_offset_ms
from crawler.fetch.fetcher import Fetcher
from crawler.model.result import Failed, Fetched, FetchResult
from tests.support.fault_server import PAGE, FaultServer
from tests.support.fetch import make_item, make_plan

pytestmark = pytest.mark.component


@pytest.fixture
async def server() -> AsyncIterator[FaultServer]:
    async with FaultServer() as running:
        yield running


async def fetch(server: FaultServer, path: str, **plan: Any) -> FetchResult:
    # What only the time-out ends should not take long; all else ends before it on any machine.
    ends_late = path in ("/silent", "/slow-headers", "/drip")
    plan = {"retries": 0, "timeout_ms": 1_000 if ends_late else 60_000, **plan}
    fetcher = Fetcher(make_plan(**plan), job_clock(new_offset_ms()))
    await fetcher.open()
    try:
        async with asyncio.timeout(90):
            return await fetcher.fetch(make_item(server.url(path)))
    finally:
        await fetcher.close()


WHOLE = [
    "ok",
    "until-close",
    "early-hints",
    "gzip",
    "x-gzip",
    "br",
    "zstd",
    "deflate",
    "bare-deflate",
    "gzip-gzip",
    "gzip-br",
    "two-members",
    "two-frames",
    "gzip-padded",
    "identity",
]


@pytest.mark.parametrize("path", WHOLE)
async def test_a_good_body_comes_whole(server: FaultServer, path: str) -> None:
    """A coding that we offer, or two of them, would come through undecoded or flagged."""
    result = await fetch(server, "/" + path)
    assert isinstance(result, Fetched)
    assert (result.status, result.body, result.truncated) == (200, PAGE, False)


FAILURES = {
    "bad-gzip": "decode",
    "not-gzip": "decode",
    "bad-br": "decode",
    "bad-zstd": "decode",
    "bad-checksum": "decode",
    "three-codings": "decode",
    "unknown-coding": "decode",
    "many-members": "decode",
    "bomb-to-nothing": "decode",
    "reset": "reset",
    "hang-up": "reset",
    "no-body": "reset",
    "bad-chunk": "protocol",
    "bad-chunk-alone": "protocol",
    "silent": "timeout",
    "slow-headers": "timeout",
    "header-bomb": "protocol",
    "header-count": "protocol",
    "header-total": "protocol",
    "two-lengths": "protocol",
    "not-http": "protocol",
    "switching": "protocol",
}


@pytest.mark.parametrize(("path", "error"), FAILURES.items())
async def test_a_bad_answer_is_named(server: FaultServer, path: str, error: str) -> None:
    """A broken response would pass as a page, raise, or hang."""
    result = await fetch(server, "/" + path)
    assert isinstance(result, Failed), result
    assert result.error == error
    assert result.detail.isprintable()
    assert result.attempts == 1
    assert server.paths() == ["/" + path]


CUT = [
    *("half-body", "half-body-reset", "half-chunked", "late-bad-chunk"),
    *("cut-gzip", "cut-gzip-close", "cut-br", "cut-zstd", "cut-deflate"),
]


@pytest.mark.parametrize("path", CUT)
async def test_a_body_that_ends_early_is_flagged(server: FaultServer, path: str) -> None:
    """A part of a page would pass as the page (aiohttp lets a cut gzip pass in silence)."""
    result = await fetch(server, "/" + path)
    assert isinstance(result, Fetched)
    assert result.truncated
    assert len(result.body) < len(PAGE)


async def test_nonsense_after_the_end_of_a_chunk_is_no_time_out(server: FaultServer) -> None:
    """A body would be waited for until the time-out, and the page not be tried again."""
    result = await fetch(server, "/bad-chunk-after-end", retries=1)
    assert isinstance(result, Fetched)
    assert (result.body, result.truncated, len(server.requests)) == (b"hello", True, 2)


async def test_a_cut_error_page_keeps_its_status(server: FaultServer) -> None:
    """A 404 whose text was cut would be retried and recorded as a network error."""
    result = await fetch(server, "/half-not-found", retries=3)
    assert isinstance(result, Fetched)
    assert (result.status, result.truncated, len(server.requests)) == (404, True, 1)


async def test_a_drip_ends_with_the_total_time(server: FaultServer) -> None:
    """A server that sends a byte now and then would hold a task for ever."""
    result = await fetch(server, "/drip", retries=3)
    assert isinstance(result, Fetched)
    assert result.truncated
    assert result.body.strip(b"x") == b""
    assert result.elapsed_ms >= 300
    assert len(server.requests) == 1  # what came is kept, the host is not asked to do it again


BIG = ["endless", "bomb-gzip", "bomb-br", "bomb-zstd", "bomb-nested"]


@pytest.mark.parametrize("path", BIG)
async def test_a_body_is_cut_at_the_cap_after_decoding(server: FaultServer, path: str) -> None:
    """Fifty megabytes, or endless ones, would be held in memory for some bytes received."""
    result = await fetch(server, "/" + path, max_body_bytes=200_000)
    assert isinstance(result, Fetched)
    assert (len(result.body), result.truncated) == (200_000, True)


@pytest.mark.parametrize("path", ["ok", "gzip", "br", "zstd"])
@pytest.mark.parametrize("spare", [0, -1])
async def test_a_body_of_just_the_cap_is_whole(server: FaultServer, path: str, spare: int) -> None:
    """One byte too many or too few at the limit."""
    result = await fetch(server, "/" + path, max_body_bytes=len(PAGE) + spare)
    assert isinstance(result, Fetched)
    assert (len(result.body), result.truncated) == (len(PAGE) + spare, spare < 0)


async def test_an_empty_coded_body_is_whole(server: FaultServer) -> None:
    """Servers name a coding for an empty body; that is not a cut one."""
    result = await fetch(server, "/empty-gzip")
    assert isinstance(result, Fetched)
    assert (result.body, result.truncated) == (b"", False)


async def test_bytes_beyond_the_length_are_not_body(server: FaultServer) -> None:
    """A lying Content-Length would leave bytes that the next response would begin with."""
    fetcher = Fetcher(make_plan(retries=0), job_clock(new_offset_ms()))
    await fetcher.open()
    try:
        first = await fetcher.fetch(make_item(server.url("/short-length")))
        second = await fetcher.fetch(make_item(server.url("/ok")))
    finally:
        await fetcher.close()
    assert isinstance(first, Failed)  # the parser will not have it, as in CL smuggling
    assert first.error == "protocol"
    assert isinstance(second, Fetched)
    assert second.body == PAGE
    assert server.connections == 2


async def test_headers_are_lower_case_joined_and_text(server: FaultServer) -> None:
    """A repeated header would lose a value; a byte that is no UTF-8 would be a lone surrogate."""
    cookies = await fetch(server, "/cookies")
    names = await fetch(server, "/latin-header")
    assert isinstance(cookies, Fetched)
    assert isinstance(names, Fetched)
    assert cookies.headers["set-cookie"] == "a=1, b=2"
    assert (names.headers["x-name"], names.headers["x-utf"]) == ("café", "café")
