"""Asking for links that leave the crawl: what the servers of others see of it."""

import asyncio
import json
from itertools import pairwise

import pytest

from crawler.audit.asking import Asking
from crawler.audit.external import _of_a_stranger
from crawler.audit.outside import FRESH_MS, Answer, kept_answers, read_answers
from crawler.clock import job_clock, new_offset_ms
from crawler.errors import JobLocked
from crawler.model.site import Cookie, Site
from crawler.model.url import host_key
from tests.support.fault_server import FaultServer, Peer
from tests.support.fetch import make_plan

pytestmark = pytest.mark.component
NOW = job_clock(new_offset_ms())
DELAY_MS = 200


class Busy:
    """Counts the requests that a server has at once."""

    def __init__(self) -> None:
        self.now = self.most = 0

    async def __call__(self, peer: Peer) -> None:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.05)
        self.now -= 1
        await peer.answer(200, b"x" * 100_000)


async def asked(urls, *, within_s: float = 30, holds=None, **more) -> dict[str, Answer]:
    plan = _of_a_stranger(make_plan(**{"delay_ms": 0, **more}))
    answers: dict[str, Answer] = {}
    on_answer = lambda answer: answers.update({answer.url: answer})  # noqa: E731
    asking = Asking(plan, NOW, on_answer=on_answer, holds=holds)
    await asking.run(urls, within_s=within_s)
    return answers


async def test_a_host_has_one_request_at_a_time_and_its_delay_between_two():
    """Thousands of links to one host would be a load that nobody asked for."""
    async with FaultServer(address="127.0.51.1") as one, FaultServer(address="127.0.51.2") as two:
        busy = Busy()
        for path in ("/a", "/b", "/c"):
            one.on(path, busy)
        two.on("/to-a", {"status": 302, "headers": [("Location", one.url("/a"))]})
        two.on("/to-b", {"status": 302, "headers": [("Location", one.url("/b"))]})
        urls = [two.url("/to-a"), one.url("/b"), two.url("/to-b"), one.url("/c")]
        answers = await asked(urls, delay_ms=DELAY_MS)
    assert busy.most == 1
    assert {answers[url].status for url in urls} == {200}
    assert (answers[urls[0]].hops, answers[urls[0]].final_url) == (1, one.url("/a"))
    for server in (one, two):
        assert server.paths()[0] == "/robots.txt"
        assert server.paths().count("/robots.txt") == 1
        gaps = [(b.at - a.at) * 1000 for a, b in pairwise(server.requests)]
        # Arrivals: on a loaded machine one is seen later than another.
        assert min(gaps) >= DELAY_MS * 0.75, gaps
        assert {request.method for request in server.requests} == {"GET"}


async def test_robots_txt_of_every_origin_is_obeyed_whatever_the_crawl_does():
    """--no-robots is for a site of one's own."""
    async with FaultServer(address="127.0.51.1") as one, FaultServer(address="127.0.51.2") as two:
        rules = b"User-agent: *\nDisallow: /private\n"
        one.on("/robots.txt", {"status": 200, "body": rules})
        two.on("/robots.txt", {"status": 200, "body": rules})
        one.on("/open", {"status": 302, "headers": [("Location", two.url("/private"))]})
        urls = [one.url("/private"), one.url("/open")]
        answers = await asked(urls, robots=False)
    assert [answers[url].error for url in urls] == ["robots", "robots"]
    assert one.paths() == ["/robots.txt", "/open"]
    assert two.paths() == ["/robots.txt"]


async def test_who_says_slow_down_is_left_alone():
    """The links that are left are asked for another day; pressing on earns a ban."""
    async with FaultServer(address="127.0.51.1") as one:
        one.on("/1", {"status": 429})
        urls = [one.url(f"/{n}") for n in range(1, 5)]
        answers = await asked(urls)
    assert [answers[urls[0]].status, len(answers)] == [429, 1]
    assert one.paths() == ["/robots.txt", "/1"]


async def test_redirects_that_lead_nowhere_end():
    """A loop on another site would keep the report from ending."""
    async with FaultServer(address="127.0.51.1") as one:
        one.on("/loop", {"status": 302, "headers": [("Location", "/loop")]})
        for n in range(9):
            one.on(f"/{n}", {"status": 302, "headers": [("Location", f"/{n + 1}")]})
        answers = await asked([one.url("/loop"), one.url("/0")])
    assert answers[one.url("/loop")].error == "redirect_loop"
    assert answers[one.url("/0")].error == "too_many_redirects"


async def test_nothing_that_is_only_for_named_sites_leaves():
    """A password would go to whoever is linked to."""
    site = Site(match="*", headers=(("X-Key", "secret"),), cookies=(("a", "secret"),))
    cookie = Cookie("127.0.51.1", True, "/", False, None, "b", "secret")
    async with FaultServer(address="127.0.51.1") as one:
        url = one.url("/ok")
        more = {"headers": (("X-Other", "secret"),), "cookies": (cookie,), "sites": (site,)}
        answers = await asked([url], **more)
    assert answers[url].status == 200
    assert "secret" not in str([request.headers for request in one.requests])


async def test_addresses_that_are_not_public_are_refused():
    """A page could have the report ask the router."""
    async with FaultServer(address="127.0.51.1") as one:
        answers = await asked([one.url("/ok")], allow_net=())
    assert answers[one.url("/ok")].error == "blocked_address"
    assert one.requests == []


async def test_the_time_that_was_given_holds():
    """One server that never answers would hold up a job of CI."""
    async with FaultServer(address="127.0.51.1") as one:
        one.on("/hangs", lambda _: asyncio.sleep(60))
        assert await asked([one.url("/hangs")], within_s=0.5) == {}


def test_only_one_report_asks_and_answers_survive(tmp_path):
    """Two reports at once would each keep to the delay, and a host would see neither."""
    old = Answer(url="http://old/", asked_at=NOW() - 40 * FRESH_MS, final_url="http://old/", hops=0)
    new = Answer(url="http://new/", asked_at=NOW(), final_url="http://new/", hops=0, status=200)
    with kept_answers(tmp_path, NOW()) as file:
        file.add(old)
        file.add(new)
        file.add(new)
        with pytest.raises(JobLocked), kept_answers(tmp_path, NOW()):
            pass
    path = tmp_path / "external.jsonl"
    assert path.stat().st_mode & 0o777 == 0o600
    with path.open("ab") as torn:
        torn.write(b'{"url": "http://to')
    assert [one["url"] for one in read_answers(tmp_path, NOW())] == ["http://new/"] * 2
    with kept_answers(tmp_path, NOW()):
        pass
    assert [json.loads(line)["url"] for line in path.read_bytes().splitlines()] == ["http://new/"]


async def test_a_host_that_says_for_how_long_is_left_alone_by_later_runs_too():
    """The report itself says to run the same command again."""
    async with FaultServer() as server:
        later = {"status": 429, "headers": [("Retry-After", "3600")], "body": b""}
        server.on("/busy", later)
        first = (await asked([server.url("/busy"), server.url("/other")]))[server.url("/busy")]
        assert first.left_alone_until is not None
        assert 3_590_000 < first.left_alone_until - NOW() <= 3_600_000
        before = server.paths()
        holds = {host_key(first.final_url): first.left_alone_until}
        assert await asked([server.url("/other")], holds=holds) == {}
        assert server.paths() == before
        passed = {host_key(first.final_url): NOW()}
        assert set(await asked([server.url("/other")], holds=passed)) == {server.url("/other")}
