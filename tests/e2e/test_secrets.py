"""No password that a person or a page wrote comes out anywhere; nobody but its host is told."""

import gzip
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.crawl import Crawl
from tests.support.web import Web, page, redirect

FAST = ("--delay", "0", "-p", "1", "--retries", "0")
SECRET = "hunter2"

PAGES = {
    "/": page(
        "http://bob:hunter2@{0}/linked",
        "http://bob:hunter2@{1}/other",
        "//hunter2@{0}/relative",
        "/moved",
        "/broken",
        head='<link rel=canonical href="http://bob:hunter2@{0}/">',
    ),
    "/linked": page("/last"),
    "/relative": page(),
    "/other": page(),
    "/last": page(),
    "/moved": redirect("http://bob:hunter2@{0}/target"),
    "/target": page(),
    "/broken": redirect("http://bob:hunter2@[/" + "x" * 100),
    "/robots.txt": redirect("http://bob:hunter2@{0}/rules"),
    "/rules": page()._replace(body=b"User-agent: *\nDisallow: /nothing\n"),
}


def _everything(crawl: Crawl) -> bytes:
    """Return all that a crawl has left behind: messages, log, records, state, manifest."""
    files = [path.read_bytes() for path in crawl.job.rglob("*") if path.is_file()]
    return b"".join([*files, crawl.out.encode(), crawl.err.encode()])


def test_credentials_in_urls_are_dropped_and_never_kept(tmp_path: Path) -> None:
    """In a seed, a link, a redirect, a canonical link or the redirect of a robots.txt: they would
    be sent to a host that nobody gave them for, or stand in what is handed on."""
    with Web(PAGES) as web:
        seed = f"http://bob:{SECRET}@{web.hosts[0]}/"
        crawl = Crawl(tmp_path / "job", seed, *FAST, "--scope", "any", "-vv")
        assert crawl.run() == 0, crawl.err
        paths = {url.partition(str(web.port))[2] for url in crawl.counts()}
        assert paths == set(PAGES) - {"/robots.txt", "/rules"}
        assert SECRET.encode() not in _everything(crawl)
        assert len(web.asked) >= len(PAGES)
        for asked in web.asked:
            assert not {"Authorization", "Referer", "Cookie"} & set(asked.headers)
            assert SECRET not in asked.path
        moved = {r["url"].partition(str(web.port))[2]: r for r in crawl.records()}
        assert moved["/moved"]["headers"]["location"] == f"http://***@{web.hosts[0]}/target"
        assert moved["/broken"]["error"] == "bad_redirect"


def test_a_header_for_a_site_is_nowhere_but_there(tmp_path: Path) -> None:
    """An Authorization in the log, the store or the manifest is a leak; with every message on."""
    with Web({"/": page("http://{1}/"), "1/": page()}) as web:
        header = f"Authorization: Basic {SECRET}"
        crawl = Crawl(tmp_path / "job", web.url("/"), *FAST, "--scope", "any", "-H", header, "-vv")
        assert crawl.run() == 0, crawl.err
        asked = {(a.host, a.path): a.headers.get("Authorization") for a in web.asked}
        assert asked[web.hosts[0], "/"] == f"Basic {SECRET}"
        assert asked[web.hosts[1], "/"] is None
        assert asked[web.hosts[0], "/robots.txt"] is None
        assert SECRET.encode() not in _everything(crawl)


def test_no_secret_is_in_the_bodies_that_are_kept(tmp_path: Path) -> None:
    """A file of bodies is made to be handed on, with the requests and the headers in it."""
    answer = page("/moved")._replace(headers={"Set-Cookie": f"session={SECRET}; HttpOnly"})
    pages = {"/": answer, "/moved": redirect("http://bob:hunter2@{0}/target"), "/target": page()}
    with Web(pages) as web:
        given = ("-H", f"Authorization: Basic {SECRET}", "-H", f"X-Token: {SECRET}")
        given += ("-H", f"Cookie: known={SECRET}")
        crawl = Crawl(tmp_path / "job", web.url("/"), *FAST, *given, "--store", "warc", "-vv")
        assert crawl.run() == 0, crawl.err
        assert {asked.headers.get("X-Token") for asked in web.asked} >= {SECRET}
    (path,) = crawl.store_files()
    kept = gzip.decompress(path.read_bytes())
    assert SECRET.encode() not in kept + _everything(crawl)
    for line in (
        b"Authorization: ***",
        b"X-Token: ***",
        b"Cookie: ***",
        b"Set-Cookie: session=***",
    ):
        assert line + b"\r\n" in kept
    assert b"Location: http://***@" in kept
    assert b"User-Agent: QuasiCrawler/" in kept


MISTAKES = [
    ["http://bob:hunter2@[/"],
    ["ftp://bob:hunter2@h/"],
    ["http:/bob:hunter2@[/"],
    ["bob:hunter2@h/"],
    ["http://bob:hunter2@[/" + "x" * 3000],
    ["http://h/", "--proxy", "http://bob:hunter2@["],
    ["http://h/", "--proxy", "ftp://bob:hunter2@h"],
    ["http://h/", "--frontier", "postgresql://bob:hunter2@h/db"],
    ["http://h/", "--frontier", "mysql://bob:hunter2@h/db"],
    ["http://h/", "-H", "Authorization hunter2"],
    ["http://h/", "-H", "Authorization: hunter2\nX: y"],
]


@pytest.mark.parametrize("arguments", MISTAKES, ids=lambda words: words[-1][:30])
def test_a_mistake_is_told_without_the_secret_in_it(tmp_path: Path, arguments: list[str]) -> None:
    """A message is what people paste into a bug report."""
    done = subprocess.run(
        [*(sys.executable, "-m", "crawler", "start"), *arguments, "--job", str(tmp_path / "job")],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert SECRET not in done.stderr + done.stdout


def test_a_redis_that_is_down_is_told_without_its_password(tmp_path: Path) -> None:
    """As above, from the environment and from the file."""
    for name, value in (
        ("CRAWLER_CACHE_REDIS_URL", f"redis://:{SECRET}@127.0.0.1:1/0"),
        ("CRAWLER_PROXY", f"bob:{SECRET}@h"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "crawler", "start", "http://127.0.0.1:9/", "-j", "job"],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env={name: value},
        )
        assert done.returncode == 2, done.stderr
        assert SECRET not in done.stderr + done.stdout
    (tmp_path / "crawl.toml").write_text(f'proxy = "http://bob:{SECRET}@[x"\n')
    done = subprocess.run(
        [*(sys.executable, "-m", "crawler"), "config", "show", "--config", "crawl.toml"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 2
    assert SECRET not in done.stderr + done.stdout
