"""From bytes to a document."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from crawler.model.document import Document
from crawler.parse.html import (
    MAX_LANG_BYTES,
    MAX_LANGUAGES,
    MAX_LINKS,
    MAX_TEXT_BYTES,
    parse_html,
)
from crawler.parse.nesting import shallow
from crawler.policy.canonicalization import LinkResolver

CORPUS = Path(__file__).parents[2] / "corpus"


def parse(
    body: bytes | str, *, url: str = "http://h/dir/page?q", charset: str | None = None
) -> Document:
    return parse_html(
        body.encode() if isinstance(body, str) else body,
        url=url,
        header_charset=charset,
        resolver=LinkResolver(),
    )


def text(body: str) -> str:
    return parse(body).text


def links(body: str) -> list[str]:
    return parse(body).links


def test_a_page_with_everything() -> None:
    """A link would be missed, or one followed that no reader of the page can see."""
    document = parse((CORPUS / "page.html").read_bytes(), url="http://h/page.html")
    assert document.links == [
        "http://h/base/first",
        "http://h/base/second",
        "http://h/base/",
        "http://h/guarded",
        "http://h/both",
        "http://h/area",
    ]
    assert document.followable == [url for url in document.links if url != "http://h/guarded"]
    assert document.title == "\n  A page  of   links\n"
    assert document.lang == "en-GB"
    assert document.canonicals == ["http://h/canonical"]
    assert document.charset == "utf-8"
    assert document.metas == {
        "description": "What the\npage is about",
        "og:title": "A page",
        "robots": "noarchive",
    }
    assert document.text == (
        '<a href="/from-textarea">shown</a> First and second, first again. no link this page '
        "guarded both both drawing x mail script one two three four five six"
    )


def test_a_head_that_ends_early_still_counts() -> None:
    """One stray image in the head would switch off a page's robots directives."""
    document = parse((CORPUS / "early-body.html").read_bytes(), url="http://h/")
    assert document.title == "Late title"
    assert document.metas == {"robots": "nofollow", "description": "Late description"}
    assert document.canonicals == ["http://h/late"]
    assert document.links == ["http://h/late/x"]


def test_directives_after_the_end_of_the_head_count() -> None:
    """A stray element between title and robots meta would set all links free."""
    document = parse(
        "<title>t</title><p>x<meta name=robots content=nofollow><link rel=canonical href=c>"
    )
    assert document.title == "t"
    assert document.metas == {"robots": "nofollow"}
    assert document.canonicals == ["http://h/dir/c"]


def test_a_page_of_another_century() -> None:
    """Old pages would yield garbage, or no words at all."""
    document = parse((CORPUS / "legacy.html").read_bytes(), url="http://h/")
    assert document.charset == "windows-1251"
    assert document.title == "Привет"
    assert document.text == "один два три четыре"
    assert document.links == ["http://h/%D0%B4%D0%B2%D0%B0.html"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<td>a</td>", "a"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><th>c</th></tr></table>", "a b c"),
        ("<ul><li>a</li><li>b</li></ul>", "a b"),
        ("<p>a<p>b", "a b"),
        ("a<br>b", "a b"),
        ("<div>a<div>b</div>c</div>", "a b c"),
        ("<h1>a</h1>b", "a b"),
        ("<section>a</section><section>b</section>", "a b"),
        ("<p>w<b>or</b>d</p>", "word"),
        ("<span>T</span>he <a href=x>l<i>i</i>nk</a>.", "The link."),
        ("<pre><span>a</span>.<span>b</span>(<span>c</span>)\n  d</pre>", "a.b(c) d"),
        ("a <!-- x -->b", "a b"),
        ("a&nbsp;\u2003\u2028b\x0b&#12288;c", "a b c"),
        ("a<script>x</script>b<style>y</style><noscript>z</noscript>", "ab"),
        ("<svg><style><style>x<script>y</script></style></svg>a", "a"),
        ("<noscript><p>x</p></noscript>a", "a"),
        ("<template>x</template>a", "a"),
        ("", ""),
        ("<frameset><frame src=x></frameset>", ""),
    ],
)
def test_text_neither_runs_together_nor_falls_apart(body: str, expected: str) -> None:
    """Search in the text would find `HomeAbout`, and not `word`."""
    assert text(body) == expected


