"""Pages that only a sitemap names are crawled, once each, whatever is killed in between."""

import gzip
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.support.crawl import Crawl, poll
from tests.support.web import Answer, Web, page, redirect

XML = "application/xml"


def urlset(*targets: str) -> bytes:
    urls = "".join(
        f"<url><loc>http://{{0}}{target}</loc><lastmod>2026-01-01</lastmod></url>"
        for target in targets
    )
    return f"<urlset>{urls}</urlset>".encode()


def index(*targets: str) -> bytes:
    maps = "".join(f"<sitemap><loc>http://{{0}}{target}</loc></sitemap>" for target in targets)
    return f"<sitemapindex>{maps}</sitemapindex>".encode()


ROBOTS = "User-agent: *\nDisallow: /private\n" + "".join(
    f"Sitemap: http://{{0}}{path}\n"
    for path in ("/index.xml", "/moved.xml", "/missing.xml", "/private/s.xml", "/broken.xml")
)
PAGES = {
    "/": page("/linked", "/index.xml"),
    "/robots.txt": Answer(
        (ROBOTS + "Sitemap: http://{1}/other.xml\n").encode(), content_type="text/plain"
    ),
    "/index.xml": Answer(index("/one.xml", "/two.txt", "/index.xml"), content_type=XML),
    "/one.xml": Answer(urlset("/a", "/b", "/linked", "/private/x"), content_type=XML),
    "/two.txt": Answer(b"http://{0}/c\nhttp://{1}/elsewhere\n", content_type="text/plain"),
    "/moved.xml": redirect("/target.xml"),
    "/target.xml": Answer(urlset("/d?utm_source=map"), content_type=XML),
    "/broken.xml": Answer(urlset("/e")[:-5], content_type=XML),
    "/private/s.xml": Answer(urlset("/never"), content_type=XML),
    **{path: page() for path in ("/a", "/b", "/c", "/d", "/e", "/linked", "/never")},
}
READ = ["/a", "/b", "/c", "/d", "/e", "/linked", "/", "/index.xml"]


def ready(crawl: Crawl) -> int:
    return crawl._ask("SELECT value FROM counters WHERE name='ready'")


def status_of(crawl: Crawl) -> str:
    command = [sys.executable, "-m", "crawler", "status", "--job", str(crawl.job)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def crawl_of(web: Web, tmp_path: Path, *flags: str) -> Crawl:
    return Crawl(tmp_path / "job", web.url("/"), "--delay", "0", "-p", "1", *flags)


def test_every_page_of_the_sitemaps_is_read_once(tmp_path: Path) -> None:
    with Web(PAGES) as web:
        crawl = crawl_of(web, tmp_path)
        assert crawl.run() == 0, crawl.err
        records = crawl.records()
        asked = Counter(ask.path for ask in web.asked if ask.host == web.hosts[0])
        # The same address as a sitemap and as a page: asked for as each of them.
        assert asked.pop("/index.xml") == 2
        assert set(asked.values()) == {1}
        assert sorted(r["url"] for r in records) == sorted(web.url(path) for path in READ)
        parents = {r["url"]: r["parent"] for r in records}
        assert parents[web.url("/a")] == web.url("/one.xml")
        assert parents[web.url("/d")] == web.url("/target.xml")
        assert {r["depth"] for r in records if r["url"] != web.url("/")} == {1}
        assert not {"/private/s.xml", "/private/x", "/never"} & set(asked)
        assert not any(ask.host == web.hosts[1] for ask in web.asked)
        counters = json.loads((crawl.job / "manifest.json").read_text())["counters"]
        assert counters["sitemaps"] == 7
        assert counters["sitemap_failures"] == 1
        assert counters["records"] == len(READ)
        assert "sitemaps 7, 1 failure" in status_of(crawl)
        assert crawl.run() == 0
        assert sum(ask.path.endswith(".xml") for ask in web.asked) == 7


@pytest.mark.parametrize("flags", [("--no-sitemaps",), ("--depth", "0"), ("--scope", "page")])
def test_no_sitemap_is_asked_for(tmp_path: Path, flags: tuple[str, ...]) -> None:
    with Web(PAGES) as web:
        crawl = crawl_of(web, tmp_path, *flags)
        assert crawl.run() == 0, crawl.err
        paths = {ask.path for ask in web.asked}
        assert not {"/one.xml", "/moved.xml", "/broken.xml", "/a"} & paths


def test_a_kill_loses_nothing_of_a_large_sitemap(tmp_path: Path) -> None:
    """The links go in by chunks and the sitemap's own outcome last: killed in between, it is read
    again and doubles nothing."""
    many = [f"/p{number}" for number in range(12_000)]
    packed = gzip.compress(urlset(*many).replace(b"{0}", b"%b"))

    def answer(path: str) -> Answer | None:
        if path == "/s.xml.gz":
            body = gzip.decompress(packed).replace(b"%b", web.hosts[0].encode())
            return Answer(gzip.compress(body), content_type="application/gzip")
        return page() if path.startswith("/p") else None

    robots = Answer(b"Sitemap: http://{0}/s.xml.gz\n", content_type="text/plain")
    with Web({"/": page(), "/robots.txt": robots}, endless=answer) as web:
        crawl = crawl_of(web, tmp_path, "--max-pages", "300")
        for _ in range(3):
            crawl.start()
            poll(lambda: ready(crawl) > 100 and crawl.leased(), "links of the sitemap")
            crawl.kill_group()
            crawl.reap()
        assert crawl.run() == 0, crawl.err
        records = crawl.records()
        assert len({r["url"] for r in records}) == len(records) == 300
