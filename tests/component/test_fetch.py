"""What a fetch sends, keeps and hands back; real sockets."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from crawler.clock import job_clock, new_offset_ms
from crawler.fetch.fetcher import Fetcher
from crawler.model.result import Deferred, Failed, Fetched, Redirected
from tests.support.fault_server import FaultServer, Peer
from tests.support.fetch import make_item, make_plan

pytestmark = pytest.mark.component

now = job_clock(new_offset_ms())


@pytest.fixture
async def server() -> AsyncIterator[FaultServer]:
    async with FaultServer() as running:
        yield running


@pytest.fixture
async def fetcher() -> AsyncIterator[Fetcher]:
    fetcher = Fetcher(make_plan(), now)
    await fetcher.open()
    yield fetcher
    await fetcher.close()


async def test_request_is_honest_and_exact(server: FaultServer, fetcher: Fetcher) -> None:
    """Another agent name, a re-quoted path, or an encoding that we cannot decode would be sent."""
    url = server.url("/a%2fb/%7e/%zz/..;x?q=%20+|^{}&q='\"")
    await fetcher.fetch(make_item(url), headers=(("Authorization", "Basic eA=="),))
    (request,) = server.requests
    assert request.path == url.partition(str(server.port))[2]
    assert request.headers["user-agent"] == "QuasiCrawler/0.1 (+mailto:test@example.org)"
    assert request.headers["accept-encoding"] == "gzip, deflate, br, zstd"
    assert request.headers["host"] == server.host
    assert request.headers["authorization"] == "Basic eA=="
    assert not {"cookie", "referer", "from", "proxy-authorization"} & set(request.headers)
    assert request.method == "GET"


async def test_cookies_are_not_kept(server: FaultServer, fetcher: Fetcher) -> None:
    """A session would follow the crawler from page to page."""
    await fetcher.fetch(make_item(server.url("/cookies")))
    await fetcher.fetch(make_item(server.url("/ok")))
    assert [("cookie" in r.headers) for r in server.requests] == [False, False]


async def test_environment_proxy_is_ignored(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A proxy that nobody named would see everything; a password for other programs be sent."""
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login bob password hunter2\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    fetcher = Fetcher(make_plan(), now)
    await fetcher.open()
    result = await fetcher.fetch(make_item(server.url("/ok")))
    await fetcher.close()
    assert isinstance(result, Fetched)
    assert "authorization" not in server.requests[0].headers


async def test_named_proxy_is_used(server: FaultServer) -> None:
    """The proxy that a person named would be left out, or refused for being local."""
    fetcher = Fetcher(make_plan(proxy=server.url(""), allow_net=()), now)
    await fetcher.open()
    server.on("http://example.invalid/page", {"body": b"by proxy"})
    result = await fetcher.fetch(make_item("http://example.invalid/page"))
    literal = await fetcher.fetch(make_item("http://169.254.169.254/latest"))
    await fetcher.close()
    assert isinstance(result, Fetched)
    assert result.body == b"by proxy"
    assert isinstance(literal, Failed)
    assert literal.error == "blocked_address"
    assert server.paths() == ["http://example.invalid/page"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirect_is_returned(server: FaultServer, fetcher: Fetcher, status: int) -> None:
    """A redirect followed by the client would get past scope, robots and delay."""
    server.on("/r", {"status": status, "headers": [("Location", "/ä b")], "body": b"moved"})
    result = await fetcher.fetch(make_item(server.url("/r")))
    assert isinstance(result, Redirected)
    assert (result.status, result.location) == (status, "/ä b")
    await fetcher.fetch(make_item(server.url("/ok")))
    assert server.paths() == ["/r", "/ok"]
    assert server.connections == 1  # the connection is kept


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (301, []),
        (302, [("Location", "")]),
        (304, [("Location", "/x")]),
        (300, [("Location", "/x")]),
    ],
)
async def test_redirect_without_target_is_a_response(
    server: FaultServer, fetcher: Fetcher, status: int, headers: list[tuple[str, str]]
) -> None:
    """A 3xx that leads nowhere would vanish without a record."""
    body = b"" if status == 304 else b"text"
    server.on("/r", {"status": status, "headers": headers, "body": body})
    result = await fetcher.fetch(make_item(server.url("/r")))
    assert isinstance(result, Fetched)
    assert (result.status, result.body, result.truncated) == (status, body, False)


