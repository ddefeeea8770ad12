"""Addresses that are not global are never connected to; real sockets, real resolver."""

import asyncio
import socket
import ssl
import subprocess
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from crawler.clock import job_clock, new_offset_ms
from crawler.errors import ConfigError
from crawler.fetch import client
from crawler.fetch.fetcher import Fetcher
from crawler.fetch.guard import Guard
from crawler.model.result import Failed, Fetched, FetchResult
from crawler.policy.canonicalization import canonicalize
from tests.support.fault_server import FaultServer
from tests.support.fetch import make_item, make_plan

pytestmark = pytest.mark.component


@pytest.fixture
async def server() -> AsyncIterator[FaultServer]:
    async with FaultServer() as running:
        yield running


async def fetch(url: str, **plan: Any) -> FetchResult:
    fetcher = Fetcher(make_plan(**{"retries": 0, **plan}), job_clock(new_offset_ms()))
    await fetcher.open()
    try:
        return await fetcher.fetch(make_item(url))
    finally:
        await fetcher.close()


SPELLINGS = [
    *("127.0.0.1", "localhost", "LOCALHOST", "127.1", "2130706433", "0x7f000001", "0177.0.0.1"),
    *("0.0.0.0", "0", "[::]", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]"),
    *("[64:ff9b::7f00:1]", "[2002:7f00:1::]", "127.0.0.1.", "\uff11\uff12\uff17.0.0.1"),
    *("0x7f.0.0.1", "017700000001", "127.0.1", "0x7F.1", "%31%32%37.0.0.1", "127.0.0.1%2e"),
    *("[0:0:0:0:0:ffff:7f00:1]", "[::ffff:0:127.0.0.1]", "127\u30020.0.1"),
]


@pytest.mark.parametrize("host", SPELLINGS)
async def test_every_spelling_of_loopback_is_refused(server: FaultServer, host: str) -> None:
    """A link in a page would read the services of this machine."""
    result = await fetch(canonicalize(f"http://{host}:{server.port}/ok"), allow_net=())
    assert isinstance(result, Failed)
    assert result.error == "blocked_address", result
    assert server.connections == 0


@pytest.mark.parametrize("host", [*SPELLINGS, "localhost.", "a.localhost"])
async def test_every_spelling_is_refused_with_a_proxy(server: FaultServer, host: str) -> None:
    """The proxy would ask its own machine for us; it resolves names, but these are none."""
    url = canonicalize(f"http://{host}:{server.port}/ok")
    result = await fetch(url, allow_net=(), proxy=server.url(""))
    assert isinstance(result, Failed)
    assert result.error == "blocked_address", result
    assert server.connections == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"])
async def test_allowed_net_is_reached(server: FaultServer, host: str) -> None:
    """`--allow-net` would be without effect for names or for mapped addresses."""
    result = await fetch(f"http://{host}:{server.port}/ok", allow_net=("127.0.0.0/8",))
    assert isinstance(result, Fetched), result


