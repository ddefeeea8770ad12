"""The guide for those who come from Scrapy: its crawl file and its functions do what it says."""

import re
from pathlib import Path

import pytest

from tests.support.crawl import Crawl
from tests.support.web import Answer, Web

pytestmark = pytest.mark.e2e

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "from-scrapy.md"
QUOTES = {
    "/": [("Albert Einstein", ["change", "world"]), ("J.K. Rowling", [])],
    "/page/2/": [("Albert Einstein", ["deep"])],
}


def _list(path: str, after: str) -> Answer:
    quotes = "".join(
        f'<div class="quote"><span class="text">“Of {author} on {path}”</span>'
        f'<span>by <small class="author">{author}</small> '
        f'<a href="/author/{author.replace(" ", "-")}">(about)</a></span><div class="tags">Tags:'
        + "".join(f'<a class="tag" href="/tag/{tag}/page/1/">{tag}</a>' for tag in tags)
        + "</div></div>"
        for author, tags in QUOTES[path]
    )
    turn = f'<ul class="pager"><li class="next"><a href="{after}">Next</a></li></ul>'
    return Answer(f"<!doctype html>{quotes}{turn if after else ''}".encode())


def _author(name: str) -> Answer:
    return Answer(
        f'<h3 class="author-title">{name}\n    </h3><p>Born: '
        '<span class="author-born-date">March 14, 1879</span> <a href="/">Home</a>'.encode()
    )


def test_the_ported_spider_yields_what_the_spider_did(tmp_path: Path) -> None:
    """A newcomer copies it first; pages that the spider does not follow must not be followed."""
    text = GUIDE.read_text("utf-8")
    [config] = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    [code] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (tmp_path / "quotes.py").write_text(code)
    authors = ("Albert Einstein", "J.K. Rowling")
    pages = {"/": _list("/", "/page/2/"), "/page/2/": _list("/page/2/", "")}
    pages |= {f"/author/{name.replace(' ', '-')}": _author(name) for name in authors}
    with Web(pages) as web:
        config = config.replace("https://quotes.toscrape.com", web.url("").rstrip("/"))
        (tmp_path / "quotes.toml").write_text(config.replace("quotes.toscrape.com", web.hosts[0]))
        flags = ("--config", str(tmp_path / "quotes.toml"), "--delay", "0", "-p", "1")
        crawl = Crawl(tmp_path / "job", web.url("/"), *flags)
        assert crawl.run() == 0, crawl.err
        asked = {one.path for one in web.asked} - {"/robots.txt"}
    assert asked == set(pages)
    assert [record["extract_error"] for record in crawl.records()] == [None] * 4
    items = {
        record["url"].removeprefix(web.url("")): record["fields"] for record in crawl.records()
    }
    assert items == {
        path: {
            "quotes": [
                {"text": f"“Of {author} on {path}”", "author": author, "tags": tags}
                for author, tags in quotes
            ]
        }
        for path, quotes in QUOTES.items()
    } | {
        f"/author/{name.replace(' ', '-')}": {"name": name, "born": "March 14, 1879"}
        for name in authors
    }