async def test_connection_is_used_again(server: FaultServer, fetcher: Fetcher) -> None:
    """A connection for each page would cost the server and us more than the page."""
    for path in ("/ok", "/gzip", "/nothing", "/ok"):
        await fetcher.fetch(make_item(server.url(path)))
    assert server.connections == 1


async def test_a_cut_body_costs_its_connection(server: FaultServer) -> None:
    """The rest of a body that is too large would be read in the background."""
    fetcher = Fetcher(make_plan(max_body_bytes=100), now)
    await fetcher.open()
    await fetcher.fetch(make_item(server.url("/endless")))
    await fetcher.fetch(make_item(server.url("/nothing")))
    await fetcher.close()
    assert server.connections == 2


async def test_flaky_page_comes_in_the_end(server: FaultServer, fetcher: Fetcher) -> None:
    """One bad moment of a server would lose the page; each try must be counted."""

    async def reset(peer: Peer) -> None:
        peer.reset()

    server.on("/flaky", {"status": 503}, reset, {"body": b"at last"})
    result = await fetcher.fetch(make_item(server.url("/flaky")))
    assert isinstance(result, Fetched)
    assert (result.body, result.attempts) == (b"at last", 3)
    assert len(server.requests) == 3


async def test_a_reset_is_not_sent_again_at_once(server: FaultServer) -> None:
    """aiohttp by itself sends a GET twice when its connection breaks, uncounted and undelayed."""
    fetcher = Fetcher(make_plan(retries=0), now)
    await fetcher.open()
    await fetcher.fetch(make_item(server.url("/ok")))  # so that the next uses an open connection
    result = await fetcher.fetch(make_item(server.url("/reset")))
    await fetcher.close()
    assert isinstance(result, Failed)
    assert server.paths() == ["/ok", "/reset"]


@pytest.mark.parametrize(
    ("path", "error"), [("/reset", "reset"), ("/hang-up", "reset"), ("/no-body", "reset")]
)
async def test_tries_are_bounded(
    server: FaultServer, fetcher: Fetcher, path: str, error: str
) -> None:
    """A dead page would be tried for ever, or earlier tries of the visit would not count."""
    result = await fetcher.fetch(make_item(server.url(path), tries=1))
    assert isinstance(result, Failed)
    assert (result.error, result.attempts, len(server.requests)) == (error, 4, 3)


async def test_last_answer_counts_when_tries_are_used_up(
    server: FaultServer, fetcher: Fetcher
) -> None:
    """A site that only answers 500 would have no record."""
    server.on("/500", {"status": 500, "body": b"broken"})
    result = await fetcher.fetch(make_item(server.url("/500")))
    assert isinstance(result, Fetched)
    assert (result.status, result.body, result.attempts) == (500, b"broken", 4)


async def test_a_body_cut_every_time_is_kept_in_part(server: FaultServer, fetcher: Fetcher) -> None:
    """A server that always promises too much would never yield a page."""
    result = await fetcher.fetch(make_item(server.url("/half-body")))
    assert isinstance(result, Fetched)
    assert (len(result.body), result.truncated, result.attempts) == (100, True, 4)


async def test_refused_connection_is_tried_again(fetcher: Fetcher, server: FaultServer) -> None:
    """A server that restarts would lose its pages."""
    port = server.port
    await server.__aexit__()
    result = await fetcher.fetch(make_item(f"http://127.0.0.1:{port}/"))
    assert isinstance(result, Failed)
    assert (result.error, result.attempts) == ("connect", 4)


async def test_unknown_name_is_not_tried_again(fetcher: Fetcher) -> None:
    """A dead host would cost a resolver four look-ups for each of its pages."""
    result = await fetcher.fetch(make_item("http://nowhere.invalid/"))
    assert isinstance(result, Failed)
    assert (result.error, result.attempts) == ("dns", 1)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 501, 505])
async def test_final_statuses_are_asked_for_once(
    server: FaultServer, fetcher: Fetcher, status: int
) -> None:
    """A server that said no would be asked again."""
    server.on("/no", {"status": status, "headers": [("Retry-After", "1")]})
    result = await fetcher.fetch(make_item(server.url("/no")))
    assert isinstance(result, Fetched)
    assert len(server.requests) == 1


async def test_retries_keep_the_delay_of_the_host(server: FaultServer, fetcher: Fetcher) -> None:
    """A retry sooner than the host's delay would break the promise made to it."""
    server.on("/busy", {"status": 503}, {"status": 503}, {"body": b"ok"})
    await fetcher.fetch(make_item(server.url("/busy"), delay_ms=300))
    gaps = [b.at - a.at for a, b in zip(server.requests, server.requests[1:], strict=False)]
    assert len(gaps) == 2
    assert min(gaps) >= 0.25  # arrivals: on a loaded machine one is seen later than another


