"""Which URLs a crawl follows, over real sockets: scope, globs, redirects, nofollow, headers."""

import json
from pathlib import Path

import pytest

from tests.support.crawl import Crawl, poll
from tests.support.web import Answer, Web, page, redirect

FAST = ("--delay", "0", "-p", "1", "--retries", "0")

MIXED = {
    "/": page("/docs/", "/other", "http://{1}/"),
    "/docs/": page("/docs/a", "/docs/sub/b", "/docsother", "/", "http://{1}/docs/x"),
    "/docs/a": page(),
    "/docs/sub/b": page(),
    "/docsother": page(),
    "/other": page(),
    "1/": page("/far"),
    "/far": page(),
    "/docs/x": page(),
}


def _paths(crawl: Crawl, web: Web) -> set[str]:
    """URLs of the records, hosts as `0/` and `1/`."""
    found = crawl.counts()
    assert not [url for url, times in found.items() if times > 1]
    hosts = [url.split("/")[2] for url in found]
    return {
        f"{web.hosts.index(host)}/{url.partition(host + '/')[2]}"
        for url, host in zip(found, hosts, strict=True)
    }


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (("--scope", "page"), {"0/docs/"}),
        (("--scope", "prefix"), {"0/docs/", "0/docs/a", "0/docs/sub/b"}),
        (
            ("--scope", "host"),
            {"0/", "0/docs/", "0/docs/a", "0/docs/sub/b", "0/docsother", "0/other"},
        ),
        (
            ("--scope", "any", "--include", "*/docs/*"),
            {"0/docs/", "0/docs/a", "0/docs/sub/b", "1/docs/x"},
        ),
        (
            ("--scope", "any", "--exclude", "*/docs/*", "--exclude", "*{1}*"),
            {"0/docs/", "0/docsother", "0/", "0/other"},
        ),
        (
            ("--scope", "any"),
            {"0/", "0/docs/", "0/docs/a", "0/docs/sub/b", "0/docsother", "0/other"}
            | {"1/", "1/far", "1/docs/x"},
        ),
    ],
    ids=["page", "prefix", "host", "include", "exclude", "any"],
)
def test_scope_and_globs(tmp_path: Path, flags: tuple[str, ...], expected: set[str]) -> None:
    with Web(MIXED) as web:
        crawl = Crawl(
            tmp_path / "job", web.url("/docs/"), *FAST, *(web.fill(flag) for flag in flags)
        )
        assert crawl.run() == 0, crawl.err
        assert _paths(crawl, web) == expected


def test_domain_scope(tmp_path: Path) -> None:
    """An address is its own domain: the other address stays out."""
    with Web(MIXED) as web:
        crawl = Crawl(tmp_path / "job", web.url("/docs/"), *FAST, "--scope", "domain")
        assert crawl.run() == 0, crawl.err
        assert all(web.hosts[0] in url for url in crawl.counts())
        assert len(crawl.counts()) == 6


def test_each_hop_of_a_redirect_is_a_record(tmp_path: Path) -> None:
    """A chain, a loop, one to nowhere, one that never ends: nothing is fetched twice."""
    pages = {
        "/": page("/one", "/loop", "/self", "/bad", "/many0"),
        "/one": redirect("/two", 301),
        "/two": redirect("/three", 308),
        "/three": page(),
        "/loop": redirect("/pool"),
        "/pool": redirect("/loop"),
        "/self": redirect("/self"),
        "/bad": redirect("http://["),
    } | {f"/many{n}": redirect(f"/many{n + 1}") for n in range(20)}
    with Web(pages) as web:
        crawl = Crawl(tmp_path / "job", web.url("/"), *FAST)
        assert crawl.run() == 0, crawl.err
        asked = web.paths()
        assert len(asked) == len(set(asked))
        found = {r["url"].removeprefix(web.url("")): r for r in crawl.records()}
        assert [found[path]["status"] for path in ("/one", "/two", "/three")] == [301, 308, 200]
        assert found["/one"]["final_url"] == web.url("/two")
        assert found["/three"]["redirects"] == [web.url("/one"), web.url("/two")]
        assert found["/three"]["depth"] == 1
        assert {found["/loop"]["error"], found["/pool"]["error"]} == {None, "redirect_loop"}
        assert found["/self"]["error"] == "redirect_loop"
        assert found["/bad"]["error"] == "bad_redirect"
        assert found["/many10"]["error"] == "too_many_redirects"
        assert "/many11" not in found
        assert set(asked) == set(found)


