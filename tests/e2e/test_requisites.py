"""Requisites: what pages need is fetched once, wherever it lies, by the rules of the web."""

import hashlib
import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from crawler.sink.bodies import open_body
from tests.support.crawl import Crawl, poll
from tests.support.web import Answer, Web, page, redirect

PNG = Answer(b"\x89PNG\r\n\x1a\n" + bytes(90), content_type="image/png")
JS = Answer(b"document.title = 'x';", content_type="text/javascript")


def css(text: str) -> Answer:
    return Answer(text.encode(), content_type="text/css")


HEAD = (
    '<link rel="stylesheet" href="http://{1}/site.css"><link rel="icon" href="/icon.png">'
    '<link rel="next" href="/not-needed"><script src="/app.js"></script>'
)
PAGES = {
    "/": page(
        "/two",
        "/big.png",
        '<img src="/big.png"><img src="/small.png" srcset="/small@2x.png 2x"><img src="/gone.png">',
        '<img src="/soft.png"><img src="/moved.png"><img src="/private/no.png">',
        '<iframe src="/frame"></iframe><iframe src="http://{1}/elsewhere"></iframe>',
        head=HEAD,
    ),
    "/two": page("/", '<img src="/small.png"><img src="http://{1}/other.png">', head=HEAD),
    "/frame": page('<img src="/in-frame.png">'),
    "/soft.png": page("/behind-an-image", '<img src="/of-no-page.png">'),
    "/moved.png": redirect("http://{1}/target.png"),
    "/robots.txt": Answer(b"User-agent: *\nDisallow: /private\n", content_type="text/plain"),
    "/app.js": JS,
    **{f"/{name}.png": PNG for name in ("big", "small", "small@2x", "icon", "in-frame")},
    "/behind-an-image": page(),
    "/of-no-page.png": PNG,
    "/site.css": css('@import "more.css"; body { background: url(bg.png) }'),
    "/more.css": css("@font-face { src: url('/font.woff2') } @import url(deeper.css)"),
    "/deeper.css": css('@import "deepest.css"; b { background: url(deep.png) }'),
    **{f"/{name}.png": PNG for name in ("bg", "deep", "other", "target")},
    "/font.woff2": Answer(b"wOF2", content_type="font/woff2"),
}
HERE = ["/", "/two", "/frame", "/big.png", "/small.png", "/small@2x.png", "/icon.png", "/app.js"]
HERE += ["/gone.png", "/soft.png", "/moved.png", "/in-frame.png"]
THERE = ["/site.css", "/more.css", "/deeper.css", "/bg.png", "/font.woff2", "/other.png"]
THERE += ["/target.png"]


def crawl_of(web: Web, tmp_path: Path, *flags: str) -> Crawl:
    common = ("--delay", "0", "-p", "1", "--requisites")
    return Crawl(tmp_path / "job", web.url("/"), *common, *flags)


def asked(web: Web) -> tuple[Counter[str], Counter[str]]:
    """What each of the two hosts was asked for, robots.txt left out."""
    here, there = (
        Counter(a.path for a in web.asked if a.host == host and a.path != "/robots.txt")
        for host in web.hosts
    )
    return here, there


def kinds(crawl: Crawl, web: Web) -> dict[str, str]:
    return {r["url"].partition(f":{web.port}")[2]: r["kind"] for r in crawl.records()}


def manifest(crawl: Crawl) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((crawl.job / "manifest.json").read_text())
    return found


def counters(crawl: Crawl) -> dict[str, Any]:
    found: dict[str, Any] = manifest(crawl)["counters"]
    return found


def test_requisites_of_two_hosts_are_fetched_once_each(tmp_path: Path) -> None:
    """One that is missing shows in every replay; one that comes twice is a burden for the site."""
    with Web(PAGES) as web:
        crawl = crawl_of(web, tmp_path)
        assert crawl.run() == 0, crawl.err
        here, there = asked(web)
        assert here == dict.fromkeys(HERE, 1)
        assert there == dict.fromkeys(THERE, 1)
        # Rules of the other host were asked for before anything else was.
        assert next(a.path for a in web.asked if a.host == web.hosts[1]) == "/robots.txt"
        records = {r["url"]: r for r in crawl.records()}
        assert len(records) == len(crawl.records()) == len(HERE) + len(THERE)
        pages = {path for path, kind in kinds(crawl, web).items() if kind == "page"}
        # What is linked is a page; a frame is one too, in scope only.
        assert pages == {"/", "/two", "/frame", "/big.png"}
        sheet = records[f"http://{web.hosts[1]}/site.css"]
        assert (sheet["depth"], sheet["content_type"], sheet["text"]) == (0, "text/css", None)
        assert records[f"http://{web.hosts[1]}/font.woff2"]["parent"].endswith("/more.css")
        target = records[f"http://{web.hosts[1]}/target.png"]
        assert target["redirects"] == [web.url("/moved.png")]
        soft = records[web.url("/soft.png")]
        assert (soft["content_type"], soft["links"]) == ("text/html; charset=utf-8", [])
        found = counters(crawl)
        assert (found["pages"], found["requisites"]) == (4, len(records) - 4)
        assert found["dead:robots"] == 1
        # The same again asks for nothing.
        before = len(web.asked)
        assert crawl.run() == 0, crawl.err
        assert len(web.asked) == before


