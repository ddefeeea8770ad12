"""The HTTP session of one reader process: who we are, what we accept, how much we take."""

import socket
from collections.abc import Awaitable, Callable

import aiohttp
from yarl import URL

from crawler.fetch.body import ACCEPT_ENCODING
from crawler.fetch.guard import Guard, GuardedResolver
from crawler.model.plan import Plan

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


class BadResponseError(aiohttp.ClientError):
    """A response that aiohttp takes and we do not."""


async def open_session(plan: Plan, guard: Guard) -> tuple[aiohttp.ClientSession, GuardedResolver]:
    """Open a session; the caller closes both that are returned."""
    resolver = GuardedResolver(guard)
    is_direct = plan.proxy is None
    connector = aiohttp.TCPConnector(
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
        middlewares=(_send_once,),
    )
    return session, resolver


async def _send_once(
    request: aiohttp.ClientRequest,
    send: Callable[[aiohttp.ClientRequest], Awaitable[aiohttp.ClientResponse]],
) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending a GET again by itself when its connection breaks.

    It does so at once, whatever the host's delay, and such a request would be in no count.
    """
    try:
        return await send(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise ConnectionLostError(str(error) or type(error).__name__) from error


def _new_socket(addr_info: tuple[object, ...]) -> socket.socket:
    family, kind, proto = addr_info[:3]
    return socket.socket(family=family, type=kind, proto=proto)  # type: ignore[arg-type]
