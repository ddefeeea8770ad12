"""Addresses that are not public stay out of reach of a whole crawl, whichever way leads there."""

from pathlib import Path

from tests.support.crawl import Crawl
from tests.support.web import Web, page, redirect

ADDRESSES = ("127.0.24.1", "127.0.24.2", "127.0.25.1")

PAGES = {
    "0/": page("http://{2}/linked", "/moved", "/refreshed", "http://{1}/", "http://{0}@{2}/user"),
    "0/moved": redirect("http://{2}/target"),
    "0/refreshed": page(head='<meta http-equiv=refresh content="0; url=http://{2}/refresh">'),
    "1/": page(),
    "1/robots.txt": redirect("http://{2}/rules"),
    "2/linked": page(),
    "2/target": page(),
}


def test_links_redirects_and_robots_lead_to_no_closed_address(tmp_path: Path) -> None:
    """`--allow-net` opens the ranges it names and no others: what is beside them would be read by
    any page that links or redirects to it, or by a robots.txt that does."""
    with Web(PAGES, ADDRESSES) as web:
        crawl = Crawl(
            *(tmp_path / "job", web.url("/"), "--delay", "0", "-p", "1", "--retries", "0"),
            *("--scope", "any", "--max-wait", "0"),
        )
        at = crawl.command.index("--allow-net")
        crawl.command[at + 1] = "127.0.24.0/24"
        assert crawl.run() in (0, 7), crawl.err
        closed = web.hosts[2]
        assert {asked.host for asked in web.asked} == set(web.hosts[:2])
        assert "/rules" not in web.paths()
        found = {r["url"]: r["error"] for r in crawl.records()}
        refused = {url: error for url, error in found.items() if f"//{closed}/" in url}
        assert set(refused.values()) == {"blocked_address"}
        assert found[web.url("/moved")] is None
        assert found[web.url("/refreshed")] is None
        assert web.url("/", host=1) not in found, "it waits for rules that nobody may fetch"


def test_the_environments_proxy_sees_nothing(tmp_path: Path) -> None:
    """A variable of the shell would send all requests to a machine that nobody named here."""
    with Web({"/": page("/a"), "/a": page()}) as web, Web({}, ("127.0.26.1",)) as proxy:
        crawl = Crawl(tmp_path / "job", web.url("/"), "--delay", "0", "-p", "1")
        names = ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY")
        crawl.command[:0] = ["env", *(f"{name}={proxy.url('')}" for name in names)]
        assert crawl.run() == 0, crawl.err
        assert len(crawl.records()) == 2
        assert proxy.asked == []
