"""Any page and any JSON-LD: taking fields never raises, and what it takes can be written."""

import json

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.extract.fields import compile_tables
from crawler.extract.page import Page
from crawler.model.element import PageElement
from crawler.model.extraction import ExtractTable, FieldRule, FieldType, Source, SourceKind
from crawler.parse.html import parse_html
from crawler.policy.canonicalization import LinkResolver

RESOLVER = LinkResolver(max_entries=100)
TYPES: tuple[FieldType, ...] = ("string", "int", "number", "bool", "date", "url", "price", "json")
WHERE: tuple[tuple[SourceKind, str, str], ...] = (
    ("css", "p", "text"),
    ("css", "*", "html"),
    ("css", "[itemprop]", "@content"),
    ("json_ld", "Product.offers.price", "text"),
    ("json_ld", "Product", "text"),
    ("json_ld", "a", "text"),
    ("microdata", "Product.a", "text"),
    ("microdata", "a.a", "text"),
    ("opengraph", "og:price:amount", "text"),
    ("meta", "a", "text"),
)
RULES = tuple(
    FieldRule(
        name=f"{kind} {n}",
        sources=tuple(
            Source(kind=source, select=select, take=take)
            for source, select, take in WHERE[n % len(WHERE) :]
        ),
        type=kind,
        many=bool(n % 2),
        regex=r"\S+" if n % 5 == 0 else None,
        required=n % 3 == 0,
    )
    for n in range(len(WHERE))
    for kind in TYPES
)
TABLE = compile_tables([ExtractTable(fields=RULES)])["*"]
IN_EACH = compile_tables(
    [ExtractTable(each="p,div", fields=tuple(r for r in RULES if r.sources[0].kind == "css"))]
)["*"]
PIECES = (
    *("<p>", "</p>", "<div itemscope itemtype=x/Product>", "<p itemprop=a>", "</div>", "<b>"),
    *("<div itemprop=a itemscope>", "<meta itemprop='a b' content=", "<meta name=a content=x>"),
    *("<meta property=og:price:amount", " content=1e999>", "<base href=", "'>", "<svg>"),
    *("<a itemprop=a href='//'>", '<script type="application/ld+json">', "</script>", "12,5"),
    *("5 May 2026", "€", "\0", "é", '{"@type": "Product", "offers": [', '{"price":', "NaN"),
    *("1e999", '"\\ud800"', "]}", "}", ",", "[", "<template>", "<noscript>", "&#xD800;"),
    *("<time datetime=2026-01-01 itemprop=a>", "9" * 30, "-"),
)
texts = st.lists(st.sampled_from(PIECES), max_size=25).map("".join)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["Product", "#x", "12,5", "2026-01-01"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["@type", "@id", "@graph", "a", "offers", "price", "priceCurrency"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)
pages = st.one_of(
    texts,
    st.tuples(texts, values).map(
        lambda pair: f'{pair[0]}<script type="application/ld+json">{json.dumps(pair[1])}</script>'
    ),
)


@settings(max_examples=400, deadline=None)
@given(pages)
def test_any_page_gives_fields_that_can_be_written(html: str) -> None:
    """One page of garbage would end its reader, or keep its whole batch from being written."""
    url = "http://h/a?b"

    def probe(root: PageElement) -> None:
        for table in (TABLE, IN_EACH):
            fields, error = table.take(Page(root, url, RESOLVER))
            assert len(orjson.dumps([fields, error])) < 10_000_000
            if table is TABLE:
                assert fields.keys() == {rule.name for rule in RULES}

    body = html.encode("utf-8", "replace")
    parse_html(body, url=url, header_charset="utf-8", resolver=RESOLVER, probe=probe)
