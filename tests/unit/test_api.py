"""The public interface of callbacks: small, documented, and what a test of a user can make."""

import dataclasses
import re
from pathlib import Path

import pytest

import crawler
from crawler import api
from crawler.api import Document, Element, Extraction, Link

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "api.md"
PAGE = """
<html lang=en><head><title> Brass  sextant</title><base href="/wares/">
<meta name=Description content="Fine."><meta property="og:image" content="/a.png">
<script type="application/ld+json">[{"@type": "Product", "name": "a  b"}]</script>
<script type="application/ld+json">{"@graph": [{"@id": 1}, {"@id": 2}]}</script>
<script type="application/ld+json">{broken</script></head>
<body><h1>Brass <b>sextant</b></h1><p class=price data-cents=1250>12.50</p>
<a href=next rel=nofollow>Next</a><script>let x</script>
"""


def _documented(heading: str) -> set[str]:
    section = REFERENCE.read_text("utf-8").partition(f"\n## `{heading}`\n")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `(\w+)", section, re.MULTILINE))


def _public(thing: type) -> set[str]:
    return {name for name in vars(thing) if not name.startswith("_")}


def test_all_of_it_is_documented() -> None:
    """What is not on the page is no promise; what is there must exist."""
    assert set(api.__all__) == {"Document", "Element", "Extraction", "Link"}
    assert _documented("Document") == _public(Document)
    for thing in (Extraction, Link):
        assert _documented(thing.__name__) == {f.name for f in dataclasses.fields(thing)}
    assert _documented("Element") < _public(Element)


def test_it_is_typed() -> None:
    """Without the marker a type checker takes all of it as Any."""
    assert (Path(crawler.__file__).parent / "py.typed").exists()


def test_a_page() -> None:
    """Everything that the reference promises of a page."""
    page = Document.from_html(PAGE, url="https://shop.example/item/1")
    assert (page.url, page.status) == ("https://shop.example/item/1", 200)
    assert page.is_html
    assert page.content_type == page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.body == PAGE.encode()
    assert (page.title, page.lang) == (" Brass  sextant", "en")
    assert page.text == "Brass sextant 12.50 Next"
    assert page.links == ["https://shop.example/wares/next"]
    assert page.metas == {"description": "Fine.", "og:image": "/a.png"}
    assert page.fields == {}
    assert page.json_ld == [{"@type": "Product", "name": "a b"}, {"@id": 1}, {"@id": 2}]
    [price] = page.css("p.price")
    assert (price.text(), price.tag) == ("12.50", "p")
    assert (price.attribute("data-cents"), price.attribute("id")) == ("1250", None)
    assert page.css("h1")[0].html() == "<h1>Brass <b>sextant</b></h1>"
    heading = page.first("h1")
    assert heading is not None
    assert heading.text() == "Brass sextant"
    assert page.first("h2") is None
    assert page.absolute("next") == "https://shop.example/wares/next"
    assert page.absolute("//other.example/x") == "https://other.example/x"
    with pytest.raises(ValueError, match="no URL"):
        page.absolute("http://[")
    with pytest.raises(ValueError, match="column 1"):
        page.json()
    assert repr(page) == "<Document 200 https://shop.example/item/1>"


def test_what_is_no_html_has_a_body_and_nothing_else() -> None:
    """A table may match an interface that answers in JSON; `css` of it must not raise."""
    page = Document.from_html(
        '{"price": 3}',
        headers={"content-type": "application/json", "etag": '"1"'},
        fields={"a": 1},
    )
    assert not page.is_html
    assert page.json() == {"price": 3}
    assert page.headers["etag"] == '"1"'
    assert (page.title, page.lang, page.text) == (None, None, "")
    assert (list(page.links), dict(page.metas), page.json_ld) == ([], {}, [])
    assert list(page.css("a")) == []
    assert page.first("a") is None
    assert page.absolute("x") == "https://example.com/x"
    assert page.fields == {"a": 1}


def test_links_and_extractions_are_plain_values() -> None:
    """They are compared in tests of callbacks."""
    assert Link("/a") == Link("/a", None, 5)
    assert Extraction({"a": 1}) == Extraction(fields={"a": 1}, links=())
