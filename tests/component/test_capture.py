"""What is kept of exchanges with a server that misbehaves; real sockets."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from crawler.clock import job_clock, new_offset_ms
from crawler.fetch.fetcher import Fetcher
from crawler.model.result import Failed, Fetched, FetchResult, Redirected
from tests.support.fault_server import PAGE, FaultServer
from tests.support.fetch import make_item, make_plan


@pytest.fixture
async def server() -> AsyncIterator[FaultServer]:
    async with FaultServer() as running:
        yield running


async def fetch(server: FaultServer, path: str, **plan: Any) -> FetchResult:
    plan = {"retries": 0, "store": "warc", **plan}
    fetcher = Fetcher(make_plan(**plan), job_clock(new_offset_ms()))
    await fetcher.open()
    try:
        async with asyncio.timeout(60):
            return await fetcher.fetch(make_item(server.url(path)))
    finally:
        await fetcher.close()


@pytest.mark.parametrize(
    ("path", "cut"),
    [
        ("/ok", None),
        ("/gzip", None),
        ("/gzip-br", None),
        ("/until-close", None),
        ("/endless", "length"),
        ("/half-body", "disconnect"),
        ("/half-chunked", "disconnect"),
        ("/drip", "time"),
    ],
)
async def test_the_body_is_the_one_of_the_record(
    server: FaultServer, path: str, cut: str | None
) -> None:
    """Hash and text are of one body: the archive must hold that, and say what is missing."""
    plan = {"timeout_ms": 1_000} if path == "/drip" else {}
    result = await fetch(server, path, **plan)
    assert isinstance(result, Fetched)
    assert result.capture is not None
    assert result.capture.body == result.body
    assert result.capture.cut == cut
    assert result.truncated == (cut is not None)
    if cut is None:
        assert result.body == PAGE
    assert result.capture.peer == "127.0.0.1"
    assert result.capture.status_line.split()[1] == "200"
    assert ("Host", server.host) in result.capture.request_headers


async def test_a_redirect_is_kept_with_its_body(server: FaultServer) -> None:
    """The hop is an exchange like any other."""

    async def moved(peer: Any) -> None:
        await peer.send(b"HTTP/1.1 301 Moved\r\nLocation: /ok\r\nContent-Length: 5\r\n\r\nmoved")

    server.on("/moved", moved)
    result = await fetch(server, "/moved")
    assert isinstance(result, Redirected)
    assert result.capture is not None
    assert (result.capture.body, result.capture.status_line) == (b"moved", "HTTP/1.1 301 Moved")


async def test_nothing_is_kept_of_a_failure_or_where_nobody_asked(server: FaultServer) -> None:
    """Off must cost nothing; and half an answer is no exchange."""
    failed = await fetch(server, "/reset")
    assert isinstance(failed, Failed)
    assert failed.capture is None
    plain = await fetch(server, "/ok", store="none")
    assert isinstance(plain, Fetched)
    assert plain.capture is None
