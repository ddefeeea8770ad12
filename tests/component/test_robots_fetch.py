"""What an origin's robots.txt comes to, status by status (RFC 9309 section 2.3.1)."""

import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from crawler.clock import job_clock, new_offset_ms
from crawler.fetch.fetcher import Fetcher
from crawler.fetch.robots import RobotsFetcher
from crawler.model.plan import Plan
from crawler.model.result import Rules
from crawler.model.work import Item
from tests.support.fault_server import FaultServer, Peer
from tests.support.fetch import make_item, make_plan

pytestmark = pytest.mark.component

now = job_clock(new_offset_ms())
RULES = b"User-agent: *\nDisallow: /private/\n"


@pytest.fixture
async def server() -> AsyncIterator[FaultServer]:
    async with FaultServer() as running:
        yield running


@pytest.fixture
async def other() -> AsyncIterator[FaultServer]:
    async with FaultServer(address="127.0.0.2") as running:
        yield running


class Turns:
    """Stands for the frontier's `reserve`."""

    def __init__(self, *answers: int | None) -> None:
        self.asked: list[str] = []
        self._answers = list(answers) or [None]

    async def __call__(self, host: str) -> int | None:
        self.asked.append(host)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


async def ask(
    server: FaultServer | str, turns: Turns | None = None, *, plan: Plan | None = None, **item: Any
) -> tuple[Rules, int | None]:
    plan = plan or make_plan()
    url = server if isinstance(server, str) else server.url("/robots.txt")
    fetcher = Fetcher(plan, now)
    await fetcher.open()
    try:
        robots = RobotsFetcher(fetcher, plan, now)
        return await robots.fetch(robots_item(url, **item), turns or Turns())
    finally:
        await fetcher.close()


def robots_item(url: str, **changes: Any) -> Item:
    return make_item(url, **{"kind": "robots", **changes})


@pytest.mark.parametrize("status", [200, 203, 206])
async def test_2xx_are_rules(server: FaultServer, status: int) -> None:
    """Rules would be lost, or asked for before every page."""
    server.on("/robots.txt", {"status": status, "body": RULES})
    before = now()
    rules, started_at = await ask(server)
    assert (rules.verdict, rules.status, rules.body) == ("rules", status, RULES)
    assert rules.expires_at - before == pytest.approx(86_400_000, abs=5_000)
    assert started_at is not None
    assert before <= started_at <= now()
    assert (rules.item_ref, rules.host_hash, rules.lease_id) == (3, 1, 4)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 418, 451, 304, 300])
async def test_4xx_allow_and_their_body_is_no_rules(server: FaultServer, status: int) -> None:
    """An error page that looks like rules would shut a site, a forbidden file would too."""
    body = b"" if status == 304 else RULES
    server.on("/robots.txt", {"status": status, "body": body})
    rules, _ = await ask(server)
    assert (rules.verdict, rules.status, rules.body) == ("allow", status, None)
    assert rules.expires_at > now() + 3_600_000


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 505, 999])
async def test_429_and_5xx_defer(server: FaultServer, status: int) -> None:
    """A site in trouble would be crawled without rules: failing open."""
    server.on("/robots.txt", {"status": status, "body": RULES})
    first, _ = await ask(server)
    assert (first.verdict, first.status, first.body) == ("defer", status, None)
    assert first.due is not None
    assert first.due - now() == pytest.approx(60_000, abs=5_000)
    third, _ = await ask(server, tries=2)
    assert third.due is not None
    assert third.due - now() == pytest.approx(240_000, abs=5_000)
    late, _ = await ask(server, tries=1_000_000)
    assert late.due is not None
    assert late.due - now() == pytest.approx(3_600_000, abs=5_000)


async def test_retry_after_is_obeyed(server: FaultServer) -> None:
    """The host named a time and would be asked sooner."""
    server.on("/robots.txt", {"status": 503, "headers": [("Retry-After", "7200")]})
    rules, _ = await ask(server)
    assert rules.due is not None
    assert rules.due - now() == pytest.approx(7_200_000, abs=5_000)


BROKEN = ["reset", "hang-up", "silent", "drip", "half-body", "half-chunked", "cut-gzip", "bad-gzip"]


