"""Which pages have fields, through the one way in which pages are read."""

from typing import Any

import pytest

from crawler.errors import ConfigError
from crawler.model.extraction import ExtractTable, FieldRule, Source
from crawler.model.extras import NO_EXTRAS
from crawler.model.result import Fetched
from crawler.pipeline.fields import check_extraction
from crawler.pipeline.reading import PageReader
from crawler.policy.canonicalization import LinkResolver
from tests.support.fetch import make_plan

HTML = b"<title>T</title><h1>A <b>T</b>itle</h1><a href=/x>x</a><p>text"


def table(name: str, match: str = "*", select: str = "h1", **more: Any) -> ExtractTable:
    rule = FieldRule(
        name=name, sources=(Source(kind="css", select=select),), place=f"line of {name}", **more
    )
    return ExtractTable(match=match, fields=(rule,), place="line of table")


async def read(url: str, *tables: ExtractTable, status: int = 200, kind: str = "text/html") -> Any:
    reader = PageReader(make_plan(extract=tables), LinkResolver())
    result = Fetched(
        attempts=1,
        started_at=0,
        elapsed_ms=1,
        status=status,
        headers={"content-type": kind},
        body=HTML,
        truncated=False,
    )
    return await reader.read(url, result)


async def test_fields_are_taken_before_the_text_changes_the_tree() -> None:
    """Taking the text dissolves elements that selectors name."""
    reading = await read("http://a.example/", table("bold", select="h1 > b"))
    assert reading.extras.fields == {"bold": "T"}
    assert reading.document.text == "A Title x text"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://shop.example/item/1", "item"),
        ("https://shop.example/shelf", "shop"),
        ("https://shop.example:8443/shelf", "rest"),
        ("http://www.shop.example/x?u=https://shop.example/item/1", "below"),
        ("http://other.example/", "rest"),
    ],
)
async def test_the_first_table_that_matches_holds_alone(url: str, name: str) -> None:
    """A general table would put its fields, or its nulls, into pages of a special one."""
    reading = await read(
        url,
        table("item", "https://shop.example/item/*"),
        table("shop", "shop.example"),
        table("below", "*.shop.example"),
        table("rest"),
    )
    assert reading.extras.fields == {name: "A Title"}


async def test_pages_of_no_table_and_errors_have_none() -> None:
    """What an error page lacks would look like a selector that is wrong."""
    one = table("a", "a.example", required=True)
    for url, more in (
        ("http://b.example/", {}),
        ("http://a.example/", {"status": 404}),
        ("http://a.example/", {"kind": "image/png"}),
    ):
        extras = (await read(url, one, **more)).extras
        assert (extras.fields, extras.extract_error) == ({}, None)
    assert (await read("http://a.example/", one)).extras.fields == {"a": "A Title"}
    assert NO_EXTRAS.fields == {}


def test_all_that_is_no_selector_or_regex_is_named_at_once() -> None:
    """One fault after the other would be one start after the other."""
    bad = ExtractTable(each="li[", fields=table("x", select="p::before").fields, place="T")
    regex = table("y", regex="(")
    with pytest.raises(ConfigError) as raised:
        check_extraction(make_plan(extract=(bad, regex)))
    assert str(raised.value) == (
        "T: each: no CSS selector: 'li['; line of x: no CSS selector: 'p::before'; "
        "line of y: no regex: missing ) at position 1"
    )
    with pytest.raises(ConfigError):
        PageReader(make_plan(extract=(regex,)), LinkResolver())
    check_extraction(make_plan(extract=(table("z", select=""),)))
