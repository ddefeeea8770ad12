"""The table from aiohttp's exceptions to our failure kinds.

Mocks, because some of these cannot be made to happen on purpose; what real sockets raise is in
`tests/component`.
"""

import socket
import ssl
from typing import Any
from unittest.mock import Mock

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey
from aioresponses import aioresponses
from yarl import URL

from crawler.fetch.client import ConnectionLostError
from crawler.fetch.errors import failure_detail, failure_kind, is_passing, one_line
from crawler.fetch.fetcher import Fetcher
from crawler.fetch.guard import BlockedAddressError
from crawler.fetch.protocol import BadResponseError
from crawler.model.result import Failed, Fetched
from tests.support.fetch import NOW, make_item, make_plan

KEY = ConnectionKey("h", 80, False, True, None, None, None)
REQUEST = Mock(real_url=URL("http://user:secret@h/"))


class MockedResponse(aiohttp.ClientResponse):
    """aioresponses does not know an argument that aiohttp demands."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("stream_writer", Mock(output_size=0))
        super().__init__(*args, **kwargs)


def certificate_error() -> ssl.SSLCertVerificationError:
    return ssl.SSLCertVerificationError(1, "certificate verify failed")


TABLE: list[tuple[BaseException, str]] = [
    (aiohttp.ClientConnectorDNSError(KEY, socket.gaierror(-2, "unknown")), "dns"),
    (aiohttp.ClientConnectorError(KEY, ConnectionRefusedError(111, "refused")), "connect"),
    (aiohttp.ClientConnectorError(KEY, OSError(101, "unreachable")), "connect"),
    (aiohttp.ClientProxyConnectionError(KEY, OSError(111, "refused")), "connect"),
    (aiohttp.ClientHttpProxyError(REQUEST, (), status=502, message="bad gateway"), "connect"),
    (aiohttp.ClientConnectorSSLError(KEY, ssl.SSLError(1, "handshake")), "tls"),
    (aiohttp.ClientConnectorCertificateError(KEY, certificate_error()), "tls"),
    (aiohttp.ServerFingerprintMismatch(b"a", b"b", "h", 443), "tls"),
    (ssl.SSLError(1, "decryption failed"), "tls"),
    (aiohttp.ConnectionTimeoutError("slow"), "timeout"),
    (aiohttp.SocketTimeoutError("slow"), "timeout"),
    (aiohttp.ServerTimeoutError("slow"), "timeout"),
    (TimeoutError(), "timeout"),
    (aiohttp.ServerDisconnectedError(), "reset"),
    (aiohttp.ClientOSError(104, "reset by peer"), "reset"),
    (aiohttp.ClientConnectionResetError("closing transport"), "reset"),
    (aiohttp.ClientConnectionError("connection closed"), "reset"),
    (aiohttp.ClientPayloadError("not completed"), "reset"),
    (ConnectionLostError("gone"), "reset"),
    (ConnectionResetError(104, "reset by peer"), "reset"),
    (aiohttp.ClientResponseError(REQUEST, (), status=400, message="bad\r\nline"), "protocol"),
    (BadResponseError("status 101"), "protocol"),
    (aiohttp.InvalidURL("http://x"), "protocol"),
    (aiohttp.NonHttpUrlClientError("ftp://x"), "protocol"),
    (ValueError("not a URL"), "protocol"),
    (aiohttp.ClientConnectorError(KEY, BlockedAddressError("10.0.0.1")), "blocked_address"),
    (aiohttp.ClientConnectorDNSError(KEY, BlockedAddressError("10.0.0.1")), "blocked_address"),
]


@pytest.mark.parametrize(("error", "kind"), TABLE, ids=lambda v: type(v).__name__)
async def test_exception_becomes_a_kind(error: BaseException, kind: str) -> None:
    """An exception would end the task, or be retried when that cannot help."""
    fetcher = Fetcher(make_plan(retries=0), lambda: NOW)
    await fetcher.open()
    try:
        with aioresponses() as mocked:
            mocked.get("http://h/", exception=error)
            result = await fetcher.fetch(make_item("http://h/"))
    finally:
        await fetcher.close()
    assert isinstance(result, Failed)
    assert result.error == kind
    assert result.detail
    assert result.detail.isprintable()
    assert "secret" not in result.detail


async def test_a_mocked_page_is_fetched() -> None:
    """The table above would prove nothing if a mocked call never reached our code."""
    fetcher = Fetcher(make_plan(), lambda: NOW)
    await fetcher.open()
    try:
        with aioresponses() as mocked:
            mocked.get(
                "http://h/",
                body=b"<a href=/b>b</a>",
                headers={"Content-Type": "text/html"},
                response_class=MockedResponse,
            )
            result = await fetcher.fetch(make_item("http://h/"))
    finally:
        await fetcher.close()
    assert isinstance(result, Fetched)
    assert (result.status, result.body) == (200, b"<a href=/b>b</a>")
    assert result.headers["content-type"] == "text/html"


async def test_other_exceptions_are_ours() -> None:
    """A bug of ours would be booked as a fault of the site."""
    fetcher = Fetcher(make_plan(retries=0), lambda: NOW)
    await fetcher.open()
    try:
        with aioresponses() as mocked:
            mocked.get("http://h/", exception=KeyError("bug"))
            with pytest.raises(KeyError):
                await fetcher.fetch(make_item("http://h/"))
    finally:
        await fetcher.close()


def test_unknown_exception_is_protocol() -> None:
    """A new exception of the library would have no word."""
    assert failure_kind(aiohttp.ClientError("new")) == "protocol"


def test_detail_is_one_safe_line() -> None:
    """A server's text could move the cursor of whoever reads a log."""
    assert failure_detail(TimeoutError()) == "TimeoutError"
    text = one_line("a\x1b[2Jb\r\n\u202ec\ud800" + "x" * 1_000)
    assert text.isprintable()
    assert text.startswith("a\\x1b[2Jb\\r\\n\\u202ec\\ud800xxx")
    assert len(text) <= 300


def test_a_failed_look_up_is_not_an_unknown_name() -> None:
    """A resolver out of order would look like a name that nobody has."""
    again = aiohttp.ClientConnectorDNSError(KEY, socket.gaierror(socket.EAI_AGAIN, "later"))
    unknown = aiohttp.ClientConnectorDNSError(KEY, socket.gaierror(socket.EAI_NONAME, "unknown"))
    assert is_passing(again)
    assert not is_passing(unknown)
    assert not is_passing(aiohttp.ClientConnectorError(KEY, ConnectionRefusedError(111, "no")))
