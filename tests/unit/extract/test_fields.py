"""Fields of pages: sources, fallbacks, types, and what is said of what went wrong."""

import json
from typing import Any

import pytest

from crawler.errors import ConfigError
from crawler.extract import budget, fields, regexes
from crawler.extract.fields import compile_tables
from crawler.extract.json_ld import loads, may_have_json_ld
from crawler.extract.page import Page
from crawler.model.extraction import ExtractTable, FieldRule, Source, SourceKind
from crawler.parse.html import parse_html
from crawler.policy.canonicalization import LinkResolver

URL = "http://shop.example/item/1"


def field(name: str = "f", **given: Any) -> FieldRule:
    """Sources by their kind, options by their name."""
    kinds: tuple[SourceKind, ...] = ("css", "json_ld", "microdata", "opengraph", "meta")
    sources = []
    for key in list(given):
        if key in kinds:
            select, _, attribute = given.pop(key).partition("@")
            take = f"@{attribute}" if attribute else given.get("take", "text")
            sources.append(Source(kind=key, select=select, take=take))
    given.pop("take", None)
    return FieldRule(name=name, sources=tuple(sources), place="crawl.toml: f", **given)


def take(
    html: str, *rules: FieldRule, each: str | None = None
) -> tuple[dict[str, Any], str | None]:
    table, resolver = compile_tables([ExtractTable(fields=rules, each=each)])["*"], LinkResolver()
    taken: list[tuple[dict[str, object], str | None]] = []
    parse_html(
        html.encode(),
        url=URL,
        header_charset="utf-8",
        resolver=resolver,
        probe=lambda root: taken.append(table.take(Page(root, URL, resolver, html.encode()))),
    )
    [(found, error)] = taken
    assert error is None or ("\n" not in error and len(error) <= fields.MAX_ERROR_BYTES)
    return found, error


def value(html: str, **given: Any) -> Any:
    found, error = take(html, field(**given))
    assert error is None
    return found["f"]


def ld(*blocks: object) -> str:
    texts = (block if isinstance(block, str) else json.dumps(block) for block in blocks)
    return "".join(f'<script type="application/ld+json">{text}</script>' for text in texts)


PRODUCT = {
    "@context": "https://schema.org",
    "@graph": [
        {"@type": "Organization", "@id": "#us", "name": "Pell", "url": "/us"},
        {
            "@type": ["Thing", "http://schema.org/Product"],
            "name": " A  lamp ",
            "image": ["/1.png", "/2.png"],
            "brand": {"@id": "#us"},
            "offers": [
                {"@type": "Offer", "price": "12.30", "priceCurrency": "EUR"},
                {"@type": "Offer", "price": 9, "priceCurrency": "eur"},
            ],
            "aggregateRating": {"ratingValue": "4.5", "reviewCount": "1,204"},
        },
    ],
}
ITEM = """
<div itemscope itemtype="https://schema.org/Product" itemid="#p">
 <b itemprop="name">A <i>lamp</i></b><img itemprop="image" src="/1.png">
 <link itemprop="url sameAs" href="/item/1"><meta itemprop="sku" content="S1">
 <span itemprop="offers" itemscope itemtype="https://schema.org/Offer">
  <span itemprop="price">12,30</span><meta itemprop="priceCurrency" content="EUR"></span>
 <p itemprop="review" itemscope><span itemprop="name">Bob</span></p>
 <p itemprop="review" itemscope><span itemprop="name">Eve</span></p>
 <time itemprop="releaseDate" datetime="2026-03-05">5 March</time>
</div><p itemprop="name">nobody's</p>
"""


@pytest.mark.parametrize(
    "text",
    [
        "// of the shop\n{}",
        "/* of the shop */ {}",
        "/*<![CDATA[*/ {} /*]]>*/",
        "// <![CDATA[\n{}\n// ]]>",
        "<!-- {} -->",
        "\ufeff{}",
        "{};",
    ],
)
def test_what_stands_around_json_is_passed_over(text: str) -> None:
    """Templates put it there, and no search engine minds: a shop would have no prices."""
    assert loads(text.replace("{}", '{"name": "// /* ; -->"}')) == {"name": "// /* ; -->"}


