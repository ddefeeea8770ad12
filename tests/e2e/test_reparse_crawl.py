"""`crawler reparse` on what a crawl kept: the same bytes, or fields that were thought of later."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.demo.wares import WARES
from tests.e2e.test_reparse import records, run
from tests.support.crawl import Crawl, poll
from tests.support.web import Answer, Web, page, redirect

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[2]
SHOP = "127.0.3.2"
KEEP = ("--delay", "0", "--store", "warc", "-p", "1")
EXTRACT = """
[[extract]]
match = "*"
fields.heading = "h1"
fields.links = { css = "a@href", type = "url", many = true }
"""
SAME_BODY = b"<title>Twice</title><p>The same words at two addresses."

PAGES = {
    "/": page(
        *("/latin", "/plain", "/hop", "/json", "/nofollow", "/missing", "/a?utm_source=x", "/b"),
        *("/untyped", "/empty", "/broken", "/shell"),
        head="<title>Home</title><meta name=robots content=noindex>",
    ),
    "/latin": Answer("<title>Süß</title><h1>é".encode("latin-1"), content_type="text/html"),
    "/plain": Answer(b"plain words", content_type="text/plain"),
    "/hop": redirect("/plain"),
    "/json": Answer(b"{}", content_type="application/json", headers={"X-Robots-Tag": "noindex"}),
    "/nofollow": Answer(
        b"<h1>x</h1><a rel=nofollow href=/no>no</a><a href=/yes>yes</a>",
        headers={"X-Robots-Tag": "nofollow"},
    ),
    "/a": Answer(SAME_BODY),
    "/b": Answer(SAME_BODY, headers={"Content-Language": "en"}),
    "/untyped": Answer(b"<html><title>no type</title><body>words", content_type=""),
    "/empty": Answer(b""),
    "/broken": Answer(b"<title>\xff\xfe</title><p>\x00\x80<table><a href='http://['>x", 500),
    "/shell": Answer(b"<title>App</title><div id=root></div><script src=/app.js></script>"),
}


@pytest.fixture
def shop() -> Iterator[str]:
    """The shop's address while the demo web is served."""
    command = [sys.executable, "-m", "crawler.demo", "--stdin"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as web:
        assert web.stdin is not None
        assert web.stdout is not None
        try:
            yield f"http://{SHOP}:{json.loads(web.stdout.readline())['port']}"
        finally:
            web.stdin.close()


@pytest.mark.parametrize(
    "settings",
    [(), ("--main-text", "--markdown", "--simhash", "--link-details", "--config", "crawl.toml")],
    ids=["plain", "all"],
)
def test_by_the_settings_of_the_crawl_it_is_the_same_byte_for_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: tuple[str, ...]
) -> None:
    """What is read now and what was read then would be two truths about one page."""
    (tmp_path / "crawl.toml").write_text(EXTRACT)
    monkeypatch.chdir(tmp_path)
    with Web(PAGES) as web:
        crawl = Crawl(tmp_path / "crawl", web.url("/"), *KEEP)
        assert crawl.run("--retries", "0", "-p", "2", *settings) == 0, crawl.err
    done = run(*settings, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    read = 0
    for part in crawl.part_files():
        again = tmp_path / "crawl/reparsed" / part.name
        if part.stat().st_size or again.exists():
            assert records(again) == records(part)
            assert again.read_bytes() == part.read_bytes()
            read += sum(one["content_hash"] is not None for one in records(part))
    assert read == len(PAGES)  # one of them a redirect, and one that is missing
    assert done.stderr.startswith(f"crawler: {read} of {read + 1} records read again ")


def test_fields_that_are_written_after_the_crawl_are_there(tmp_path: Path, shop: str) -> None:
    """The point of keeping bodies: no second crawl for a selector."""
    crawl = Crawl(tmp_path / "crawl", f"{shop}/", *KEEP)
    assert crawl.run() == 0, crawl.err
    assert all(record["fields"] == {} for record in crawl.records())
    done = run("--config", ROOT / "config/shop.toml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = {}
    for path in (tmp_path / "crawl/reparsed").glob("part-*.jsonl"):
        found |= {one["url"].removeprefix(shop): one for one in records(path)}
    assert set(found) == {one["url"].removeprefix(shop) for one in crawl.records()}
    for ware in WARES:
        fields = found[ware.target]["fields"]
        assert fields["name"] == ware.name
        assert fields["price"] == (ware.price and {"amount": float(ware.price), "currency": "HRG"})


def test_it_works_while_the_crawl_runs(tmp_path: Path) -> None:
    """A crawl of months would have to be stopped for each look."""
    pages = dict(PAGES) | {"/latin": Answer(b"<title>Late</title>", held=True)}
    with Web(pages) as web:
        crawl = Crawl(
            tmp_path / "crawl", web.url("/"), "--delay", "0", "--store", "warc", "-p", "1"
        )
        crawl.start("--retries", "0")
        poll(
            lambda: len(crawl.records_so_far()) == len(PAGES),
            "all records but the one that is held",
        )
        first = run(cwd=tmp_path)
        assert first.returncode == 0, first.stderr
        web.release.set()
        assert crawl.wait() == 0, crawl.err
    second = run(cwd=tmp_path)
    assert second.returncode == 0, second.stderr
    [again] = (tmp_path / "crawl/reparsed").glob("part-*.jsonl")
    assert again.read_bytes() == crawl.part_files()[0].read_bytes()
    assert len(records(again)) == len(PAGES) + 1


CALLED = """
[[extract]]
match = "*"
python = "shop:parse"
"""
CODE = """
async def parse(page):
    return {"length": len(page.body), "words": len((page.text or "").split())}
"""


def test_code_of_the_user_is_called_with_kept_bodies(tmp_path: Path) -> None:
    """Code that is written later would be of no use for what was crawled before."""
    with Web(PAGES) as web:
        crawl = Crawl(tmp_path / "crawl", web.url("/"), *KEEP)
        assert crawl.run("--retries", "0") == 0, crawl.err
    (tmp_path / "crawl.toml").write_text(CALLED)
    done = run("--config", "crawl.toml", cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "there is no module shop" in done.stderr
    (tmp_path / "shop.py").write_text(CODE)
    done = run("--config", "crawl.toml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    [again] = (tmp_path / "crawl/reparsed").glob("part-*.jsonl")
    found = {one["url"]: one["fields"] for one in records(again)}
    assert found[web.url("/a")] == {"length": len(SAME_BODY), "words": 6}
    (tmp_path / "shop.py").write_text(CODE.replace("words", "number"))
    done = run("--config", "crawl.toml", cwd=tmp_path)
    assert done.returncode == 2
    assert "was made with other settings (code): " in done.stderr