def test_without_the_flag_nothing_of_it_is_asked_for(tmp_path: Path) -> None:
    with Web(PAGES) as web:
        crawl = crawl_of(web, tmp_path, "--no-requisites")
        assert crawl.run() == 0, crawl.err
        here, there = asked(web)
        assert (set(here), set(there)) == ({"/", "/two", "/big.png"}, set())
        assert set(kinds(crawl, web).values()) == {"page"}


@pytest.mark.parametrize("budget", ["--max-pages", "--max-pages-per-host"])
def test_the_last_page_of_a_budget_has_its_requisites(tmp_path: Path, budget: str) -> None:
    """A budget of pages must not end a crawl with pages that lack their images."""
    with Web(PAGES) as web:
        crawl = crawl_of(web, tmp_path, budget, "1")
        assert crawl.run() == 0, crawl.err
        found = kinds(crawl, web)
        assert [path for path, kind in found.items() if kind == "page"] == ["/"]
        assert {"/site.css", "/font.woff2", "/small.png", "/target.png"} <= set(found)
        ended = "max_pages" if budget == "--max-pages" else "max_pages_per_host"
        assert manifest(crawl)["ended"] == ended


@pytest.mark.parametrize(
    "narrowed", [("--depth", "0"), ("--include", "*/none"), ("--scope", "page")]
)
def test_what_narrows_pages_narrows_no_requisites(
    tmp_path: Path, narrowed: tuple[str, str]
) -> None:
    """A single page is archived with all that it shows; exclude globs hold for everything."""
    with Web(PAGES) as web:
        crawl = crawl_of(web, tmp_path, "--exclude", "*.woff2", *narrowed)
        assert crawl.run() == 0, crawl.err
        found = kinds(crawl, web)
        # The image is a link of the page too, and as a page it is refused.
        assert found.pop("/big.png") == "requisite"
        assert [path for path, kind in found.items() if kind == "page"] == ["/"]
        assert "/bg.png" in found
        assert "/font.woff2" not in found
        assert counters(crawl)["refused:exclude"] == 1


