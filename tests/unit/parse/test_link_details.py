"""Text and rel of links."""

import pytest

from crawler.parse.html import parse_html
from crawler.parse.link_details import MAX_LINK_TEXT_BYTES, MAX_REL_BYTES
from crawler.policy.canonicalization import LinkResolver


def details(body: str) -> list[dict[str, str]]:
    document = parse_html(
        body.encode(),
        url="http://h/dir/page",
        header_charset=None,
        resolver=LinkResolver(),
        with_link_details=True,
    )
    assert [found["url"] for found in document.link_details] == document.links
    return list(document.link_details)


@pytest.mark.parametrize(
    ("body", "text", "rel"),
    [
        ("<a href=x>One <b>t</b>wo</a>", "One two", ""),
        ("<a href=x><div>One</div><div>two</div></a>", "One two", ""),
        ("<a href=x>One<br>two</a>", "One two", ""),
        ("<a href=x rel=' NoFollow\n ugc '>x</a>", "x", "NoFollow ugc"),
        ("<a href=x rel=first><i></i></a><a href=x rel=second>Later</a>", "Later", "second"),
        ("<a href=x rel=first>One</a><a href=x#f rel=second>Two</a>", "One", "first"),
        ("<a href=x rel=first></a><a href=x></a>", "", "first"),
        ("<a href=x><img src=i alt='The  logo'></a>", "The logo", ""),
        ("<a href=x>Shown<script>not</script><style>not</style></a>", "Shown", ""),
        ("<map><area href=x alt=Harbour rel=nofollow></map>", "Harbour", "nofollow"),
        ("<meta http-equiv=refresh content='0;url=x'>", "", ""),
        (
            f"<a href=x rel={'r' * 999}>{'t' * 9999}</a>",
            "t" * MAX_LINK_TEXT_BYTES,
            "r" * MAX_REL_BYTES,
        ),
        ("<a href=x>" + "<p>a</p>" * 9999 + "</a>", "a " * 98 + "a", ""),
    ],
)
def test_text_and_rel(body: str, text: str, rel: str) -> None:
    """A link would be described by another one's words, or by words that ran together."""
    assert details(body) == [{"url": "http://h/dir/x", "text": text, "rel": rel}]


def test_order_is_that_of_links() -> None:
    """Details would be read for the wrong link."""
    found = details("<a href=b>B</a><a href=mailto:x>M</a><a href=a>A</a><a href=b>again</a>")
    assert [(one["url"][-1], one["text"]) for one in found] == [("b", "B"), ("a", "A")]


def test_nobody_asked() -> None:
    """Every page of every crawl would pay for it."""
    document = parse_html(
        b"<a href=x>x</a>", url="http://h/", header_charset=None, resolver=LinkResolver()
    )
    assert document.link_details == ()