def test_a_redirect_out_of_scope_is_refused_and_counted(tmp_path: Path) -> None:
    """A page must not be able to send the crawl to another host."""
    with Web({"0/": page("/go"), "/go": redirect("http://{1}/there"), "/there": page()}) as web:
        crawl = Crawl(tmp_path / "job", web.url("/"), *FAST)
        assert crawl.run() == 0, crawl.err
        assert _paths(crawl, web) == {"0/", "0/go"}
        assert web.paths(host=1) == []
        manifest = json.loads((crawl.job / "manifest.json").read_text())
        assert manifest["counters"]["refused:scope"] == 1


def test_a_redirected_seed_widens_the_scope(tmp_path: Path) -> None:
    """`example.org` leads to `www.example.org`: without its host the crawl would be one record."""
    pages = {
        "0/": redirect("http://{1}/home"),
        "1/home": page("/more", "http://{0}/still-in"),
        "1/more": page(),
        "0/still-in": page(),
    }
    with Web(pages) as web:
        crawl = Crawl(tmp_path / "job", web.url("/"), *FAST)
        assert crawl.run() == 0, crawl.err
        assert _paths(crawl, web) == {"0/", "1/home", "1/more", "0/still-in"}
        # Readers were told in time: reading the records again brought nothing more.
        assert [event["links"] for event in crawl.events("records_reread")] == [0]


LATE = {
    "0/": page("/go", "http://{1}/early", '<a rel=nofollow href="http://{1}/nofollow">x</a>'),
    "0/quiet": Answer(page("http://{1}/quiet").body, headers={"X-Robots-Tag": "nofollow"}),
    "0/hop": redirect("http://{1}/target"),
    "0/go": page("/quiet", "/hop", "http://{1}/a/a/a/a/a/trap", "http://127.0.20.9:1/never"),
    "0/late": redirect("http://{1}/late"),
    "1/early": page("/next"),
    "1/next": page(),
    "1/target": page(),
    "1/late": page(),
}
AFTER = {"0/", "0/go", "0/quiet", "0/hop", "0/late", "1/late", "1/early", "1/next", "1/target"}


def test_links_refused_before_a_seed_was_redirected_come_back(tmp_path: Path) -> None:
    """The scope is known only when the slowest seed has answered; pages before it were judged
    without."""
    held = LATE | {"0/late": redirect("http://{1}/late")._replace(held=True)}
    with Web(held) as web:
        seeds = tmp_path / "seeds.txt"
        seeds.write_text(web.url("/") + "\n" + web.url("/late") + "\n")
        crawl = Crawl(tmp_path / "job", seeds, *FAST).start()
        _wait_for_records(crawl, 4)
        assert web.paths(host=1) == []
        web.release.set()
        assert crawl.wait() == 0, crawl.err
        assert _paths(crawl, web) == AFTER
        target = next(r for r in crawl.records() if r["url"] == web.url("/target", host=1))
        assert target["redirects"] == [web.url("/hop")]
        assert crawl.events("scope_widened")
        before = len(web.asked)
        assert crawl.run() == 0, crawl.err
        assert len(web.asked) == before
        assert len(crawl.events("scope_widened")) == 1, "it is read again once, not at each start"


