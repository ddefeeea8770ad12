"""Trying one URL: each rule of a crawl decides as in a crawl, and each wait is kept."""

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest

from crawler.clock import job_clock, new_offset_ms
from crawler.errors import UrlRejected
from crawler.model.record import RECORD_KEYS
from crawler.model.site import Cookie, Site
from crawler.pipeline.trying.around import around_seeds
from crawler.pipeline.trying.trial import Trial
from crawler.pipeline.trying.trying import try_url
from tests.support.fault_server import FaultServer
from tests.support.fetch import make_plan
from tests.support.ports import free_port
from tests.support.web import Answer, Web, page, redirect

pytestmark = pytest.mark.component
HOSTS = ("127.0.41.1", "127.0.41.2")
ROBOTS = b"# rules\nUser-agent: *\nDisallow: /private/\nAllow: /private/map\n"


def robots(body: bytes = ROBOTS) -> Answer:
    return Answer(body, content_type="text/plain")


class Waits:
    """What was said of waits."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int]] = []

    def __call__(self, host: str, wait_ms: int) -> None:
        self.told.append((host, wait_ms))


async def tried(url: str, seeds: Sequence[str] = (), **flags: Any) -> Trial:
    more = {name: flags.pop(name) for name in ("kept", "on_wait") if name in flags}
    plan = make_plan(retries=0, **flags)
    around = around_seeds(url, seeds, plan) if seeds else None
    return await try_url(url, plan, job_clock(new_offset_ms()), around=around, **more)


async def test_a_page_has_its_record_as_a_crawl_writes_it() -> None:
    """Selectors would be written against something that no crawl sees."""
    head = "<title>One</title><meta name=description content=Two>"
    with Web({"/": page("/a", head=head)}, HOSTS) as web:
        trial = await tried(web.url())
    assert (trial.outcome.what, trial.exit_code) == ("response", 0)
    assert trial.record is not None
    assert tuple(trial.record) == RECORD_KEYS
    assert (trial.record["title"], trial.record["description"]) == ("One", "Two")
    assert (trial.record["depth"], trial.record["visit"], trial.record["attempts"]) == (0, 1, 1)
    assert [asked.path for asked in web.asked] == ["/robots.txt", "/"]
    (hop,) = trial.hops
    assert hop.response is not None
    assert (hop.response.status, hop.response.bytes) == (200, trial.record["bytes"])


async def test_robots_forbids_and_names_the_line() -> None:
    """The page would be asked for although its owner said no."""
    with Web({"/robots.txt": robots()}, HOSTS) as web:
        trial = await tried(web.url("/private/x"))
        allowed = await tried(web.url("/private/map"))
    assert (trial.outcome.what, trial.outcome.reason, trial.exit_code) == ("refused", "robots", 6)
    assert trial.robots is not None
    assert (trial.robots.verdict, trial.robots.line) == ("forbidden", 3)
    assert trial.robots.rule == "Disallow: /private/"
    assert trial.record is None
    assert allowed.robots is not None
    assert (allowed.robots.verdict, allowed.robots.line) == ("allowed", 4)
    assert web.paths() == ["/private/map"]


async def test_without_robots_nothing_is_asked_of_it() -> None:
    with Web({"/robots.txt": robots(), "/private/x": page()}, HOSTS) as web:
        trial = await tried(web.url("/private/x"), robots=False)
    assert trial.robots is not None
    assert (trial.robots.verdict, trial.exit_code) == ("off", 0)
    assert [asked.path for asked in web.asked] == ["/private/x"]


@pytest.mark.parametrize("status", [500, 503])
async def test_a_robots_txt_that_fails_puts_the_page_off(status: int) -> None:
    """A page would be fetched while its owner's rules are not known."""
    with Web({"/robots.txt": Answer(b"", status), "/": page()}, HOSTS) as web:
        trial = await tried(web.url())
    assert (trial.outcome.what, trial.exit_code) == ("deferred", 7)
    assert trial.robots is not None
    assert (trial.robots.verdict, trial.robots.status) == ("deferred", status)
    assert web.paths() == []


async def test_each_hop_is_judged_by_the_rules_of_its_own_host() -> None:
    """A redirect would lead around the robots.txt of where it goes."""
    pages = {
        "0/go": redirect("http://{1}/next"),
        "1/next": redirect("http://{1}/private/x"),
        "1/robots.txt": robots(),
        "1/private/x": page(),
    }
    with Web(pages, HOSTS) as web:
        trial = await tried(web.url("/go"))
    urls = [web.url("/go"), web.url("/next", 1), web.url("/private/x", 1)]
    assert [hop.url for hop in trial.hops] == urls
    verdicts = [hop.robots.verdict for hop in trial.hops if hop.robots is not None]
    assert verdicts == ["allowed", "allowed", "forbidden"]
    assert (trial.outcome.what, trial.outcome.reason) == ("refused", "robots")
    first, second, last = trial.hops
    assert first.record is not None
    assert second.record is not None
    assert (first.record["status"], first.record["final_url"]) == (302, urls[1])
    assert second.record["redirects"] == [urls[0]]
    assert last.record is None
    assert web.paths() == ["/go", "/next"]
    assert [asked.path for asked in web.asked].count("/robots.txt") == 2