async def test_name_that_turns_local_is_refused(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: a name is public when it is checked and local when it is connected to."""
    answers = ["93.184.216.34", "127.0.0.1"]

    def resolve(host: str, port: int, **options: Any) -> list[Any]:
        address = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    url = f"http://rebind.example:{server.port}/ok"
    fetcher = Fetcher(
        make_plan(retries=0, allow_net=(), connect_timeout_ms=1_000), job_clock(new_offset_ms())
    )
    await fetcher.open()
    first = await fetcher.fetch(make_item(url))
    fetcher._session.connector.clear_dns_cache()
    second = await fetcher.fetch(make_item(url))
    # Even if a resolver lets it pass, the socket does not.
    fetcher._resolver._guard = Guard(("127.0.0.0/8",))
    fetcher._session.connector.clear_dns_cache()
    third = await fetcher.fetch(make_item(url))
    await fetcher.close()
    assert isinstance(first, Failed)
    assert first.error in ("connect", "timeout")  # this machine may have no way out
    for result in (second, third):
        assert isinstance(result, Failed)
        assert result.error == "blocked_address"
    assert server.connections == 0


async def test_good_addresses_of_a_mixed_name_are_used(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One bad address among good ones would make a host unreachable, or be connected to."""

    def resolve(host: str, port: int, **options: Any) -> list[Any]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in ("10.0.0.1", "127.0.0.1")
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    url = f"http://mixed.example:{server.port}/ok"
    result = await fetch(url, allow_net=("127.0.0.0/8",), connect_timeout_ms=30_000)
    assert isinstance(result, Fetched)


async def test_a_kept_connection_stays_with_its_address(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that moves to another address would take a checked connection with it; a new one is
    checked anew."""
    addresses = ["127.0.0.1"]

    def resolve(host: str, port: int, **options: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (addresses[-1], port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    url = f"http://moves.example:{server.port}/ok"
    plan = make_plan(retries=0, allow_net=("127.0.0.1/32",), connect_timeout_ms=30_000)
    fetcher = Fetcher(plan, job_clock(new_offset_ms()))
    await fetcher.open()
    first = await fetcher.fetch(make_item(url))
    addresses.append("10.0.0.1")
    fetcher._session.connector.clear_dns_cache()
    second = await fetcher.fetch(make_item(url))
    server.on("/close", {"headers": [("Connection", "close")]})
    await fetcher.fetch(make_item(url.replace("/ok", "/close")))
    third = await fetcher.fetch(make_item(url))
    await fetcher.close()
    assert isinstance(first, Fetched)
    assert isinstance(second, Fetched)
    assert server.connections == 1
    assert isinstance(third, Failed)
    assert third.error == "blocked_address"


async def test_look_ups_are_remembered_up_to_a_number(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each page would ask the name server again; or names without end would fill memory."""
    asked: list[str] = []

    def resolve(host: str, port: int, **options: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(client, "_DNS_NAMES", 2)
    server.on("/close", {"headers": [("Connection", "close")]})
    fetcher = Fetcher(make_plan(retries=0), job_clock(new_offset_ms()))
    await fetcher.open()
    for name in ("a", "a", "b", "a", "c", "a"):
        await fetcher.fetch(make_item(f"http://{name}.example:{server.port}/close"))
    await fetcher.close()
    assert asked.count("a.example") in (1, 2)  # the oldest is forgotten, or the least used
    assert asked[:2] == ["a.example", "b.example"]
    assert len(server.requests) == 6


async def test_a_resolver_that_hangs_costs_the_connect_time_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A name server that never answers would hold a task for minutes."""
    release = threading.Event()

    def resolve(host: str, port: int, **options: Any) -> list[Any]:
        release.wait(120)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    async with asyncio.timeout(60):
        result = await fetch("http://slow.example/", connect_timeout_ms=200)
    release.set()
    assert isinstance(result, Failed)
    assert result.error == "timeout"


def test_bad_net_is_a_config_error() -> None:
    """A typing mistake would end in a traceback, or allow nothing in silence."""
    with pytest.raises(ConfigError, match="allow-net"):
        Guard(("10.0.0.0/8", "nonsense"))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    path = folder / "both.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    command += f" -subj /CN=localhost -keyout {folder}/key.pem -out {folder}/cert.pem"
    try:
        subprocess.run(command.split(), check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("needs openssl to make a certificate")
    path.write_text((folder / "key.pem").read_text() + (folder / "cert.pem").read_text())
    return path


async def test_certificate_is_verified(certificate: Path) -> None:
    """Whoever sits in between could hand us any page; and trying again would not help."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    async with FaultServer(tls=context) as server:
        result = await fetch(server.url("/ok"), retries=3)
    assert isinstance(result, Failed)
    assert (result.error, result.attempts) == ("tls", 1)
    assert server.requests == []


async def test_a_port_without_tls_is_tls() -> None:
    """A server that does not speak TLS would be tried again like one that restarts."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as plain:
        port = plain.sockets[0].getsockname()[1]
        result = await fetch(f"https://127.0.0.1:{port}/", retries=3)
    assert isinstance(result, Failed)
    assert (result.error, result.attempts) == ("tls", 1)
