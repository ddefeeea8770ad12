"""Which request carries what for its site alone: on sockets, with TLS and without."""

import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from crawler.clock import job_clock, new_offset_ms
from crawler.fetch.fetcher import Fetcher
from crawler.fetch.robots import RobotsFetcher
from crawler.model.result import Fetched
from crawler.model.site import Cookie, Site
from tests.support.fault_server import FaultServer, Request
from tests.support.fetch import make_item, make_plan

SECRETS: dict[str, Any] = {
    "headers": (("X-Key", "k"),),
    "cookies": (("sid", "s"),),
    "credentials": ("bob", "hunter2"),
}
SENT = {"x-key": "k", "cookie": "sid=s", "authorization": "Basic Ym9iOmh1bnRlcjI="}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    command += " -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    command += f" -keyout {folder}/key.pem -out {folder}/cert.pem"
    try:
        subprocess.run(command.split(), check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("needs openssl to make a certificate")
    return folder


@pytest.fixture
def tls(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """The server's side; the crawler's side trusts it."""
    trusting = ssl.create_default_context(cafile=str(certificate / "cert.pem"))
    monkeypatch.setattr("aiohttp.connector._SSL_CONTEXT_VERIFIED", trusting)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    return context


@asynccontextmanager
async def opened(**changes: Any) -> AsyncIterator[Fetcher]:
    fetcher = Fetcher(make_plan(retries=0, **changes), job_clock(new_offset_ms()))
    await fetcher.open()
    try:
        yield fetcher
    finally:
        await fetcher.close()


def secrets_in(request: Request) -> dict[str, str]:
    return {name: request.headers[name] for name in SENT if name in request.headers}


@pytest.mark.parametrize("plain_http", [False, True])
async def test_secrets_go_over_https_only_unless_said(
    tls: ssl.SSLContext, plain_http: bool
) -> None:
    """A password on the wire, for who wrote no `http://`; the user agent is none."""
    site = Site(match="127.0.0.1:*", plain_http=plain_http, user_agent="Other/1", **SECRETS)
    async with FaultServer(tls=tls) as safe, FaultServer() as plain, opened(sites=(site,)) as one:
        for server in (safe, plain):
            assert isinstance(await one.fetch(make_item(server.url("/ok"))), Fetched)
        (over_tls,), (over_http,) = safe.requests, plain.requests
    assert secrets_in(over_tls) == SENT
    assert secrets_in(over_http) == (SENT if plain_http else {})
    assert over_tls.headers["user-agent"] == over_http.headers["user-agent"] == "Other/1"


async def test_each_port_is_a_site_of_its_own() -> None:
    """Another port is another server, maybe of somebody else."""
    async with FaultServer() as ours, FaultServer() as other, FaultServer() as third:
        sites = (
            Site(match=ours.host, plain_http=True, **SECRETS),
            Site(match=other.host, plain_http=True, headers=(("X-Key", "of the other"),)),
        )
        async with opened(sites=sites) as fetcher:
            for server in (ours, other, third):
                await fetcher.fetch(make_item(server.url("/ok")))
        assert secrets_in(ours.requests[0]) == SENT
        assert secrets_in(other.requests[0]) == {"x-key": "of the other"}
        assert secrets_in(third.requests[0]) == {}
        assert third.requests[0].headers["user-agent"] == make_plan().user_agent


async def test_robots_txt_gets_the_name_and_no_secret() -> None:
    """robots.txt is public: a password for it is one more place where it can leak."""
    async with FaultServer() as server, FaultServer() as target:
        server.on("/robots.txt", {"status": 302, "headers": [("Location", target.url("/rules"))]})
        target.on("/rules", {"body": b"User-agent: *\nDisallow: /x\n"})
        site = Site(match="127.0.0.1:*", plain_http=True, user_agent="Other/1", **SECRETS)
        async with opened(sites=(site,)) as fetcher:
            item = make_item(server.url("/robots.txt"), kind="robots")

            async def reserve(_host: str) -> None:
                return None

            now = job_clock(new_offset_ms())
            rules, _ = await RobotsFetcher(fetcher, make_plan(), now).fetch(item, reserve)
        assert rules.verdict == "rules"
        for request in (server.requests[0], target.requests[0]):
            assert secrets_in(request) == {}
            assert request.headers["user-agent"] == "Other/1"


async def test_the_sites_headers_beat_those_for_all() -> None:
    """Two values of one header: a server may take either."""
    async with FaultServer() as server:
        site = Site(match=server.host, plain_http=True, **SECRETS)
        headers = (("x-KEY", "for all"), ("Cookie", "lang=en"), ("X-Other", "o"))
        async with opened(sites=(site,)) as fetcher:
            await fetcher.fetch(make_item(server.url("/ok")), headers=headers)
        (request,) = server.requests
    assert secrets_in(request) == SENT | {"cookie": "lang=en; sid=s"}
    assert request.headers["x-other"] == "o"


async def test_a_jar_gives_back_what_its_host_set_and_nothing_else() -> None:
    """A login by cookie ends with the first answer that renews it, or is shown to a neighbour."""
    given = [("Set-Cookie", "sid=new; Path=/"), ("Set-Cookie", "b=2; Path=/; Max-Age=60")]
    async with FaultServer() as server, FaultServer() as other, FaultServer() as jarless:
        for one in (server, other, jarless):
            one.on("/set", {"headers": given}, {"status": 302, "headers": [("Location", "/x")]})
        sites = (
            Site(match=server.host, plain_http=True, cookie_jar=True, cookies=(("sid", "old"),)),
            Site(match=other.host, plain_http=True, cookie_jar=True),
            Site(match=jarless.host, plain_http=True, delay_ms=1),
        )
        async with opened(sites=sites) as fetcher:
            for one in (server, jarless):
                await fetcher.fetch(make_item(one.url("/set")))
            for one in (server, other, jarless):
                await fetcher.fetch(make_item(one.url("/ok")))
        assert [r.headers.get("cookie") for r in server.requests] == ["sid=old", "sid=new; b=2"]
        assert [r.headers.get("cookie") for r in other.requests] == [None]
        assert [r.headers.get("cookie") for r in jarless.requests] == [None, None]


async def test_a_jar_that_is_not_for_http_stays_closed_there() -> None:
    """A session that anybody can listen to was not asked for."""
    async with FaultServer() as server:
        server.on("/set", {"headers": [("Set-Cookie", "sid=1")]})
        site = Site(match=server.host, cookie_jar=True)
        async with opened(sites=(site,)) as fetcher:
            for path in ("/set", "/set"):
                await fetcher.fetch(make_item(server.url(path)))
        assert all("cookie" not in request.headers for request in server.requests)


async def test_cookies_of_a_file(tls: ssl.SSLContext) -> None:
    """Each goes where its line says: by scheme, path and time, whatever table there is."""
    lines = [("plain", False, "/"), ("safe", True, "/"), ("deep", False, "/deep")]
    cookies = tuple(Cookie("127.0.0.1", False, p, s, None, n, "1") for n, s, p in lines)
    cookies += (Cookie("127.0.0.1", False, "/", False, 1, "old", "1"),)
    async with (
        FaultServer(tls=tls) as safe,
        FaultServer() as plain,
        opened(cookies=cookies) as fetcher,
    ):
        for server in (safe, plain):
            await fetcher.fetch(make_item(server.url("/ok")))
        plain.on("/deep/x", {})
        await fetcher.fetch(make_item(plain.url("/deep/x")))
        other = plain.url("/ok").replace("127.0.0.1", "127.0.0.2")
        await fetcher.fetch(make_item(other))
    assert [r.headers.get("cookie") for r in safe.requests] == ["plain=1; safe=1"]
    assert [r.headers.get("cookie") for r in plain.requests] == ["plain=1", "deep=1; plain=1"]
