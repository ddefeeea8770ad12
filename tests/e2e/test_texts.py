"""Crawls that ask for texts of pages: all of them on, and where the library is not installed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from crawler.extract.simhash import simhash
from tests.support.crawl import Crawl
from tests.support.web import Web, page

FAST = ("-p", "1", "--retries", "0", "--delay", "0")
ALL = ("--main-text", "--markdown", "--simhash", "--link-details")
STORY = "<nav><a href=/a>Menu</a></nav><main><h1>Kettles</h1>" + "".join(
    f"<p>Copper kettles of kind {n} boil on gas, on a wood stove and on electric plates.</p>"
    for n in range(9)
)


def test_all_texts_of_a_crawl(tmp_path: Path) -> None:
    """A switch would not reach the readers, or a process would be left when the crawl is over."""
    head = '<meta name="author" content="Ada Marsh"><meta name="date" content="2026-03-04">'
    shell = '<div id="root"></div><script src="/a.js"></script>'
    pages = {
        "/": page("/shell", '<a href="/more" rel="next">More</a>', head=head, text=STORY),
        "/shell": page(text=shell),
        "/more": page("/", text=STORY),
    }
    with Web(pages) as web:
        crawl = Crawl(tmp_path / "job", web.url("/"), *FAST, *ALL)
        assert crawl.run() == 0, crawl.err
    records = {record["url"]: record for record in crawl.records()}
    story, empty = records[web.url("/")], records[web.url("/shell")]
    assert story["main_text"].startswith("Kettles\nCopper kettles of kind 0 boil")
    assert story["markdown"].startswith("# Kettles\n\nCopper kettles of kind 0 boil")
    assert (story["published_at"], story["author"]) == ("2026-03-04", "Ada Marsh")
    assert story["simhash"] == simhash(story["text"])
    assert story["h1"] == "Kettles"
    assert [found["url"] for found in story["link_details"]] == story["links"]
    assert story["link_details"][-1] == {"url": web.url("/more"), "text": "More", "rel": "next"}
    assert not story["js_required"]
    assert empty["js_required"]
    assert empty["main_text"] is None
    assert empty["simhash"] is None
    assert crawl.group() == []


def test_nothing_is_taken_unasked(tmp_path: Path) -> None:
    """Every crawl would pay for what it does not want."""
    with Web({"/": page(text=STORY)}) as web:
        crawl = Crawl(tmp_path / "job", web.url("/"), *FAST)
        assert crawl.run() == 0, crawl.err
    record = next(found for found in crawl.records() if found["url"] == web.url("/"))
    assert record["main_text"] is record["markdown"] is record["simhash"] is None
    assert record["link_details"] == []


@pytest.mark.parametrize("command", ["start", "try"])
def test_without_the_library(tmp_path: Path, command: str) -> None:
    """A crawl would run for days without a single main text, or end with a traceback."""
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['trafilatura'] = None\n")
    asked = ("--main-text", "--markdown") if command == "start" else ("--main-text",)
    done = subprocess.run(
        [sys.executable, "-m", "crawler", command, "http://127.0.0.1:9/", *asked],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    names = "main_text and markdown need" if command == "start" else "main_text needs"
    assert done.stderr == (
        f"crawler: {names} the package trafilatura: "
        "pip install '.[text]' in the clone of quasicrawler\n"
    )
    assert not (tmp_path / "crawl").exists()


def test_main_texts_of_kept_bodies(tmp_path: Path) -> None:
    """Who finds out later what he needs would have to fetch everything again."""
    with Web({"/": page(text=STORY)}) as web:
        crawl = Crawl(tmp_path / "job", web.url("/"), *FAST, "--store", "warc")
        assert crawl.run() == 0, crawl.err
    asked = ("--main-text", "--simhash", "--progress", "off", "-p", "1")
    done = subprocess.run(
        [sys.executable, "-m", "crawler", "reparse", "--job", str(crawl.job), *asked],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = (crawl.job / "reparsed" / "part-000001.jsonl").read_text().splitlines()
    (record,) = [r for line in lines if (r := json.loads(line))["url"] == web.url("/")]
    assert record["main_text"].startswith("Kettles\nCopper kettles of kind 0 boil")
    assert record["simhash"] == simhash(record["text"])