async def test_a_seeds_redirect_leads_out_of_its_host_a_links_does_not() -> None:
    """As in a crawl: else one of the two is seen here that a crawl does not do."""
    with Web({"0/go": redirect("http://{1}/x"), "1/x": page()}, HOSTS) as web:
        seed = await tried(web.url("/go"))
        link = await tried(web.url("/go"), [web.url("/")])
        named = await tried(web.url("/go"), [web.url("/"), web.url("/go")])
    assert [seed.outcome.what, link.outcome.what, named.outcome.what] == [
        "response",
        "refused",
        "response",
    ]
    assert (link.outcome.reason, link.hops[-1].url) == ("scope", web.url("/x", 1))
    assert link.hops[-1].robots is None


async def test_a_loop_of_redirects_ends() -> None:
    with Web({"/a": redirect("/b"), "/b": redirect("/a")}, HOSTS) as web:
        trial = await tried(web.url("/a"))
    assert (trial.outcome.what, trial.outcome.reason) == ("failed", "redirect_loop")
    assert web.paths() == ["/a", "/b"]
    assert trial.exit_code == 6


@pytest.mark.parametrize(
    ("path", "flags", "reason"),
    [
        ("/x", {"scope": "page"}, "scope"),
        ("/x?a=1", {"exclude": ("*?a=*",)}, "exclude"),
        ("/x", {"include": ("*/y",)}, "include"),
        ("/a/a/a/a/a", {}, "path_repetition"),
    ],
)
async def test_what_a_crawl_would_not_take_is_not_asked_for(
    path: str, flags: dict[str, Any], reason: str
) -> None:
    """The word is the one that the counters of a crawl have."""
    with Web({}, HOSTS) as web:
        trial = await tried(web.url(path), [web.url("/")], **flags)
    assert (trial.outcome.what, trial.outcome.reason, trial.exit_code) == ("refused", reason, 6)
    assert web.asked == []


async def test_a_log_out_is_not_followed_where_the_site_knows_the_crawl() -> None:
    with Web({}, HOSTS) as web:
        session = Cookie(HOSTS[0], False, "/", False, None, "sid", "1")
        trial = await tried(web.url("/logout"), [web.url("/")], cookies=(session,))
    assert (trial.outcome.reason, trial.trap) == ("logout", "logout")


async def test_an_address_that_is_not_public_is_not_connected_to() -> None:
    """The try would be a way around what guards a crawl."""
    with Web({"/": page()}, HOSTS) as web:
        trial = await tried(web.url(), allow_net=())
        bare = await tried(web.url(), allow_net=(), robots=False)
    for one in (trial, bare):
        assert (one.outcome.what, one.outcome.reason) == ("failed", "blocked_address")
        assert one.record is not None
        assert (one.record["error"], one.exit_code) == ("blocked_address", 6)
    assert web.asked == []


async def test_nobody_there() -> None:
    trial = await tried(f"http://127.0.0.1:{free_port()}/")
    assert (trial.outcome.what, trial.outcome.reason) == ("failed", "connect")
    assert trial.robots is not None
    assert trial.robots.verdict == "unreachable"
    name = await tried("http://no-such-name.invalid/")
    assert (name.outcome.what, name.outcome.reason) in [
        ("failed", "dns"),
        ("deferred", "robots.txt"),
    ]


async def test_not_found_is_a_response_and_its_links_are_not_followed() -> None:
    missing = page("/a")._replace(status=404)
    with Web({"/x": missing}, HOSTS) as web:
        trial = await tried(web.url("/x"))
    assert (trial.outcome.what, trial.exit_code) == ("response", 0)
    assert [(link.url, link.reason) for link in trial.links.refused] == [(web.url("/a"), "status")]


async def test_no_html_is_a_record_without_text() -> None:
    with Web({"/x": Answer(b"%PDF-1.4", content_type="application/pdf")}, HOSTS) as web:
        trial = await tried(web.url("/x"))
    assert trial.record is not None
    assert (trial.record["text"], trial.record["bytes"]) == (None, 8)
    assert trial.exit_code == 0


async def test_every_link_is_kept_or_refused_with_its_reason() -> None:
    """A person asks why a link was not followed; the page has all of them."""
    body = page("/a", "/", "/private/x", "/private/map", "http://{1}/", "/a/a/a/a/a", "/x?q=1").body
    body += b'<a href="/nf" rel=nofollow>x</a>'
    pages = {"/": Answer(body), "/robots.txt": robots()}
    with Web(pages, HOSTS) as web:
        trial = await tried(web.url(), exclude=("*?q=*",))
    assert [link.url for link in trial.links.kept] == [web.url("/a"), web.url("/private/map")]
    assert {link.url.split("/", 3)[3]: link.reason for link in trial.links.refused} == {
        "": "scope",  # of the other host; the page's own is below
        "private/x": "robots",
        "a/a/a/a/a": "path_repetition",
        "x?q=1": "exclude",
        "nf": "nofollow",
    }
    assert trial.links.reasons["known"] == 1
    assert trial.record is not None
    count = len(trial.links.kept) + len(trial.links.refused)
    assert count == len(trial.record["links"])  # type: ignore[arg-type]
    assert sum(trial.links.reasons.values()) == len(trial.links.refused)


