"""Functions of the user's own, called in the readers of a whole crawl."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.crawl import Crawl
from tests.support.web import Web, page

pytestmark = pytest.mark.e2e

FAST = ("--delay", "0", "-p", "1", "--retries", "0")


def _crawl(tmp_path: Path, seed: str, code: str | None, *flags: str, more: str = "") -> Crawl:
    """A crawl file with one table, and the module that it names beside it."""
    file = tmp_path / "files" / "crawl.toml"
    file.parent.mkdir()
    file.write_text(f"{more}\n\n[[extract]]\npython = 'own_spider:parse'\n")
    if code is not None:
        (file.parent / "own_spider.py").write_text(code)
    return Crawl(tmp_path / "job", seed, "--config", str(file), *FAST, *flags)


def _by_path(crawl: Crawl, web: Web) -> dict[str, dict[str, Any]]:
    records = crawl.records()
    found = {record["url"].removeprefix(web.url("")): record for record in records}
    assert len(found) == len(records)
    return found


BAD = """
import re, sys, time
from crawler.api import Document, Extraction

async def later(page):
    time.sleep(1e9)

def parse(page: Document):
    match page.url.rpartition("/")[2]:
        case "loop":
            while True:
                pass
        case "sleep":
            time.sleep(1e9)
        case "regex":
            re.match("(a+)+$", "a" * 50 + "b")
        case "stubborn":
            while True:
                try:
                    time.sleep(0.01)
                except:
                    pass
        case "async":
            return later(page)
        case "garbage":
            return 42
        case "object":
            return {"page": page}
        case "raises":
            raise ValueError("no price")
        case "exits":
            sys.exit(5)
        case "prints":
            print("to stdout", flush=True)
    return {"title": page.title}
"""


def test_what_a_callback_does_costs_its_own_fields_and_nothing_else(tmp_path: Path) -> None:
    """One page of a million that hangs its callback would stop the crawl, or be lost."""
    names = ("loop", "sleep", "regex", "stubborn", "async", "garbage", "object", "raises", "exits")
    names = (*names, "prints")
    pages = {"/": page(*(f"/{name}" for name in names), head="<title>A</title>")}
    pages |= {f"/{name}": page(head=f"<title>{name}</title>") for name in names}
    with Web(pages) as web:
        crawl = _crawl(tmp_path, web.url("/"), BAD, more="extract_timeout = '1s'")
        assert crawl.run() == 0, crawl.err
        records = _by_path(crawl, web)
    assert set(records) == set(pages)
    assert crawl.out == ""
    late = "callback own_spider:parse did not return within 1 s (own_spider.py, line "
    expected = dict.fromkeys(("/loop", "/sleep", "/regex", "/stubborn", "/async"), late) | {
        "/garbage": "callback own_spider:parse returned int, not Extraction or dict",
        "/object": "callback own_spider:parse returned a field 'page' that cannot be written: ",
        "/raises": "callback own_spider:parse raised ValueError: no price (own_spider.py, line ",
        "/exits": "callback own_spider:parse raised SystemExit: 5 (own_spider.py, line ",
    }
    for path, record in records.items():
        assert (record["status"], record["error"], record["title"]) == (200, None, path[1:] or "A")
        if path in expected:
            assert record["extract_error"].startswith(expected[path])
            assert record["fields"] == {}
        else:
            assert record["extract_error"] is None
            assert record["fields"] == {"title": record["title"]}
    assert not crawl.events("reader_stuck")


def test_a_callback_that_always_hangs_gets_no_reader_killed(tmp_path: Path) -> None:
    """All tasks of a reader hang one after the other for longer than the parent's patience: between
    two of them the reader must give a sign of life."""
    paths = [f"/{number}" for number in range(24)]
    code = "import time\ndef parse(page):\n    time.sleep(1e9)\n"
    with Web({"/": page(*paths)} | {path: page() for path in paths}) as web:
        crawl = _crawl(tmp_path, web.url("/"), code, more="extract_timeout = '600ms'")
        assert crawl.run() == 0, crawl.err
        records = _by_path(crawl, web)
    assert len(records) == 25
    assert all("did not return within 0.6 s" in r["extract_error"] for r in records.values())
    assert not crawl.events("reader_stuck")
    assert not any(record["error"] for record in records.values())


def test_links_of_a_callback_are_crawled_by_the_rules_of_all_links(tmp_path: Path) -> None:
    """They come in where the page says nofollow, with depth and priority; not past scope or
    robots.txt."""
    code = """
from crawler.api import Extraction, Link

def parse(page):
    if not page.url.endswith("/"):
        return None
    return Extraction(links=[
        *(f"/later/{n}" for n in range(6)), Link("/now", priority=0), Link("/deep", depth=7),
        Link("/deeper", depth=9), "/private/x", "http://127.0.20.2/other", "/no.zip?a=1#x",
    ])
"""
    nofollow = '<meta name="robots" content="nofollow">'
    names = [*(f"/later/{n}" for n in range(6)), "/now", "/deep", "/no.zip?a=1"]
    pages = {"/": page("/unfollowed", head=nofollow)} | {name: page() for name in names}
    robots = page(text="User-agent: *\nDisallow: /private/")._replace(
        body=b"User-agent: *\nDisallow: /private/", content_type="text/plain"
    )
    flags = ("--depth", "8", "-c", "1", "--per-host", "1")
    with Web(pages | {"/robots.txt": robots}) as web:
        crawl = _crawl(tmp_path, web.url("/"), code, *flags)
        assert crawl.run() == 0, crawl.err
        records = _by_path(crawl, web)
        asked = [one.path for one in web.asked]
    assert set(records) == {"/", *names}
    assert {path: record["depth"] for path, record in records.items()} == dict.fromkeys(
        names, 1
    ) | {"/": 0, "/deep": 7}
    assert {record["parent"] for path, record in records.items() if path != "/"} == {web.url("/")}
    assert "/private/x" not in asked
    assert asked.index("/now") < min(asked.index(name) for name in names if name != "/now")
    assert records["/"]["links"] == [web.url("/unfollowed")]


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (None, "there is no module own_spider in "),
        ("def parse(page:\n", "own_spider.py, line 1: '(' was never closed"),
        ("import not_installed\n", "own_spider cannot be imported: ModuleNotFoundError: No module"),
        ("def other(page): ...\n", "own_spider.py has no function parse"),
        ("parse = {}\n", "own_spider.py is no function"),
    ],
)
def test_what_cannot_be_called_ends_before_the_crawl_begins(
    tmp_path: Path, code: str | None, error: str
) -> None:
    """Else each page of a long crawl would say it, in a place where nobody looks."""
    crawl = _crawl(tmp_path, "http://127.0.20.1:1/", code)
    assert crawl.run() == 2
    place = f"crawler: {tmp_path}/files/crawl.toml, line 3: [[extract]]: python = "
    assert crawl.err.startswith(place)
    assert error in crawl.err
    assert crawl.err.count("\n") == 1
    assert not crawl.job.exists()


def test_a_limit_that_the_parent_would_not_wait_for_is_refused(tmp_path: Path) -> None:
    """The reader would be killed before the callback is ended."""
    crawl = _crawl(tmp_path, "http://127.0.20.1:1/", "", more="extract_timeout = '8s'")
    assert crawl.run() == 2
    assert "extract_timeout: must be less than or equal to 7" in crawl.err
