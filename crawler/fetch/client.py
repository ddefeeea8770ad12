"""The HTTP session of one reader process: who we are, what we accept, how much we take."""

import socket
from collections.abc import Awaitable, Callable

import aiohttp
from aiohttp.connector import Connection
from yarl import URL

from crawler.fetch.body import ACCEPT_ENCODING
from crawler.fetch.connection import Connector
from crawler.fetch.guard import Guard, GuardedResolver
from crawler.model.plan import Plan
from crawler.ports import Now

ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
MAX_HEADERS = 200
MAX_HEADER_BYTES = 65_536
"""Of all headers of a response together."""

_MAX_FIELD_BYTES = 32_768
_KEEPALIVE_S = 4.0
"""Below the 5 s of common servers, so that we rarely write into a connection they are closing."""

_DNS_TTL_S = 60
_DNS_NAMES = 10_000


class ConnectionLostError(aiohttp.ClientError):
    """The connection broke before a response came, on a request that was sent."""


class Sending:
    """The sending of one request: a middleware that keeps count, for one call of the session."""

    __slots__ = ("_now", "_with_peer", "at", "peer")

    def __init__(self, now: Now, *, with_peer: bool = False) -> None:
        self._now = now
        self._with_peer = with_peer
        self.at: int | None = None
        """When the request was sent; None: it was not, or only the connection was tried.

        The host's delay counts from here. Counted from before a slow connect, or from before a wait
        for the CPU, two requests would be closer at the server than the delay.
        """
        self.peer: str | None = None
        """IP address at the other end of the connection, where it was asked for."""

    def begin(self, connection: Connection) -> None:
        """Note the time: a connection is there, and the request goes out now."""
        self.at = self._now()
        # A short response gives its connection back before anybody could ask it.
        if self._with_peer and connection.transport is not None:
            address = connection.transport.get_extra_info("peername")
            self.peer = address[0] if address else None

    def end(self) -> None:
        """Note the time again: the request has gone out."""
        self.at = self._now()

    async def __call__(
        self,
        request: aiohttp.ClientRequest,
        send: Callable[[aiohttp.ClientRequest], Awaitable[aiohttp.ClientResponse]],
    ) -> aiohttp.ClientResponse:
        """Send once.

        aiohttp by itself sends a GET again when its connection breaks: at once, whatever the host's
        delay, and in nobody's count. Another exception keeps it from that.
        """
        if isinstance(request, _TimedRequest):
            request.sending = self
        try:
            return await send(request)
        except aiohttp.ClientConnectorError:
            raise
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
            raise ConnectionLostError(str(error) or type(error).__name__) from error


class _TimedRequest(aiohttp.ClientRequest):
    """Tells its `Sending` when a connection is there, and when it has gone out."""

    sending: Sending | None = None

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        if self.sending is None:
            return await super().send(conn)
        self.sending.begin(conn)
        response = await super().send(conn)
        self.sending.end()
        return response


async def open_session(plan: Plan, guard: Guard) -> tuple[aiohttp.ClientSession, GuardedResolver]:
    """Open a session; the caller closes both that are returned."""
    resolver = GuardedResolver(guard)
    is_direct = plan.proxy is None
    connector = Connector(
        limit=plan.concurrency,
        limit_per_host=0,  # what runs side by side is decided before an item gets here
        keepalive_timeout=_KEEPALIVE_S,
        resolver=resolver if is_direct else None,
        socket_factory=guard.new_socket if is_direct else _new_socket,
        ttl_dns_cache=_DNS_TTL_S,
        dns_cache_max_size=_DNS_NAMES,
    )
    session = aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={
            "User-Agent": plan.user_agent,
            "Accept": ACCEPT,
            "Accept-Encoding": ACCEPT_ENCODING,
        },
        timeout=aiohttp.ClientTimeout(
            total=plan.timeout_ms / 1000,
            connect=plan.connect_timeout_ms / 1000,
        ),
        proxy=None if plan.proxy is None else URL(plan.proxy),
        trust_env=False,
        auto_decompress=False,  # see crawler.fetch.body
        max_line_size=_MAX_FIELD_BYTES,
        max_field_size=_MAX_FIELD_BYTES,
        max_headers=MAX_HEADERS,
        request_class=_TimedRequest,
    )
    return session, resolver


def _new_socket(addr_info: tuple[object, ...]) -> socket.socket:
    family, kind, proto = addr_info[:3]
    return socket.socket(family=family, type=kind, proto=proto)  # type: ignore[arg-type]