async def test_the_start_is_when_the_request_goes_out(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a slow connect the next request would be closer at the server than the delay."""
    look_up = socket.getaddrinfo

    def slow(*args: Any, **options: Any) -> Any:
        time.sleep(0.25)
        return look_up(*args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    fetcher = Fetcher(make_plan(), now)
    await fetcher.open()
    before = now()
    result = await fetcher.fetch(make_item(f"http://localhost:{server.port}/ok"))
    await fetcher.close()
    assert isinstance(result, Fetched)
    assert result.started_at - before >= 250
    assert result.elapsed_ms >= 250


async def test_a_wait_while_it_goes_out_does_not_bring_the_next_one_nearer(
    server: FaultServer, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that stood still before it wrote would ask again after less than the delay."""
    send = aiohttp.ClientRequest.send

    async def late(*args: Any) -> aiohttp.ClientResponse:
        time.sleep(0.25)
        return await send(*args)

    monkeypatch.setattr(aiohttp.ClientRequest, "send", late)
    before = now()
    result = await fetcher.fetch(make_item(server.url("/ok")))
    assert isinstance(result, Fetched)
    assert result.started_at - before >= 250


async def test_retry_after_defers_and_pauses(server: FaultServer, fetcher: Fetcher) -> None:
    """A host that asked for quiet would be asked again within the lease."""
    before = now()
    server.on("/later", {"status": 503, "headers": [("Retry-After", "90")]})
    result = await fetcher.fetch(make_item(server.url("/later")))
    assert isinstance(result, Deferred)
    assert (result.pause_host, result.reason, result.attempts) == (True, "http_503", 1)
    assert before + 90_000 <= result.due_at <= now() + 90_000


async def test_retry_after_as_date(server: FaultServer, fetcher: Fetcher) -> None:
    """The date form is as common as seconds, and zone-less local time is a classic mistake."""
    stamp = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(now() // 1000 + 120))
    server.on("/later", {"status": 429, "headers": [("Retry-After", stamp)]})
    result = await fetcher.fetch(make_item(server.url("/later")))
    assert isinstance(result, Deferred)
    assert 118_000 <= result.due_at - now() <= 121_000


async def test_a_wait_past_the_lease_is_left_to_the_store(
    server: FaultServer, fetcher: Fetcher
) -> None:
    """The lease would end while the reader still waits, and the page be fetched twice."""
    server.on("/busy", {"status": 503})
    until = now() + make_plan().timeout_ms + 1_000
    result = await fetcher.fetch(make_item(server.url("/busy"), lease_until=until))
    assert isinstance(result, Deferred)
    assert (result.pause_host, result.attempts, len(server.requests)) == (False, 1, 1)


async def test_cancellation_passes(server: FaultServer, fetcher: Fetcher) -> None:
    """A reader that is told to stop would go on: in a request, or in the wait before a retry."""
    server.on("/busy", {"status": 503})
    asking = asyncio.create_task(fetcher.fetch(make_item(server.url("/silent"))))
    waiting = asyncio.create_task(fetcher.fetch(make_item(server.url("/busy"), delay_ms=9_000)))
    async with asyncio.timeout(60):
        while len(server.requests) < 2:
            await asyncio.sleep(0.005)
    asking.cancel()
    waiting.cancel()
    for task in (asking, waiting):
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_url_that_the_client_cannot_take_is_a_result(fetcher: Fetcher) -> None:
    """One odd URL would end the task with a traceback."""
    for url in ("http://[::1/", "http://a..b/", "http://" + "a" * 300 + "/", "http://xn--/"):
        result = await fetcher.fetch(make_item(url))
        assert isinstance(result, Failed)


async def test_many_fetches_side_by_side(server: FaultServer) -> None:
    """The connector would let fewer run than there are tasks."""
    fetcher = Fetcher(make_plan(timeout_ms=3_600_000), now)
    await fetcher.open()
    fetches = [fetcher.fetch(make_item(server.url("/silent"))) for _ in range(64)]
    tasks = [asyncio.create_task(fetch) for fetch in fetches]
    async with asyncio.timeout(60):
        while len(server.requests) < 64:
            await asyncio.sleep(0.005)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await fetcher.close()
