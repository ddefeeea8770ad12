"""Servers that mean harm: whatever they send ends in the value that says so; real sockets.

What this comes to in a whole crawl is in `tests/e2e/test_hostile.py`.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from crawler.clock import job_clock, new_offset_ms
from crawler.fetch import client
from crawler.fetch.fetcher import Fetcher
from crawler.fetch.protocol import MAX_INTERIM
from crawler.model.result import Failed, Fetched
from tests.support.fault_server import FaultServer, Peer
from tests.support.fetch import make_item, make_plan
from tests.support.hostile import CODINGS, FRAMING, LATE

pytestmark = pytest.mark.component

CAP = 200_000
PROTOCOL, DECODE, TIMEOUT = (None, "protocol"), (None, "decode"), (None, "timeout")
WHOLE, CUT = (200, False), (200, True)

EXPECTED: dict[str, tuple[int | None, object]] = {
    **dict.fromkeys(FRAMING, PROTOCOL),
    "head_folded": WHOLE,
    "no_reason": WHOLE,
    "lines_end_in_lf": WHOLE,
    "chunk_extension": WHOLE,
    "status_999": (999, False),
    "smuggled": WHOLE,
    "smuggled_late": WHOLE,
    "head_drip": TIMEOUT,
    **dict.fromkeys(CODINGS, CUT),
    "many_frames": DECODE,
    "wide_zstd": DECODE,
}


@pytest.fixture
async def server() -> AsyncIterator[FaultServer]:
    async with FaultServer() as running:
        yield running


@pytest.fixture
async def fetcher(request: pytest.FixtureRequest) -> AsyncIterator[Fetcher]:
    # What only the time-out ends should not take long; all else ends before it on any machine.
    is_drip = "drip" in request.node.name
    plan = make_plan(retries=0, timeout_ms=1_000 if is_drip else 60_000, max_body_bytes=CAP)
    fetcher = Fetcher(plan, job_clock(new_offset_ms()))
    await fetcher.open()
    yield fetcher
    await fetcher.close()


@pytest.mark.parametrize("name", [*FRAMING, *CODINGS])
async def test_each_misbehaviour_has_its_outcome(
    server: FaultServer, fetcher: Fetcher, name: str
) -> None:
    """It would raise, hang, fill memory, or pass for a good page."""
    async with asyncio.timeout(90):
        result = await fetcher.fetch(make_item(server.url(f"/{name}")))
    found: tuple[Any, Any]
    if isinstance(result, Failed):
        found = (None, result.error)
        assert result.detail.isprintable()
    else:
        assert isinstance(result, Fetched)
        found = (result.status, result.truncated)
        assert len(result.body) <= CAP
    assert found == EXPECTED[name] or (name in LATE and found == CUT), result
    assert server.paths() == [f"/{name}"]


@pytest.mark.parametrize("name", ["smuggled", "smuggled_late"])
async def test_a_second_response_is_no_answer_to_the_next_request(
    server: FaultServer, fetcher: Fetcher, name: str
) -> None:
    """A page would be recorded with the text of another one."""
    answered = asyncio.Event()

    async def both(peer: Peer) -> None:
        await FRAMING[name](peer)
        answered.set()

    server.on(f"/{name}", both)
    first = await fetcher.fetch(make_item(server.url(f"/{name}")))
    await answered.wait()
    await fetcher.fetch(make_item(server.url("/empty-gzip", "localhost")))  # what came is read
    second = await fetcher.fetch(make_item(server.url("/ok")))
    assert isinstance(first, Fetched)
    assert isinstance(second, Fetched)
    assert first.body == b"hello"
    assert b"fault" in second.body


async def test_responses_that_nobody_asked_for_end_the_connection(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server would fill memory on a connection that we keep: 130 MB a second."""
    monkeypatch.setattr(client, "_KEEPALIVE_S", 3600.0)
    fetcher = Fetcher(make_plan(retries=0), job_clock(new_offset_ms()))
    await fetcher.open()
    one = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
    sent = 0
    over = asyncio.Event()

    async def pump(peer: Peer) -> None:
        nonlocal sent
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
        await asyncio.sleep(0.02)  # so that the connection is idle by then
        try:
            while True:
                await peer.send(one * 1_000)
                sent += len(one) * 1_000
        finally:
            over.set()

    server.on("/pump", pump)
    result = await fetcher.fetch(make_item(server.url("/pump")))
    assert isinstance(result, Fetched)
    async with asyncio.timeout(60):
        await over.wait()
    await fetcher.close()
    assert sent < 50_000_000


@pytest.mark.parametrize(("hints", "is_fetched"), [(2, True), (MAX_INTERIM + 1, False)])
async def test_early_hints_are_bounded(
    server: FaultServer, fetcher: Fetcher, hints: int, is_fetched: bool
) -> None:
    """Hints without end keep a reader busy until the time-out; a few are what servers send."""

    async def answer(peer: Peer) -> None:
        await peer.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * hints)
        await peer.answer(200, b"hello")

    server.on("/hints", answer)
    result = await fetcher.fetch(make_item(server.url("/hints")))
    assert isinstance(result, Fetched) is is_fetched