async def test_depth_and_page_wide_nofollow_hold_for_links() -> None:
    head = "<meta name=robots content=nofollow>"
    with Web({"/": page("/a"), "/n": page("/a", head=head)}, HOSTS) as web:
        deep = await tried(web.url(), max_depth=0)
        forbidden = await tried(web.url("/n"))
    assert deep.links.reasons == {"depth": 1}
    assert forbidden.links.reasons == {"nofollow": 1}
    assert deep.links.kept == forbidden.links.kept == ()


async def test_what_is_asked_for_beside_is_in_the_record() -> None:
    """A crawl would bring what its try did not show."""
    text = "<article><h1>Tides</h1>" + "<p>The tide is late on Mondays, as ever.</p>" * 20
    with Web({"/": page(text=text + "</article>")}, HOSTS) as web:
        trial = await tried(web.url(), main_text=True, simhash=True)
    assert trial.record is not None
    assert "The tide is late" in str(trial.record["main_text"])
    assert trial.record["simhash"]


async def test_requisites_are_named_where_a_crawl_fetches_them() -> None:
    """An image of another host is fetched, and a link to that host is not: both must show."""
    body = page("http://{1}/x", text='<img src="http://{1}/i.png"><img src="/no.png">')
    with Web({"/": body}, HOSTS) as web:
        trial = await tried(web.url(), requisites=True, exclude=("*no*",))
        without = await tried(web.url())
    assert [(link.url, link.kind) for link in trial.links.kept] == [
        (web.url("/i.png", 1), "requisite")
    ]
    assert [(link.url, link.kind, link.reason) for link in trial.links.refused] == [
        (web.url("/x", 1), "page", "scope"),
        (web.url("/no.png"), "requisite", "exclude"),
    ]
    assert without.links.kept == ()


async def test_the_delay_of_a_host_is_kept_between_all_requests() -> None:
    """Whoever tries often would be the least polite of all crawlers."""
    async with FaultServer(address=HOSTS[0]) as server:
        server.on("/robots.txt", {"body": b"User-agent: *\nCrawl-delay: 0.3\n"})
        server.on("/go", {"status": 302, "headers": [("Location", "/a")]})
        waits = Waits()
        await tried(server.url("/go"), delay_ms=100, on_wait=waits)
        times = [request.at for request in server.requests]
        assert server.paths() == ["/robots.txt", "/go", "/a"]
    assert min(later - sooner for sooner, later in pairwise(times)) >= 0.299
    assert [host for host, _ in waits.told] == [server.host] * 2


async def test_headers_go_to_the_named_host_only() -> None:
    """A secret would go wherever a page points to."""
    with Web({"0/go": redirect("http://{1}/x"), "1/x": page()}, HOSTS) as web:
        await tried(web.url("/go"), headers=(("X-Key", "1"),))
    with_key = [asked.path for asked in web.asked if "X-Key" in asked.headers]
    assert with_key == ["/go"]


async def test_a_retry_that_would_be_long_is_not_waited_for() -> None:
    """`Retry-After: 3600` would be an hour at the terminal."""
    busy = Answer(b"", 503, {"Retry-After": "3600"})
    with Web({"/": busy}, HOSTS) as web:
        trial = await try_url(web.url(), make_plan(), job_clock(new_offset_ms()))
    assert (trial.outcome.what, trial.outcome.reason) == ("deferred", "http_503")
    assert (trial.exit_code, web.paths()) == (7, ["/"])


async def test_a_site_table_holds_for_its_host() -> None:
    with Web({"/": page()}, HOSTS) as web:
        site = Site(match=web.hosts[0], user_agent="Other/1", delay_ms=0)
        trial = await tried(web.url(), sites=(site,))
        assert trial.hops[0].site == f"[[site]] {web.hosts[0]}: delay, user_agent"
    assert {asked.headers["User-Agent"] for asked in web.asked} == {"Other/1"}


async def test_cookies_that_a_site_sets_are_not_shown() -> None:
    with Web({"/": page()._replace(headers={"Set-Cookie": "sid=secret"})}, HOSTS) as web:
        trial = await tried(web.url())
    assert "secret" not in json.dumps(trial.as_json())


@pytest.mark.parametrize("text", ["", "mailto:a@b.example", "http://[", "word"])
async def test_what_is_no_url_is_refused(text: str) -> None:
    with pytest.raises(UrlRejected):
        await tried(text)
