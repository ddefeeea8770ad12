"""Raw HTTP answers through the real fetcher and aiohttp's parser, the network left out.

The first byte says in how many pieces the answer comes; the rest is what the server sends before
it closes.
"""

import asyncio
import logging
from typing import Any

import aiohttp

from crawler.fetch.client import MAX_HEADER_BYTES
from crawler.fetch.fetcher import Fetcher
from crawler.fetch.protocol import BodyTellingHandler
from crawler.fetch.robots import RobotsFetcher
from crawler.model.result import Failed, Fetched, Redirected
from tests.fuzz import page
from tests.support.fetch import NOW

# Broken answers are what this is about; a faulty finish of one is reported by the checks.
logging.getLogger("asyncio").setLevel(logging.CRITICAL)


class _Wire(asyncio.Transport):
    """Answers the first bytes that are written with all it has, then closes."""

    def __init__(self, protocol: BodyTellingHandler, pieces: list[bytes]) -> None:
        super().__init__()
        self._protocol = protocol
        self._pieces = pieces
        self._started = False
        self._open = True

    def write(self, data: Any) -> None:
        if not self._started:
            self._started = True
            asyncio.get_running_loop().call_soon(self._feed)

    def _feed(self) -> None:
        if not self._open:
            return
        if self._pieces:
            self._protocol.data_received(self._pieces.pop(0))
            asyncio.get_running_loop().call_soon(self._feed)
        else:
            self._protocol.eof_received()
            self.close()

    def close(self) -> None:
        if self._open:
            self._open = False
            asyncio.get_running_loop().call_soon(self._protocol.connection_lost, None)

    def abort(self) -> None:
        self.close()

    def is_closing(self) -> bool:
        return not self._open

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default


class _Connector(aiohttp.BaseConnector):
    """Connects to nothing but the input."""

    allowed_protocol_schema_set = frozenset({"http", "https"})

    def __init__(self, pieces: list[bytes]) -> None:
        super().__init__(force_close=True)
        self._pieces = pieces

    async def _create_connection(self, req: Any, traces: Any, timeout: Any) -> BodyTellingHandler:
        protocol = BodyTellingHandler(loop=asyncio.get_running_loop())
        protocol.connection_made(_Wire(protocol, self._pieces))
        return protocol


def check(data: bytes) -> None:
    answer = data[1:]
    count = data[0] % 8 + 1 if data else 1
    size = max(-(-len(answer) // count), 1)
    pieces = [answer[at : at + size] for at in range(0, len(answer), size)]
    _runner().run(_check(pieces))


_RUNNERS: list[asyncio.Runner] = []


def _runner() -> asyncio.Runner:
    """Return one event loop for all inputs: making one costs more than an answer."""
    if not _RUNNERS:
        _RUNNERS.append(asyncio.Runner())
    return _RUNNERS[0]


async def _check(pieces: list[bytes]) -> None:
    fetcher = Fetcher(page.PLAN, lambda: NOW)
    await fetcher.open()
    session = fetcher._session
    real = session._connector
    session._connector = _Connector(pieces)
    try:
        tried = await fetcher.try_once(page.URL)
    finally:
        await fetcher.close()
        if real is not None:
            await real.close()
    result = tried.result
    if not isinstance(result, Failed):
        _check_headers(result)
    if isinstance(result, Fetched):
        assert len(result.body) <= page.PLAN.max_body_bytes
        # The same answer as a robots.txt: rules only of a whole 2xx, nothing allowed by a fault.
        rules = RobotsFetcher(fetcher, page.PLAN, lambda: NOW)._judge(page.ITEM, result)
        is_cut = result.truncated and 200 <= result.status < 300
        if is_cut or result.status == 429 or result.status >= 500:
            assert rules.verdict == "defer"
    if isinstance(result, Failed):
        assert result.detail.isprintable()
        assert result.error not in {"connect", "dns", "blocked_address", "tls"}
    page.settle(result)
    page.check_next_try(result, cut=tried.cut)


def _check_headers(result: Fetched | Redirected) -> None:
    assert 200 <= result.status <= 999
    size = 0
    for name, value in result.headers.items():
        assert name == name.lower()
        assert not set(value) & {"\r", "\n", "\0"}
        value.encode()
        size += len(name) + len(value)
    assert size <= 2 * MAX_HEADER_BYTES