def test_text_is_cut_at_a_character() -> None:
    """A page of text would make a record of any size, or one that is no UTF-8."""
    found = text("ä" * MAX_TEXT_BYTES)
    assert found == "ä" * (MAX_TEXT_BYTES // 2)
    found = text("a" + "ä" * MAX_TEXT_BYTES)
    assert found == "a" + "ä" * (MAX_TEXT_BYTES // 2 - 1)


def test_invalid_bytes_become_replacement_characters() -> None:
    """orjson refuses lone surrogates: one such page would stop its whole batch."""
    document = parse(
        b'<title>a\xff\xed\xa0\x80</title><meta name=x content="\xc3"><a href="\xffx">'
        b"&#xD800;&#0;</a>\x00b",
        charset="utf-8",
    )
    assert document.title == "a\ufffd\ufffd\ufffd\ufffd"
    assert document.metas == {"x": "\ufffd"}
    assert document.text == "\ufffd\ufffdb"
    assert document.links == ["http://h/dir/%EF%BF%BDx"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<base href=/a/><base href=/b/><a href=x>", ["http://h/a/x"]),
        ("<a href=x><base href=/a/>", ["http://h/a/x"]),
        ("<base target=_top><base href=/a/><a href=x>", ["http://h/a/x"]),
        ("<base href='mailto:x'><a href=x>", ["http://h/dir/x"]),
        ("<base href='http://['><a href=x>", ["http://h/dir/x"]),
        ("<base href=''><a href=x>", ["http://h/dir/x"]),
        ("<base href='//i/j/?q#f'><a href=x><a href='?r'>", ["http://i/j/x", "http://i/j/?r"]),
        ("<base href='/a/'><a href=''>", ["http://h/a/"]),
        ("<a href><a href=' #x '>", ["http://h/dir/page?q"]),
    ],
)
def test_base(body: str, expected: list[str]) -> None:
    """All links of a page would lead to the wrong place."""
    assert links(body) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<meta http-equiv=refresh content='0; url=/x'>", ["http://h/x"]),
        ("<meta http-equiv=Refresh content='5;URL = \"/x\"'>", ["http://h/x"]),
        ("<meta http-equiv=refresh content=\"0; url='/x' \">", ["http://h/x"]),
        ("<meta http-equiv=refresh content='0,/x'>", ["http://h/x"]),
        ("<meta http-equiv=refresh content='30'>", []),
        ("<meta http-equiv=refresh content='x'>", []),
        ("<noscript><meta http-equiv=refresh content='0;url=/x'></noscript>", []),
        (
            "<meta http-equiv=refresh content='0;url=/x'><a href=y>",
            ["http://h/x", "http://h/dir/y"],
        ),
    ],
)
def test_meta_refresh_is_a_link(body: str, expected: list[str]) -> None:
    """A site that begins with such a page would end there."""
    assert links(body) == expected


@pytest.mark.parametrize(
    ("body", "followable"),
    [
        ("<a href=x rel=nofollow>", []),
        ("<a href=x rel='ugc NOFOLLOW'>", []),
        ("<a href=x rel='nofollowed'>", ["http://h/dir/x"]),
        ("<a href=x rel=nofollow><a href=x>", ["http://h/dir/x"]),
        ("<a href=x rel=nofollow><a href='./x#y'>", ["http://h/dir/x"]),
        ("<area href=x rel=nofollow><area href=y>", ["http://h/dir/y"]),
        ("<svg><a xlink:href=/z></a></svg><a href=x rel=nofollow><a href=y>", ["http://h/dir/y"]),
    ],
)
def test_nofollow(body: str, followable: list[str]) -> None:
    """A link would be followed that the page asks not to follow; or one that it allows, lost."""
    assert parse(body).followable == followable


def test_links_are_capped() -> None:
    """One page of links could fill the frontier."""
    body = "".join(f"<a href={number}>" for number in range(MAX_LINKS + 10))
    assert len(links(body)) == MAX_LINKS