def test_of_one_page_only_so_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of ten thousand images must not take the crawl with it."""
    images = "".join(f'<img src="/{n}.png">' for n in range(30))
    monkeypatch.setenv("CRAWLER_MAX_REQUISITES", "7")
    with Web({"/": page(images)}, endless=lambda _: PNG) as web:
        crawl = crawl_of(web, tmp_path)
        assert crawl.run() == 0, crawl.err
        assert counters(crawl)["requisites"] == 7
        assert counters(crawl)["refused:requisite_count"] == 23


def test_bytes_of_requisites_count(tmp_path: Path) -> None:
    images = "".join(f'<img src="/{n}.png">' for n in range(400))
    with Web({"/": page(images)}, endless=lambda _: PNG._replace(body=bytes(50_000))) as web:
        crawl = crawl_of(web, tmp_path, "--max-total-bytes", "1MB", "--max-body", "20kB")
        assert crawl.run() == 0, crawl.err
        records = crawl.records()
        assert manifest(crawl)["ended"] == "max_total_bytes"
        assert 1_000_000 <= sum(r["bytes"] for r in records) < 3_000_000
        assert {r["bytes"] for r in records if r["kind"] == "requisite"} == {20_000}


def test_switched_off_on_resume(tmp_path: Path) -> None:
    """What waited as a requisite must not be fetched by a run that wants none."""
    images = "".join(f'<img src="/{n}.png">' for n in range(20))
    with Web({"/": page(images, "/two"), "/two": page()}, endless=lambda _: PNG) as web:
        crawl = crawl_of(web, tmp_path, "--max-total-bytes", "1")
        assert crawl.run() == 0, crawl.err
        assert len(crawl.records()) == 1
        crawl.command[-2:] = []
        assert crawl.run("--no-requisites") == 0, crawl.err
        assert set(kinds(crawl, web)) == {"/", "/two"}
        assert counters(crawl)["dead:requisites"] == 20
        assert crawl.run("--requisites") == 0, crawl.err
        assert len(crawl.records()) == 22


def test_explain_and_status_know_requisites(tmp_path: Path) -> None:
    """An address out of scope that was fetched all the same has to have a reason."""
    with Web(PAGES) as web:
        crawl = crawl_of(web, tmp_path, "--max-pages", "1")
        assert crawl.run() == 0, crawl.err

        def ask(*words: str) -> str:
            command = [sys.executable, "-m", "crawler", *words, "--job", str(crawl.job)]
            return subprocess.run(command, capture_output=True, text=True, check=True).stdout

        told = ask("explain", f"http://{web.hosts[1]}/bg.png")
        assert "not asked: a requisite" in told
        assert f"http://{web.hosts[1]}/site.css" in told
        assert "--max-pages" not in told
        found = json.loads(ask("status", "--json"))
        # robots.txt forbids one.
        assert found["requisites"] == found["requisites_found"] - 1 > 10
        assert f"{found['requisites']} requisites of" in ask("status")
        report = json.loads(ask("inspect", "--json"))
        assert report["requisites"] == found["requisites"]


def test_every_requisite_is_kept(tmp_path: Path) -> None:
    """Archives are what requisites are for: each pointer leads to what the record says."""
    with Web(PAGES) as web:
        crawl = crawl_of(web, tmp_path, "--store", "warc")
        assert crawl.run() == 0, crawl.err
        records = crawl.records()
        assert len(records) == len(HERE) + len(THERE)
        for record in records:
            stored = open_body(crawl.job / "pages", record["warc"])
            assert stored.status == record["status"]
            if record["bytes"] is not None:
                assert hashlib.sha256(stored.body).hexdigest() == record["content_hash"]


def test_requisites_lead_to_no_closed_address(tmp_path: Path) -> None:
    """Any page could show an image that only this machine can reach."""
    with Web(PAGES) as web:
        crawl = crawl_of(web, tmp_path, "--depth", "0")
        crawl.command[crawl.command.index("127.0.0.0/8")] = "127.0.20.1/32"
        assert crawl.run() == 0, crawl.err
        assert not any(a.host == web.hosts[1] for a in web.asked)
        records = {r["url"]: r for r in crawl.records()}
        assert records[web.url("/small.png")]["status"] == 200
        closed = [r for url, r in records.items() if web.hosts[1] in url]
        assert closed
        assert {(r["error"], r["kind"]) for r in closed} == {("blocked_address", "requisite")}


def has_come_to(crawl: Crawl, goal: int) -> bool:
    """Whether the run has written so much, or has ended."""
    assert crawl.process is not None
    return crawl.process.poll() is not None or crawl.written() > goal


def test_kills_lose_no_requisite_and_double_none(
    tmp_path: Path, rounds: Callable[[int, int], int]
) -> None:
    """An image must be in the archive once, whatever ends the crawler between two bytes."""
    count = 40
    pages = {
        f"/{n}": page(
            f"/{n + 1}",
            f'<img src="/own-{n}.png"><img src="/shared.png">',
            f'<img src="http://{{1}}/far-{n % 7}.png">',
        )
        for n in range(count)
    }
    chance = random.Random(7)
    with Web(pages, endless=lambda path: PNG if path.endswith(".png") else None) as web:
        for number in range(rounds(1, 10)):
            flags = ("--delay", "0", "-p", "2", "--requisites", "--store", "warc")
            crawl = Crawl(tmp_path / f"job-{number}", web.url("/0"), *flags)
            for _ in range(3):
                crawl.start()
                goal = crawl.written() + chance.randrange(1, 25_000)
                poll(partial(has_come_to, crawl, goal), "progress", every_s=0)
                if crawl.process.poll() is None:
                    crawl.kill_group()
                crawl.reap()
            assert crawl.run() == 0, crawl.err
            records = crawl.records()
            expected = {web.url(f"/{n}") for n in range(count + 1)}
            expected |= {web.url(f"/own-{n}.png") for n in range(count)}
            expected |= {f"http://{web.hosts[1]}/far-{n}.png" for n in range(7)}
            expected.add(web.url("/shared.png"))
            assert Counter(r["url"] for r in records) == dict.fromkeys(expected, 1)
            for record in records:
                open_body(crawl.job / "pages", record["warc"])
            found = counters(crawl)
            assert (found["records"], found["requisites"]) == (len(expected), count + 8)
