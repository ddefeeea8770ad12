"""The admin server: aiohttp's HTTP on our door, one request for each connection.

A connection has a few seconds for its request and a minute for all of it, then it is cut: neither
slow senders nor slow readers hold anything for longer.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from crawler.admin.access import HEADERS, Access
from crawler.admin.answer import Answer, text_answer
from crawler.admin.door import Door
from crawler.admin.hosts import Hosts
from crawler.admin.metrics import Disks, Metrics
from crawler.admin.routes import Routes
from crawler.admin.store import Store
from crawler.admin.watch import Watch
from crawler.logs import get_logger
from crawler.ports import Frontier, Now

HEAD_S = 5.0
"""From the connection to the end of the request's head."""
WHOLE_S = 60.0
_CHUNK_BYTES = 65_536
_LINE_BYTES = 4096
_FIELD_BYTES = 4096
_MOST_FIELDS = 64
_CLOSE_S = 1.0


class AdminOrders(NamedTuple):
    """What a server is to serve, and where."""

    address: str
    """HOST:PORT."""
    token: str | None
    disks: Disks
    ships: bool
    """Whether sealed parts are handed to a command."""
    patience_ms: int
    now: Now
    open_store: Callable[[], Awaitable[Frontier]]


class AdminServer:
    """`open` before the readers are launched, `close` when all else has ended."""

    def __init__(self, orders: AdminOrders) -> None:
        self._host, _, port = orders.address.rpartition(":")
        self._port = int(port)
        self.watch = Watch(orders.now, patience_ms=orders.patience_ms)
        self._store = Store(orders.open_store)
        self._routes = Routes(
            self.watch,
            orders.disks,
            hosts=Hosts(self._store, orders.now),
            metrics=Metrics(self.watch, self._store, orders.disks, ships=orders.ships),
        )
        self._access = Access(orders.token)
        self._server = _Connections(
            self._serve,
            access_log=None,
            logger=_Quiet("crawler.admin.http"),
            max_line_size=_LINE_BYTES,
            max_field_size=_FIELD_BYTES,
            max_headers=_MOST_FIELDS,
            lingering_time=0,
            keepalive_timeout=WHOLE_S,
        )
        self._door = Door(self._server)
        self._server.left = self._door.left
        self.url = ""

    def open(self) -> str:
        """Listen; return the address as a URL.

        Raises:
            ConfigError: the address cannot be used.
        """
        host, port = self._door.open(self._host, self._port)
        self.url = f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
        get_logger("crawler.admin").info("admin_opened", url=self.url)
        return self.url

    async def close(self) -> None:
        """End all connections and the store's."""
        self._door.close()
        await self._server.shutdown(_CLOSE_S)
        await self._store.close()
        get_logger("crawler.admin").info("admin_closed", url=self.url)

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        self._server.on_request(request.protocol)
        try:
            answer = self._access.refusal(
                method=request.method,
                path=request.rel_url.raw_path,
                query=request.rel_url.raw_query_string,
                host=request.headers.get("Host"),
                authorization=request.headers.get("Authorization"),
                cookies=request.cookies,
            ) or await self._routes.answer(
                request.rel_url.raw_path, request.rel_url.raw_query_string
            )
        except Exception:  # noqa: BLE001 - whoever asks must not end the crawl
            get_logger("crawler.admin").exception("admin_failed", path=request.path)
            answer = text_answer("internal error: the job's log has it", status=500)
        return await _send(request, answer)


class _Connections(web.Server):
    """Cuts connections that take too long."""

    def __init__(self, handler: Any, **options: Any) -> None:
        super().__init__(handler, **options)
        self._cuts: dict[RequestHandler, asyncio.TimerHandle] = {}
        self.left: Callable[[Any], None] = lambda _: None

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        super().connection_made(handler, transport)
        self._cut_after(HEAD_S, handler, transport)

    def connection_lost(self, handler: RequestHandler, exc: BaseException | None = None) -> None:
        super().connection_lost(handler, exc)
        cut = self._cuts.pop(handler, None)
        if cut is not None:
            cut.cancel()
        self.left(handler)

    def on_request(self, handler: Any) -> None:
        """The head has arrived: the answer has its time."""
        if handler in self._cuts and handler.transport is not None:
            self._cuts.pop(handler).cancel()
            self._cut_after(WHOLE_S, handler, handler.transport)

    def _cut_after(
        self, after_s: float, handler: RequestHandler, transport: asyncio.Transport
    ) -> None:
        self._cuts[handler] = asyncio.get_running_loop().call_later(after_s, transport.abort)


class _Quiet(logging.Logger):
    """What clients send wrong is no event of the crawl."""

    def __init__(self, name: str) -> None:
        super().__init__(name, logging.CRITICAL)


async def _send(request: web.BaseRequest, answer: Answer) -> web.StreamResponse:
    """Send in pieces, each once the client has taken those before: the body is never copied."""
    body = answer.body
    headers = {**HEADERS, "Content-Type": answer.content_type, **answer.headers}
    if answer.gzipped is not None and "gzip" in request.headers.get("Accept-Encoding", ""):
        body = answer.gzipped
        headers["Content-Encoding"] = "gzip"
    if answer.gzipped is not None:
        headers["Vary"] = "Accept-Encoding"
    response = web.StreamResponse(status=answer.status, headers=headers)
    response.content_length = len(body)
    response.force_close()
    with contextlib.suppress(ConnectionError):  # gone before it has all: its own affair
        await response.prepare(request)
        if request.method != "HEAD":
            view = memoryview(body)
            for start in range(0, len(body), _CHUNK_BYTES):
                await response.write(view[start : start + _CHUNK_BYTES])
        await response.write_eof()
    return response
