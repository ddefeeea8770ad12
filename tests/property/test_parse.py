"""Any bytes make a document that can be written down."""

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.extract.metadata import metadata
from crawler.parse.content_type import header_charset, is_html
from crawler.parse.html import parse_html
from crawler.policy.canonicalization import LinkResolver, canonicalize
from crawler.policy.directives import read_directives

RESOLVER = LinkResolver(max_entries=100)
PIECES = (
    *(
        "<a href=",
        "<a href='x'>",
        "<area href=y rel=nofollow>",
        "<base href=",
        "<title>",
        "</title>",
    ),
    *(
        "<h1>",
        "<link rel=alternate hreflang=",
        "<div id=root>",
        "<x-y>",
        "<meta name=robots content=",
        "<meta charset=",
        "<meta http-equiv=refresh content='0;url=",
    ),
    *("<link rel=canonical href=", "<p>", "</p>", "<b>", "</b>", "<table>", "<td>", "<svg>"),
    *("<script>", "</script>", "<noscript>", "<template>", "</template>", "<textarea>", "<!--"),
    *("-->", "<frameset>", "<html lang=", "<body>", "</body>", "<select>", "<option>", "<math>"),
    *("\0", "&#0;", "&#xD800;", "&lt;", "'", '"', ">", "<", "/", " ", "é", "\ufeff", "koi8-r"),
    *("utf-16", "nofollow", "http://h/", "//", "\\", "#", "?", "<a xlink:href=z>", "<plaintext>"),
)
pages = st.one_of(
    st.binary(max_size=200),
    st.lists(st.sampled_from(PIECES), max_size=15).map(lambda parts: "".join(parts).encode()),
    st.tuples(st.sampled_from(PIECES), st.binary(max_size=40), st.sampled_from(PIECES)).map(
        lambda parts: parts[0].encode() + parts[1] + parts[2].encode()
    ),
    st.text(max_size=100).map(lambda text: text.encode("utf-16")),
)
labels = st.one_of(
    st.none(),
    st.sampled_from(["utf-8", "latin1", "utf-16", "gbk", "iso-2022-jp", "replacement", "x"]),
    st.text(st.characters(), max_size=10),
)


@settings(max_examples=1500, deadline=None)
@given(pages, labels)
def test_any_bytes_make_a_document(body: bytes, label: str | None) -> None:
    """One page of garbage would end its reader, or stop its batch from being written."""
    url = "http://h/a?b"
    document = parse_html(body, url=url, header_charset=label, resolver=RESOLVER)
    found = metadata(document)
    orjson.dumps(
        [
            document.charset,
            document.title,
            document.metas,
            document.lang,
            document.text,
            document.links,
            document.followable,
            document.hreflang,
            document.js_required,
            *found,
            read_directives(document.metas, label, "QuasiCrawler").text,
        ]
    )
    assert document.text == " ".join(document.text.split())
    assert len(set(document.links)) == len(document.links)
    assert set(document.followable) <= set(document.links)
    for link in document.links:
        assert canonicalize(link) == link
    assert document == parse_html(body, url=url, header_charset=label, resolver=LinkResolver())


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(), max_size=60), st.binary(max_size=60))
def test_any_content_type_is_judged(content_type: str, body: bytes) -> None:
    """A strange header would raise in the middle of a batch."""
    assert is_html(content_type, body) in {True, False}
    header_charset(content_type)
    header_charset(f"text/html; charset={content_type}")