@pytest.mark.parametrize("fault", [*BROKEN, "not-http", "header-bomb"])
async def test_a_broken_answer_defers(server: FaultServer, fault: str) -> None:
    """Half a robots.txt would be obeyed as if it were whole, or a reset taken for no rules."""
    handler = server._handler("/" + fault)
    server.on("/robots.txt", handler)
    slow = {"timeout_ms": 1_000} if fault in ("silent", "drip") else {}
    rules, started_at = await ask(server, plan=make_plan(**slow))
    assert (rules.verdict, rules.body) == ("defer", None)
    assert rules.due is not None
    assert rules.due - now() == pytest.approx(10_000, abs=5_000)
    assert started_at is not None
    assert len(server.requests) == 1  # no second one without the host's delay


async def test_refused_connection(server: FaultServer) -> None:
    """A host without a server would hold its URLs for ever instead of giving them a record."""
    url = server.url("/robots.txt")
    await server.__aexit__()
    rules, _ = await ask(url, tries=1)
    assert rules.verdict == "connect"
    assert rules.due is not None
    assert rules.due - now() == pytest.approx(20_000, abs=5_000)


async def test_no_address() -> None:
    """The same; and no delay is spent where nothing was asked."""
    rules, started_at = await ask("http://nowhere.invalid/robots.txt")
    assert (rules.verdict, started_at) == ("dns", None)


