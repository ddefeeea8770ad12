"""The one table from what aiohttp raises to our failure kinds."""

import asyncio
import socket
import ssl

import aiohttp

from crawler.fetch.body import DecodeError
from crawler.fetch.client import ConnectionLostError
from crawler.fetch.guard import BlockedAddressError
from crawler.fetch.protocol import BadResponseError
from crawler.model.result import FailureKind

CAUGHT = (
    aiohttp.ClientError,
    DecodeError,
    OSError,
    TimeoutError,
    asyncio.TimeoutError,
    ValueError,  # of a URL that yarl or idna cannot take
    RuntimeError,  # aiohttp's stream on a connection that is gone
)
"""All that a try may raise for a fault of a site or of the network."""

_MAX_DETAIL = 300

# First match wins: the more special before the more general.
_TABLE: tuple[tuple[type[BaseException], FailureKind], ...] = (
    (BlockedAddressError, "blocked_address"),
    (DecodeError, "decode"),
    (ssl.SSLError, "tls"),
    (ssl.CertificateError, "tls"),
    (aiohttp.ClientSSLError, "tls"),
    (aiohttp.ServerFingerprintMismatch, "tls"),
    (aiohttp.ClientConnectorDNSError, "dns"),
    (asyncio.TimeoutError, "timeout"),  # connection and socket timeouts too
    (aiohttp.ClientHttpProxyError, "connect"),
    (aiohttp.ClientConnectorError, "connect"),
    (ConnectionLostError, "reset"),
    (BadResponseError, "protocol"),
    (aiohttp.ServerDisconnectedError, "reset"),
    (aiohttp.ClientPayloadError, "reset"),
    (aiohttp.ClientResponseError, "protocol"),
    (aiohttp.InvalidURL, "protocol"),
    (aiohttp.NonHttpUrlClientError, "protocol"),
    (aiohttp.ClientConnectionError, "reset"),
    (OSError, "reset"),
    (RuntimeError, "reset"),
)


def failure_kind(error: BaseException) -> FailureKind:
    """Name what went wrong; `protocol` for what no row of the table knows."""
    causes = [error]
    inner = getattr(error, "os_error", None)
    if isinstance(inner, BaseException):
        causes.insert(0, inner)
    if any(isinstance(cause, BlockedAddressError) for cause in causes):
        return "blocked_address"
    for kind_of, kind in _TABLE:
        if isinstance(error, kind_of):
            return kind
    return "protocol"


def is_passing(error: BaseException) -> bool:
    """Whether it was the look-up of the name that failed, which says nothing about the name."""
    inner = getattr(error, "os_error", None)
    return isinstance(inner, socket.gaierror) and inner.errno == socket.EAI_AGAIN


def failure_detail(error: BaseException) -> str:
    """Return one line for a person, control characters escaped, no address of ours in it."""
    text = str(error) or type(error).__name__
    if isinstance(error, aiohttp.ClientResponseError):
        # Its own text repeats the URL.
        text = error.message or type(error).__name__
    return one_line(text)


def one_line(text: str) -> str:
    """Escape what is not printable and cut what is long."""
    text = text[:_MAX_DETAIL]
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)[
        :_MAX_DETAIL
    ]