def test_no_link_beyond_the_cap_is_followable() -> None:
    """With nofollow on the first links, others would be followed that no record has."""
    body = "<a href=x rel=nofollow></a>" * MAX_LINKS + "<a href=y>"
    document = parse(body)
    assert document.links == ["http://h/dir/x"]
    assert document.followable == []


def test_an_endless_attribute_is_no_link() -> None:
    """A page full of `data:` links would be carried through every step."""
    assert links(f"<a href='{'a' * 9000}'><a href=b><a href='data:,{'x' * 100_000}'>") == [
        "http://h/dir/b"
    ]


def test_robots_metas_add_up() -> None:
    """The second robots meta, the one with nofollow, would not count; others stay the first's."""
    document = parse(
        "<meta name=robots content=noindex><meta name=ROBOTS content=nofollow>"
        "<meta name=description content=first><meta name=description content=second>"
        "<meta name=empty content=''><meta content=nameless>"
    )
    assert document.metas == {"robots": "noindex, nofollow", "description": "first"}


def test_a_drawing_has_no_say_in_the_title() -> None:
    """An icon's name would become the page's title."""
    assert parse("<body><svg><title>icon</title></svg>").title is None
    assert parse("<body><svg><title>icon</title></svg><title>t</title>").title == "t"


@pytest.mark.parametrize(
    ("href", "canonicals"),
    [("/x#y", ["http://h/x"]), ("mailto:x", []), ("", ()), ("http://[", [])],
)
def test_canonical_link(href: str, canonicals: Sequence[str]) -> None:
    """The record would name an address that is none."""
    assert parse(f"<link rel='alternate canonical' href='{href}'>").canonicals == canonicals


@pytest.mark.parametrize("tag", ["div", "span", "b", "a href=x", "ul><li", "svg", "font", "x"])
def test_absurd_depth_is_harmless(tag: str) -> None:
    """A page of `<div>` would keep a reader busy for hours: the parser's time is quadratic."""
    document = parse(f"<a href=first>t</a><{tag}>" + f"<{tag}>" * 400_000)
    assert document.links[0] == "http://h/dir/first"
    assert document.text == "t"


def test_many_shallow_elements_are_not_cut() -> None:
    """A long list without closing tags would lose its end."""
    body = "<ul>" + "<li>x<br>" * 30_000 + "<a href=last>"
    assert links(body) == ["http://h/dir/last"]
    body = "<div><br><br></div>" * 30_000 + "<a href=last>"
    assert links(body) == ["http://h/dir/last"]


@pytest.mark.parametrize(
    "body",
    [
        "<div>" * 50_000 + "</div>" * 50_000,
        "<b></p>" * 50_000,
        "<b></i>" * 50_000,
        "<span></x>" * 50_000,
        "<div></h1>" * 50_000,
        "<optgroup>" * 50_000,
        "<rt>" * 50_000,
        "<svg>" + "<a>" * 50_000,
        "<svg>" + "<td>" * 50_000,
        "".join(f"<font size={n}></p><p>" for n in range(3_000)),
    ],
    ids=lambda body: body[:20],
)
def test_depth_is_seen_behind_other_tags(body: str) -> None:
    """Closing tags that close nothing, or come too late, would hide the depth; and the last page
    of 70 KB would become a tree of two gigabytes."""
    page = ("<a href=first>t</a>" + body + "<a href=last>").encode()
    assert len(shallow(page)) < len(page) / 2
    assert links(page.decode()) == ["http://h/dir/first"]


@pytest.mark.parametrize(
    "body",
    [
        "<svg>" + "<path d='M 1 2'/>" * 70_000 + "</svg>",
        "<table>" + "<tr><td><font size=2>x" * 30_000 + "</table>",
        "<div><span>x</div>" * 30_000,
        "<p><a>x<br>" * 30_000,
        "<select>" + "<option>x" * 70_000 + "</select>",
        "<script>" + "{'a': '<b', 'c': 1} " * 20_000 + "</script>",
        "<svg><path d='" + "M 1 2 " * 60_000 + "'/></svg>",
        "<div data-x='" + "a=1 b=2 " * 60_000 + "'></div>",
        "<pre>" + "text, text " * 60_000 + "</pre>",
    ],
    ids=lambda body: body[:20],
)
def test_pages_that_are_only_long_keep_their_end(body: str) -> None:
    """Tags without an end, paths of a drawing or data in one attribute are no attack."""
    assert links(body + "<a href=last>") == ["http://h/dir/last"]