async def test_a_resolver_out_of_order_defers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A minute without name service would give up every host that was asked for then."""

    def nobody(*_: object) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "try again")

    monkeypatch.setattr("crawler.fetch.guard._look_up", nobody)
    rules, started_at = await ask("http://nowhere.invalid/robots.txt")
    assert (rules.verdict, started_at) == ("defer", None)
    assert rules.due is not None


async def test_blocked_address(server: FaultServer) -> None:
    """URLs of a local address would wait for ever, with nobody told why."""
    rules, started_at = await ask(server, plan=make_plan(allow_net=()))
    assert (rules.verdict, started_at) == ("blocked_address", None)
    assert server.connections == 0


async def test_only_so_much_is_read(server: FaultServer) -> None:
    """A huge file would fill memory and store; our own cut is not a broken answer."""
    big = b"User-agent: *\nDisallow: /a\n" + b"# padding padding\n" * 100_000
    server.on("/robots.txt", {"body": big})
    rules, _ = await ask(server)
    assert rules.verdict == "rules"
    assert rules.body == big[:512_000]


@pytest.mark.parametrize(
    ("value", "age_ms"),
    [
        ("max-age=7200", 7_200_000),
        ("public, MAX-AGE=3600", 3_600_000),
        ("max-age=999999999", 86_400_000),
        ("max-age=0", 300_000),
        ("no-store", 86_400_000),
        ("max-age=soon", 86_400_000),
        ("s-maxage=1", 86_400_000),
    ],
)
async def test_cache_control_shortens(server: FaultServer, value: str, age_ms: int) -> None:
    """Rules would be kept longer than their server wants, or asked for at every page."""
    server.on("/robots.txt", {"body": RULES, "headers": [("Cache-Control", value)]})
    rules, _ = await ask(server)
    assert rules.expires_at - now() == pytest.approx(age_ms, abs=5_000)


async def test_crawl_delay_of_our_group_is_capped(server: FaultServer) -> None:
    """A day's delay would stop a crawl; another agent's delay is not ours."""
    body = b"User-agent: quasicrawler\nCrawl-delay: %s\n\nUser-agent: *\nCrawl-delay: 9\n"
    server.on("/robots.txt", {"body": body % b"2.5"}, {"body": body % b"86400"})
    first, _ = await ask(server)
    second, _ = await ask(server)
    assert (first.crawl_delay_ms, second.crawl_delay_ms) == (2_500, 30_000)


async def test_redirect_on_the_same_host_waits(server: FaultServer) -> None:
    """Two requests at once from a crawler that promised a delay."""
    server.on("/robots.txt", {"status": 301, "headers": [("Location", "/real")]})
    server.on("/real", {"body": RULES})
    turns = Turns()
    before = now()
    rules, started_at = await ask(server, turns, delay_ms=200)
    assert rules.verdict == "rules"
    first, second = server.requests
    assert second.at - first.at >= 0.15  # arrivals; one loop serves both sides
    assert turns.asked == []
    assert started_at is not None
    assert started_at - before >= 200  # the last request counts, not the first


async def test_redirect_to_another_host_takes_its_turn(
    server: FaultServer, other: FaultServer
) -> None:
    """The rules belong to the origin that was asked; the other host must not be hit out of turn."""
    server.on("/robots.txt", {"status": 302, "headers": [("Location", other.url("/r"))]})
    other.on("/r", {"body": RULES})
    turns = Turns()
    rules, started_at = await ask(server, turns)
    assert (rules.verdict, rules.body) == ("rules", RULES)
    assert turns.asked == [other.host]
    assert started_at is not None
    assert other.paths() == ["/r"]


async def test_redirect_to_a_busy_host_is_deferred(server: FaultServer, other: FaultServer) -> None:
    """As above: when it is not free, the robots item comes again."""
    server.on("/robots.txt", {"status": 302, "headers": [("Location", other.url("/r"))]})
    due = now() + 12_345
    rules, _ = await ask(server, Turns(due))
    assert (rules.verdict, rules.due) == ("defer", due)
    assert other.requests == []


async def test_two_hops_on_another_host_keep_its_delay(
    server: FaultServer, other: FaultServer
) -> None:
    """http to https to www: the last two are one host, and the chain must come to its end."""
    server.on("/robots.txt", {"status": 302, "headers": [("Location", other.url("/r"))]})
    other.on("/r", {"status": 302, "headers": [("Location", "/s")]})
    other.on("/s", {"body": RULES})
    turns = Turns(None, now() + 250, None)
    rules, _ = await ask(server, turns, delay_ms=100)
    assert rules.verdict == "rules"
    assert turns.asked == [other.host] * 3
    assert other.requests[1].at - other.requests[0].at >= 0.15


@pytest.mark.parametrize(("hops", "verdict"), [(5, "rules"), (6, "allow")])
async def test_five_redirects_are_followed(server: FaultServer, hops: int, verdict: str) -> None:
    """One hop too few or too many; after that it is as if there were no robots.txt."""
    for n in range(hops):
        path = f"/{n}" if n else "/robots.txt"
        server.on(path, {"status": 301, "headers": [("Location", f"/{n + 1}")]})
    server.on(f"/{hops}", {"body": RULES})
    rules, _ = await ask(server)
    assert rules.verdict == verdict


async def test_a_loop_ends(server: FaultServer) -> None:
    """A redirect to itself would never end."""
    server.on("/robots.txt", {"status": 301, "headers": [("Location", "/robots.txt")]})
    rules, _ = await ask(server)
    assert (rules.verdict, len(server.requests)) == ("allow", 6)


@pytest.mark.parametrize("location", ["ftp://example.org/", "http://[", "javascript:1"])
async def test_redirect_to_nowhere_allows(server: FaultServer, location: str) -> None:
    """A Location that is no web address would raise."""
    server.on("/robots.txt", {"status": 301, "headers": [("Location", location)]})
    rules, _ = await ask(server)
    assert rules.verdict == "allow"


@pytest.mark.parametrize("target", ["http://10.0.0.1/r", "http://nowhere.invalid/r"])
async def test_redirect_to_no_server_defers(server: FaultServer, target: str) -> None:
    """A robots.txt could point us at machines of our own network; and the pages of an origin that
    has a server would be recorded as having none."""
    server.on("/robots.txt", {"status": 301, "headers": [("Location", target)]})
    rules, started_at = await ask(server)
    assert rules.verdict == "defer"
    assert started_at is not None


async def test_same_host_wait_past_the_lease_is_deferred(server: FaultServer) -> None:
    """The lease would end in the middle of the wait."""
    server.on("/robots.txt", {"status": 301, "headers": [("Location", "/real")]})
    rules, _ = await ask(server, delay_ms=5_000, lease_until=now() + 12_000)
    assert rules.verdict == "defer"
    assert rules.due is not None
    assert rules.due - now() == pytest.approx(5_000, abs=2_500)
    assert len(server.requests) == 1


async def test_flaky_robots_is_not_hammered(server: FaultServer) -> None:
    """A second try belongs to the frontier, after its back-off."""

    async def broken(peer: Peer) -> None:
        peer.reset()

    server.on("/robots.txt", broken, {"body": RULES})
    rules, _ = await ask(server)
    assert rules.verdict == "defer"
    assert len(server.requests) == 1