@pytest.mark.parametrize(
    ("html", "given", "expected"),
    [
        ("<h1> A <b>T</b>he <script>x</script></h1>", {"css": "h1"}, "A The"),
        ("<p>1</p><p>2</p>", {"css": "p", "many": True}, ["1", "2"]),
        ("<p>1</p><p> </p><p>2</p>", {"css": "p", "many": True}, ["1", "2"]),
        ("<img src=a.png alt>", {"css": "img@src"}, "a.png"),
        ("<img src=a.png alt>", {"css": "img@alt", "default": "none"}, "none"),
        ("<p>a<b>b</b></p>", {"css": "p", "take": "html"}, "<p>a<b>b</b></p>"),
        ("<p>No.</p><p>SKU: AB-1 x</p>", {"css": "p", "regex": r"SKU: (\S+)"}, "AB-1"),
        ("<p>No.</p><p>SKU: AB-1 x</p>", {"css": "p", "regex": r"[A-Z]{2}-\d"}, "AB-1"),
        ("<p>a1</p><p>b</p><p>c2</p>", {"css": "p", "regex": r"\d", "many": True}, ["1", "2"]),
        ("<p>b</p>", {"css": "p", "regex": r"\d"}, None),
        ("<p>b</p>", {"css": "i", "many": True}, []),
        ("<p>b</p>", {"css": "i", "many": True, "default": ["x"]}, ["x"]),
        ("<p>ünï</p>", {"css": "p"}, "ünï"),
        ("<meta name=DC.Date content=2026>", {"meta": "dc.date"}, "2026"),
        ("<meta property=og:image content=/a.png>", {"opengraph": "og:image", "type": "url"},
         "http://shop.example/a.png"),
        ("<meta property=og:tag content=a><meta property=og:tag content=b>",
         {"opengraph": "og:tag", "many": True}, ["a", "b"]),
        ("<p>x<meta property=og:type content=p>", {"opengraph": "og:type"}, "p"),
        ("<meta property=p:price:amount content=1.5><meta property=p:price:currency content=eur>",
         {"opengraph": "p:price:amount", "type": "price"}, {"amount": 1.5, "currency": "EUR"}),
        ("<base href=/x/><a href=y?utm_source=z>", {"css": "a@href", "type": "url"},
         "http://shop.example/x/y?utm_source=z"),
        (ld(PRODUCT), {"json_ld": "Product.name"}, "A lamp"),
        (ld(PRODUCT), {"json_ld": "name"}, "Pell"),
        (ld(PRODUCT), {"json_ld": "Product.brand"}, "Pell"),
        (ld(PRODUCT), {"json_ld": "Product.brand.url", "type": "url"}, "http://shop.example/us"),
        (ld(PRODUCT), {"json_ld": "Offer.price", "type": "number", "many": True}, [12.3, 9]),
        (ld(PRODUCT), {"json_ld": "Product.offers.price", "type": "price"},
         {"amount": 12.3, "currency": "EUR"}),
        (ld(PRODUCT), {"json_ld": "Product.offers", "type": "price", "many": True},
         [{"amount": 12.3, "currency": "EUR"}, {"amount": 9, "currency": "EUR"}]),
        (ld(PRODUCT), {"json_ld": "Product.image", "many": True}, ["/1.png", "/2.png"]),
        (ld(PRODUCT), {"json_ld": "Product.image", "type": "json"}, ["/1.png", "/2.png"]),
        (ld(PRODUCT), {"json_ld": "Product.aggregateRating.reviewCount", "type": "int"}, 1204),
        (ld("{broken", PRODUCT), {"json_ld": "Product.name"}, "A lamp"),
        (ld('<!--{"a": "x\ny",}-->'), {"json_ld": "a"}, "x y"),
        (ld('[[{"a": 1}], {"a": 2}]'), {"json_ld": "a", "type": "int"}, 2),
        (ld('{"a": NaN, "b": "x",}'), {"json_ld": "a", "default": "none"}, "none"),
        (ld('{"schema:a": 1}'), {"json_ld": "a", "type": "int"}, 1),
        (ITEM, {"microdata": "Product.name"}, "A lamp"),
        (ITEM, {"microdata": "Product.offers.price", "type": "price"},
         {"amount": 12.3, "currency": "EUR"}),
        (ITEM, {"microdata": "Product.review.name", "many": True}, ["Bob", "Eve"]),
        (ITEM, {"microdata": "sameAs", "type": "url"}, "http://shop.example/item/1"),
        (ITEM, {"microdata": "Product.sku"}, "S1"),
        (ITEM, {"microdata": "name", "many": True}, ["A lamp"]),
        (ITEM, {"microdata": "Product.releaseDate", "type": "date"}, "2026-03-05"),
        ("<p>yes", {"css": "p", "type": "bool"}, True),
        ("<link href=http://schema.org/OutOfStock>", {"css": "link@href", "type": "bool"}, False),
        ("<p data-x='{\"a\": [1]}'>", {"css": "p@data-x", "type": "json"}, {"a": [1]}),
        ("<p>12 left", {"css": "p", "type": "int"}, 12),
        ("<p>5. März 2026", {"css": "p", "type": "date"}, "2026-03-05"),
        ("<p>05.03.2026", {"css": "p", "type": "date", "format": "%d.%m.%Y"}, "2026-03-05"),
        ("<p>1.234 kg", {"css": "p", "type": "number", "decimal": ","}, 1234.0),
    ],
)  # fmt: skip
def test_values_come_from_all_sources_in_all_types(html, given, expected):
    """A source that is not read, or a type that is not made, is a column that stays empty."""
    found = value(html, **given)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("before", ["", "+" * 1000, "1+1 ld+js"])
