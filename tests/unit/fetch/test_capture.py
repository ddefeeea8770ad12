"""What is taken down of an exchange, and what is left out."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from yarl import URL

from crawler.fetch.body import Body
from crawler.fetch.capture import Capturing
from crawler.fetch.client import Sending
from crawler.model.site import Site
from tests.support.fetch import make_plan


def exchange(*received: tuple[bytes, bytes], reason: str | None = "OK", **sent: str) -> Any:
    return SimpleNamespace(
        method="GET",
        url=URL("http://h/a%20b?q=1#no"),
        version=SimpleNamespace(major=1, minor=0),
        status=200,
        reason=reason,
        raw_headers=received,
        request_info=SimpleNamespace(
            headers={name.replace("_", "-"): v for name, v in sent.items()}
        ),
    )


def capture(response: Any, *, end: Any = "whole", **plan: Any) -> Any:
    sending = Sending(lambda: 0)
    sending.peer = "192.0.2.1"
    return Capturing(make_plan(store="warc", **plan)).capture(
        cast("Any", response), sending, Body(b"body", end)
    )


def test_lines_are_as_they_went() -> None:
    found = capture(exchange(Host="h"))
    assert found.request_line == "GET /a%20b?q=1 HTTP/1.1"
    assert found.status_line == "HTTP/1.0 200 OK"
    assert (found.peer, found.cut, found.body) == ("192.0.2.1", None, b"body")


def test_what_a_person_gave_is_not_kept() -> None:
    """The values of a crawl's own headers may be keys to what others must not see."""
    site = Site(match="h", headers=(("X-Key", "secret"),))
    sent = {
        "Host": "h",
        "authorization": "secret",
        "Cookie": "secret",
        "Proxy_Authorization": "secret",
        "X_Given": "secret",
        "x_key": "secret",
        "If_None_Match": '"1"',
    }
    found = capture(exchange(**sent), headers=(("x-given", "secret"),), sites=(site,))
    headers = dict(found.request_headers)
    assert "secret" not in headers.values()
    assert (headers["Host"], headers["If-None-Match"], headers["X-Given"]) == ("h", '"1"', "***")


def test_cookies_and_credentials_that_came_are_not_kept() -> None:
    """A session that a site opened for us is open to whoever reads its cookie."""
    found = capture(
        exchange(
            (b"SET-COOKIE", b"id=secret; Path=/"),
            (b"Location", b"http://u:secret@h/"),
            (b"X-Odd", b"a\r\n b\x00"),
        )
    )
    assert found.response_headers == (
        (b"SET-COOKIE", b"id=***"),
        (b"Location", b"http://***@h/"),
        (b"X-Odd", b"a  b "),
    )


def test_no_header_makes_a_line_of_its_own() -> None:
    """A reason phrase with a line break would begin a header that the server never sent."""
    assert capture(exchange(reason="Fine\r\nX: y")).status_line == "HTTP/1.0 200 Fine X: y"
    assert capture(exchange(reason=None)).status_line == "HTTP/1.0 200"


@pytest.mark.parametrize(
    ("end", "cut"),
    [
        ("capped", "length"),
        ("short", "unspecified"),
        ("broken", "disconnect"),
        ("late", "time"),
    ],
)
def test_a_cut_body_says_why(end: str, cut: str) -> None:
    assert capture(exchange(), end=end).cut == cut


def test_behind_a_proxy_the_address_is_unknown() -> None:
    """That of the proxy is not where the page came from."""
    assert capture(exchange(), proxy="http://p:1").peer is None