@pytest.mark.parametrize("end", [">t</a>", ""])
def test_a_tag_with_a_million_attributes_is_cut(end: str) -> None:
    """The parser compares each attribute with all before it: half an hour for this one."""
    names = " ".join(f"a{number}" for number in range(1_000_000))
    page = f"<a href=first>t</a><p><a {names} href=last{end}<a href=after>"
    assert links(page) == ["http://h/dir/first"]


@pytest.mark.parametrize("content", [" " * 8_000, "5" * 8_000, " ;" * 4_000, "5;" + " url" * 2_000])
def test_a_refresh_of_blanks_is_read_once(content: str) -> None:
    """Blanks that may be read in many ways kept a reader busy for hours: eight kilobytes did."""
    assert parse(f"<meta http-equiv=refresh content='{content}'>x").text == "x"


@pytest.mark.parametrize(
    ("content", "target"),
    [
        ("5;url=x", "x"),
        ("5; URL = 'x' y", "x"),
        ("5, x", "x"),
        ("5 url=x", "x"),
        ("0.5 ; x", "x"),
        (";x", "x"),
        ("5", None),
        ("5;", None),
        ("url=x", None),
    ],
)
def test_refresh_is_read_as_browsers_do(content: str, target: str | None) -> None:
    """A pattern made safe must still read what sites write."""
    found = links(f'<meta http-equiv=refresh content="{content}">')
    assert found == ([f"http://h/dir/{target}"] if target else [])


@pytest.mark.parametrize(
    ("body", "h1"),
    [
        ("<p>no heading", None),
        ("<h2>x</h2>", None),
        ("<p>x<h1> A <b>b</b>ig<br>one</h1><h1>second</h1>", " A big one"),
        ("<h1><a href=/>Home</a> <script>x</script>page</h1>", "Home page"),
        ("<template><h1>hidden</h1></template><h1>shown</h1>", "shown"),
        ("<noscript><h1>hidden</h1></noscript><h1>shown</h1>", "shown"),
        ("<svg><script><foreignObject><h1>in a drawing</h1>", None),
        ("<h1><img src=x></h1>", ""),
    ],
)
def test_first_heading(body: str, h1: str | None) -> None:
    """The heading would be another than the one a reader sees, or its words run together."""
    assert parse(body).h1 == h1


def test_other_languages() -> None:
    """A page in two languages would be taken for two pages."""
    document = parse(
        """<base href=/b/><link rel=alternate hreflang=de href=de.html>
        <LINK HREFLANG=" x-default " REL="Alternate" HREF="//H/./en"><link rel=alternate href=feed>
        <link rel=alternate hreflang=de href=second><link rel=next hreflang=fr href=fr>
        <link rel=alternate hreflang=it href="http://"><link rel=alternate hreflang href=x>
        <link rel="alternate canonical" hreflang=en href=en>"""
    )
    assert document.hreflang == {
        "de": "http://h/b/de.html",
        "x-default": "http://h/en",
        "en": "http://h/b/en",
    }
    assert document.canonicals == ["http://h/b/en"]
    assert parse("<p>x").hreflang == {}


def test_languages_are_bounded() -> None:
    """A page with a million languages would make a record of 100 MB."""
    many = "".join(f"<link rel=alternate hreflang=l{n} href={n}>" for n in range(2 * MAX_LANGUAGES))
    assert len(parse(many).hreflang) == MAX_LANGUAGES
    long = f"<link rel=alternate hreflang={'x' * 1000} href=x>"
    assert [len(name) for name in parse(long).hreflang] == [MAX_LANG_BYTES]