def test_json_ld_is_found_where_bytes_are_looked_at_first(encoding, before):
    """A page whose bytes look as if it had none would lose its best source."""
    page = before + ld({"name": "x"}).replace("ld+json", "LD+json")
    assert may_have_json_ld(page.encode(encoding))
    assert value(page, json_ld="name") == "x"
    assert not may_have_json_ld(b"<p>1+1</p>")


def test_the_first_source_that_has_a_value_wins():
    """Some pages of a shop have JSON-LD, others only markup: one field must serve them all."""
    rule = {"json_ld": "Product.name", "opengraph": "og:title", "css": "h1"}
    og = "<meta property=og:title content=og>"
    assert value(ld({"@type": "Product", "name": "ld"}) + og + "<h1>css", **rule) == "ld"
    assert value(ld({"@type": "Product", "name": ""}) + og + "<h1>css", **rule) == "og"
    assert value("<h1>css", **rule) == "css"
    number = {"json_ld": "price", "css": "p", "type": "number"}
    assert value(ld({"price": "on request"}) + "<p>5", **number) == 5


def test_faults_are_named_and_leave_the_page_its_other_fields():
    """One bad value must not take the others with it, nor go unnoticed."""
    found, error = take(
        "<h1>A</h1><i>free</i><b>1</b><b>x; y</b>",
        field("title", css="h1", required=True),
        field("price", css="i", type="price", required=True),
        field("sku", css="u", required=True),
        field("numbers", css="b", type="int", many=True),
        field("stock", css="i", type="int", default=0),
    )
    assert found == {"title": "A", "price": None, "sku": None, "numbers": [1], "stock": 0}
    assert error == (
        "price: missing; sku: missing; price: 'free' is no price; numbers: 'x y' is no number; "
        "stock: 'free' is no number"
    )


def test_each_makes_one_object_for_each_element():
    """A listing has many products on one page."""
    html = "<ul><li><a href=/1>A</a><i>1</i></li><li><a href=/2>B</a></li></ul><i>9</i>"
    rules = (
        field("link", css="a@href", type="url"),
        field("name", css=""),
        field("n", css="i", type="int", required=True),
    )
    found, error = take(html, *rules, each="li")
    assert found == {
        "items": [
            {"link": "http://shop.example/1", "name": "A1", "n": 1},
            {"link": "http://shop.example/2", "name": "B", "n": None},
        ]
    }
    assert error == "n: missing in 1 of 2"
    assert take(html, *rules, each="table") == ({"items": []}, None)


def test_a_page_cannot_fill_the_record(monkeypatch):
    """A page of a million cards, or of one huge value, would be all that the reader does."""
    monkeypatch.setattr(fields, "MAX_ITEMS", 3)
    found, error = take("<p>a</p>" * 9, field(css=""), each="p")
    assert (len(found["items"]), error) == (3, "items: only 3 of 9 were taken")
    assert len(value(f"<p>{'ä' * 50_000}", css="p")) == 65_536 // 2
    monkeypatch.setattr(budget, "MAX_BYTES", 100)
    found, error = take("<p>" + "a" * 200, field("a", css="p"), field("b", css="p"))
    assert found == {"a": None, "b": None}
    assert error is not None
    assert error.startswith("the page's fields hold more than")
    monkeypatch.setattr(budget, "MAX_SECONDS", -1)
    found, error = take("<p>a", field("a", css="p"))
    assert (found, error) == ({"a": None}, "the page's fields take more than -1 s")


def test_a_regex_cannot_stall_a_reader(monkeypatch):
    """Nested repetitions take longer than a crawl on a text that was written for them."""
    monkeypatch.setattr(regexes, "MAX_SECONDS", 0.02)
    found, error = take(
        "<h1>A</h1><p>" + "x" * 50_000,
        field("title", css="h1"),
        field("bad", css="p", regex="(x+x+)+y"),
        field("good", css="h1", regex="."),
    )
    assert found == {"title": "A", "bad": None, "good": None}
    assert error == "the page's regexes take more than 0.02 s"


def test_what_is_no_regex_names_its_place():
    with pytest.raises(ConfigError, match=r"crawl.toml: f: no regex: missing \)"):
        compile_tables([ExtractTable(fields=(field(css="p", regex="("),))])


@pytest.mark.parametrize(
    "block",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        json.dumps({"a": 2**70}),
        '{"a": "\\ud800",}',
        '{"a": 1e999,}',
        "null",
        '"x"',
        '{"@graph": [1, null, {"@type": [1, null]}], "@id": {}}',
        json.dumps({"@type": "Product", "a": {"@id": "#x"}, "@id": "#x", "b": 1}),
    ],
)
def test_json_of_any_shape_is_survived_and_can_be_written(block):
    """JSON has numbers, texts and depths that a record cannot hold."""
    import orjson

    rules = [field("t", json_ld="a"), field("j", json_ld="Product.a", type="json"),
             field("n", json_ld="a", type="int"), field("p", json_ld="Product", type="price"),
             field("many", json_ld="a.b.c", many=True)]  # fmt: skip
    found, _ = take(ld(block), *rules)
    orjson.dumps(found)
