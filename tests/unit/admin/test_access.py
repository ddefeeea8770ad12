"""Who is let in: by table."""

from typing import Any

import pytest

from crawler.admin.access import COOKIE, Access

TOKEN = "correct-horse-battery"


def _ask(access: Access, path: str = "/metrics", **changes: Any) -> int:
    """Return the status that a request gets instead of an answer; 200: it is let in."""
    asked = {
        "method": "GET",
        "path": path,
        "query": "",
        "host": "127.0.0.1:8080",
        "authorization": None,
        "cookies": {},
    } | changes
    refusal = access.refusal(**asked)
    return 200 if refusal is None else refusal.status


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8080", 200),
        ("127.0.0.1", 200),
        ("localhost:9999", 200),  # a tunnel ends on another port
        ("LOCALHOST", 200),
        ("127.8.8.8:1", 200),
        ("[::1]:8080", 200),
        ("evil.example", 421),
        ("evil.example:8080", 421),
        ("localhost.evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("192.168.0.7:8080", 421),
        ("", 421),
        (None, 421),
    ],
)
def test_without_a_token_the_name_must_be_this_machines(host: str | None, status: int) -> None:
    """A page of a stranger could read all through a name that it lets resolve to 127.0.0.1."""
    assert _ask(Access(None), host=host) == status
    assert _ask(Access(None), "/healthz", host=host) == 200


@pytest.mark.parametrize(
    "method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT"]
)
@pytest.mark.parametrize("token", [None, TOKEN])
def test_nothing_can_be_changed(method: str, token: str | None) -> None:
    for path in ("/", "/healthz", "/api/state"):
        assert _ask(Access(token), path, method=method, authorization=f"Bearer {TOKEN}") == 405


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, 401),
        ({"authorization": f"Bearer {TOKEN}"}, 200),
        ({"authorization": f"bearer {TOKEN}"}, 200),
        ({"authorization": "Bearer wrong-wrong"}, 401),
        ({"authorization": f"Basic {TOKEN}"}, 401),
        ({"authorization": TOKEN}, 401),
        ({"authorization": "Bearer "}, 401),
        ({"authorization": "Bearer \udce9\u1234"}, 401),
        ({"query": "token=wrong"}, 401),
        ({"query": "token="}, 401),
        ({"cookies": {COOKIE: TOKEN}}, 401),  # the token itself is no session
        ({"cookies": {COOKIE: ""}}, 401),
        ({"host": "evil.example", "authorization": f"Bearer {TOKEN}"}, 200),
    ],
)
def test_a_token_is_asked_for(changes: dict[str, Any], status: int) -> None:
    for path in ("/", "/metrics", "/api/state", "/api/hosts/a.example", "/dashboard.js", "/x"):
        assert _ask(Access(TOKEN), path, **changes) == status


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_need_no_token(path: str) -> None:
    assert _ask(Access(TOKEN), path) == 200
    assert _ask(Access(TOKEN), path + "/") == 401
    assert _ask(Access(TOKEN), path, host=None) == 200


def test_a_browser_logs_in_once() -> None:
    """The token leaves the address bar; the cookie is not the token, and lets in."""
    access = Access(TOKEN)
    refusal = access.refusal(
        method="GET",
        path="/",
        query=f"a=1&token={TOKEN}&b=2%263",
        host="crawler.example",
        authorization=None,
        cookies={},
    )
    assert refusal is not None
    assert (refusal.status, refusal.headers["Location"]) == (303, "/?a=1&b=2%263")
    cookie = refusal.headers["Set-Cookie"]
    assert TOKEN not in cookie
    assert TOKEN.encode() not in refusal.body
    name, _, rest = cookie.partition("=")
    value, *flags = rest.split("; ")
    assert name == COOKIE
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} == set(flags)
    assert _ask(access, "/api/state", cookies={COOKIE: value}) == 200
    assert _ask(Access("another-token"), cookies={COOKIE: value}) == 401


@pytest.mark.parametrize("path", ["//evil.example/", "///x", "/\\evil.example"])
def test_the_way_back_stays_here(path: str) -> None:
    """A path that a browser takes for another host would send people there after the login."""
    refusal = Access(TOKEN).refusal(
        method="GET",
        path=path,
        query=f"token={TOKEN}",
        host="crawler.example",
        authorization=None,
        cookies={},
    )
    assert refusal is not None
    assert refusal.headers.get("Location", "/") == "/"