def test_links_refused_before_a_seed_was_added_come_back(tmp_path: Path) -> None:
    with Web(LATE) as web:
        crawl = Crawl(tmp_path / "job", web.url("/"), *FAST)
        assert crawl.run() == 0, crawl.err
        assert _paths(crawl, web) == {"0/", "0/go", "0/quiet", "0/hop"}
        assert not crawl.events("scope_widened"), "nothing to pay for without a new root"
        more = Crawl(tmp_path / "job", web.url("/late"), *FAST)
        assert more.run() == 0, more.err
        assert _paths(more, web) == AFTER
        asked = [(one.host, one.path) for one in web.asked if one.path != "/robots.txt"]
        assert len(asked) == len(set(asked)), "nothing is fetched twice"


def test_nofollow_is_obeyed(tmp_path: Path) -> None:
    """On a link, in the page's head, in the header; what the page says to another robot is not."""
    pages = {
        "/": page(
            '<a rel="external nofollow" href="/link">x</a>', "/meta", "/none", "/header", "/others"
        ),
        "/meta": page("/from-meta", head='<meta name="robots" content="noindex, NoFollow">'),
        "/none": page("/from-none", head='<meta name="quasicrawler" content="none">'),
        "/header": page("/from-header")._replace(headers={"X-Robots-Tag": "nofollow"}),
        "/others": page("/from-others")._replace(headers={"X-Robots-Tag": "otherbot: nofollow"}),
    }
    with Web(pages) as web:
        crawl = Crawl(tmp_path / "job", web.url("/"), *FAST)
        assert crawl.run() == 0, crawl.err
        assert _paths(crawl, web) == {
            *("0/", "0/meta", "0/none", "0/header", "0/others", "0/from-others")
        }
        found = {r["url"].removeprefix(web.url("")): r for r in crawl.records()}
        assert found["/"]["nofollow"] == [web.url("/link")]
        assert web.url("/link") in found["/"]["links"]
        assert found["/meta"]["links"] == [web.url("/from-meta")]
        assert found["/meta"]["robots"] == "noindex, nofollow"
        flagged = {path for path, record in found.items() if record["noindex"]}
        assert flagged == {"/meta", "/none"}


def test_headers_go_to_named_hosts_only(tmp_path: Path) -> None:
    """A password for one site must not reach another that it links to, nor one that a redirected
    seed adds."""
    pages = {
        "0/": page("/a", "http://{1}/linked"),
        "0/a": page(),
        "0/seed": redirect("http://{2}/added"),
    }
    with Web(pages, ("127.0.20.1", "127.0.20.2", "127.0.20.3")) as web:
        seeds = tmp_path / "seeds.txt"
        seeds.write_text(web.url("/") + "\n" + web.url("/seed") + "\n")
        crawl = Crawl(
            tmp_path / "job", seeds, *FAST, "--scope", "any", "-H", "Authorization: Basic s3cret"
        )
        assert crawl.run() == 0, crawl.err
        assert web.paths(host=1)
        assert web.paths(host=2)
        named = [a for a in web.asked if a.host == web.hosts[0] and a.path != "/robots.txt"]
        others = [a for a in web.asked if a.host != web.hosts[0]]
        assert all(a.headers.get("Authorization") == "Basic s3cret" for a in named)
        assert not any("Authorization" in a.headers for a in others)
        everything = b"".join(p.read_bytes() for p in crawl.job.rglob("*") if p.is_file())
        assert b"s3cret" not in everything


def test_the_agent_is_honest(tmp_path: Path) -> None:
    with Web({"/": page()}) as web:
        crawl = Crawl(tmp_path / "job", web.url("/"), *FAST)
        assert crawl.run() == 0, crawl.err
        agents = {asked.headers["User-Agent"] for asked in web.asked}
        assert len(agents) == 1
        agent = agents.pop()
        assert agent.startswith("QuasiCrawler/")
        assert "tests@example.org" in agent
        assert not any("Cookie" in asked.headers for asked in web.asked)


def _wait_for_records(crawl: Crawl, count: int) -> None:
    poll(lambda: len(crawl.records_so_far()) >= count, f"{count} records")
