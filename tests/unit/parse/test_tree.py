"""Elements of a page, as callbacks and field rules see them."""

import pytest
from selectolax.lexbor import LexborHTMLParser

from crawler.model.element import Element
from crawler.parse.html import parse_html
from crawler.parse.tree import TreeElement, TreePage
from crawler.policy.canonicalization import LinkResolver


def _root(html: str) -> TreeElement:
    root = LexborHTMLParser(html).root
    assert root is not None
    return TreeElement(root)


def test_first_is_the_first_in_document_order_or_none() -> None:
    """An element that is missing is the usual case on real sites, and no error."""
    root = _root("<p class=a>1</p><div><p class=a>2</p></div>")
    found = root.first("p.a")
    assert found is not None
    assert found.text() == "1"
    assert root.first("p.b") is None


def test_an_element_is_not_below_itself() -> None:
    """A list in a list: each card would have itself among its cards."""
    root = LexborHTMLParser("<html lang=en><ul class=a><li>1<ul class=a><li>2</ul></ul>").root
    assert root is not None
    page = TreePage(root, {})
    outer = page.first("ul.a")
    assert outer is not None
    inner = outer.first("ul.a")
    assert inner is not None
    assert [one.key for one in outer.css("ul.a")] == [inner.key]
    assert inner.first("ul.a") is None
    assert inner.css("ul.a") == []
    # The page is more than its html element, which has attributes that somebody may want.
    for whole in (page, page.copy()):
        found = whole.first("html")
        assert found is not None
        assert found.attribute("lang") == "en"


@pytest.mark.parametrize("selector", ["p[", "", "p::text", ":nope"])
def test_what_is_no_selector_is_a_value_error_that_shows_it(selector: str) -> None:
    """The parser's own error would be of a type that no caller may know, and names nothing."""
    root = _root("<p>1</p>")
    with pytest.raises(ValueError, match="no CSS selector: ") as caught:
        root.css(selector)
    assert repr(selector) in str(caught.value)
    with pytest.raises(ValueError, match="no CSS selector: "):
        root.first(selector)


def test_a_copy_outlives_the_taking_of_the_text() -> None:
    """The text is taken by changing the tree: elements of the tree itself would lie, or crash."""
    copies: list[Element] = []
    html = b"<h1><a href=/x>A <b>bold</b> word</a></h1><script>let x</script><p>2"
    parse_html(
        html,
        url="http://a.example/",
        header_charset=None,
        resolver=LinkResolver(),
        probe=lambda root: copies.append(root.copy()),
    )
    [copy] = copies
    assert [one.attribute("href") for one in copy.css("h1 > a")] == ["/x"]
    assert [one.tag for one in copy.css("body *")] == ["h1", "a", "b", "script", "p"]
    kept = copy.css("h1")[0]
    copies.clear()
    del copy
    assert kept.html() == '<h1><a href="/x">A <b>bold</b> word</a></h1>'


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>12<sup>.99</sup> <b>E</b>UR", "12.99 EUR"),
        ("<p>a<br>b", "a b"),
        ("<p>a::<wbr>b<img>c", "a::b c"),
        ("<table><td>a<td>b", "a b"),
        ("<p>a<script>x</script><style>y</style><template><b>z</b></template><i>b</i>", "ab"),
        ("<div>a<div>b<b>c</b></div>d</div>", "a bc d"),
        ("<p>" + "<b>" * 900 + "x", "x"),
    ],
)
def test_the_text_of_an_element_has_the_words_of_the_page(html: str, text: str) -> None:
    """A price in pieces would be another price, two cells in one a word that nobody wrote."""
    root = _root(html)
    assert root.text() == text
    assert root.first("body").html() == _root(html).first("body").html()  # type: ignore[union-attr]


def test_elements_know_what_is_around_them_and_whether_they_are_the_same() -> None:
    """Properties of microdata are found by climbing to their item."""
    root = _root("<ul><li>1</li><li>2</li></ul>")
    one, two = root.css("li")
    assert one.parent is not None
    assert two.parent is not None
    assert one.parent.tag == "ul"
    assert one.parent.key == two.parent.key != one.key != two.key
    assert root.parent is None
