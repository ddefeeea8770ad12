"""When a page was published, and by whom."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from crawler.extract.publication import MAX_AUTHOR_BYTES, publication
from crawler.parse.tree import TreeElement


def said(body: str) -> tuple[str | None, str | None]:
    root = LexborHTMLParser(f"<html><body>{body}").root
    assert root is not None
    return tuple(publication(TreeElement(root)))


def ld(value: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(value)}</script>'


@pytest.mark.parametrize(
    ("body", "published_at"),
    [
        ("", None),
        (
            ld({"@type": "NewsArticle", "datePublished": "2026-03-04T08:00:00Z"}),
            "2026-03-04T08:00:00Z",
        ),
        (ld([{"@graph": [{"x": 1}, {"datePublished": "2026-03-04"}]}]), "2026-03-04"),
        (
            ld({"mainEntity": {"datePublished": "2026-03-04T08:00+02:00"}}),
            "2026-03-04T08:00:00+02:00",
        ),
        (ld({"datePublished": "soon"}) + "<meta name=date content=2026-03-04>", "2026-03-04"),
        (ld({"datePublished": 20260304}), None),
        ("<script type='application/ld+json'>{</script>", None),
        (
            "<meta property=article:published_time content='2026-03-04 08:00:00'>",
            "2026-03-04T08:00:00",
        ),
        ("<meta name=DC.Date content=2026/3/4>", "2026-03-04"),
        ("<meta name=date content='Wed, 04 Mar 2026 08:00:00 GMT'>", "2026-03-04T08:00:00Z"),
        ("<meta name=date content=20260304>", "2026-03-04"),
        ("<meta name=date content=2026-02-30>", None),
        ("<meta name=date content=0026-02-03>", None),
        ("<span itemprop=datePublished content=2026-03-04>yesterday</span>", "2026-03-04"),
        ("<time itemprop=datePublished datetime=2026-03-04>yesterday</time>", "2026-03-04"),
        ("<time pubdate>2026-03-04</time>", "2026-03-04"),
        ("<time datetime=2026-03-04>no date of the page</time>", None),
    ],
)
def test_date(body: str, published_at: str | None) -> None:
    """Pages could not be sorted by date, or would have dates that they never stated."""
    assert said(body)[0] == published_at


@pytest.mark.parametrize(
    ("body", "author"),
    [
        (ld({"author": "Ada  Marsh"}), "Ada Marsh"),
        (ld({"author": {"@type": "Person", "name": "Ada Marsh"}}), "Ada Marsh"),
        (ld({"author": [{"name": "Ada"}, "Ben", {"name": "Ada"}, {"name": 7}]}), "Ada, Ben"),
        (ld({"author": {"@id": "#x"}}) + "<meta name=author content=Ben>", "Ben"),
        ("<meta property=article:author content=https://a.example/ada>", None),
        ("<a rel=author href=/ada>Ada Marsh</a>", "Ada Marsh"),
        ("<p itemprop=author><b>Ada</b> Marsh</p>", "Ada Marsh"),
        (f"<meta name=author content={'a' * 9999}>", "a" * MAX_AUTHOR_BYTES),
    ],
)
def test_author(body: str, author: str | None) -> None:
    """A record would name an address, or nobody."""
    assert said(body)[1] == author


def test_endless_data_is_left() -> None:
    """A page of JSON-LD that is nested without end would keep its reader."""
    deep: object = {"datePublished": "2026-03-04"}
    for _ in range(300):
        deep = {"@graph": [deep, deep] if deep is None else [deep]}
    said(ld(deep))
    wide = ld({"@graph": [{"@graph": [{"x": n}] * 300} for n in range(300)]})
    assert said(wide) == (None, None)
    assert said(f"<script type='application/ld+json'>{'[' * 100_000}</script>") == (None, None)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.just("2026-03-04"),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["@graph", "author", "name", "datePublished", "mainEntity"]), inner
        )
    ),
    max_leaves=15,
)


@settings(max_examples=300, deadline=None)
@given(VALUES, st.text(max_size=40))
def test_anything_may_be_said(value: object, date: str) -> None:
    """A page would be lost over what its JSON-LD has in the place of a name."""
    text = json.dumps(value).replace("<", "")
    said(f"<script type='application/ld+json'>{text}</script>")
    said(f"<meta name=date content='{date}'>")
