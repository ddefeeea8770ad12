"""Where the fields of a tried page came from: the record has the value, this says which source."""

import json

import pytest

from crawler.clock import job_clock, new_offset_ms
from crawler.errors import ConfigError
from crawler.model.extraction import ExtractTable, FieldRule, Source
from crawler.pipeline.trying.trial import FieldFound, Trial
from crawler.pipeline.trying.trying import try_url
from tests.support.fetch import make_plan
from tests.support.web import Answer, Web, page

pytestmark = pytest.mark.component
HOSTS = ("127.0.44.1",)
PRODUCT = {"@type": "Product", "name": "Chair", "offers": {"price": "12.50"}}
HEAD = f'<script type="application/ld+json">{json.dumps(PRODUCT)}</script>'
BODY = '<h1>A chair</h1><b class=stock>many</b><a class=buy href="/buy">x</a>'
CARDS = "".join(f"<li><b>N{n}</b>" + f"<i>{n}</i>" * (n % 2) for n in range(5))
PAGES = {"/item": page(head=HEAD, text=BODY), "/list": page(text=f"<ul>{CARDS}</ul>")}


def css(select: str, take: str = "text") -> Source:
    return Source(kind="css", select=select, take=take)


def rule(name: str, *sources: Source, **more) -> FieldRule:
    return FieldRule(name=name, sources=sources, place=f"field {name}", **more)


async def tried(path: str, *tables: ExtractTable, pages=PAGES) -> Trial:
    with Web(pages, HOSTS) as web:
        plan = make_plan(retries=0, extract=tables)
        return await try_url(web.url(path), plan, job_clock(new_offset_ms()))


async def field(path: str, one: FieldRule, **table) -> FieldFound:
    trial = await tried(path, ExtractTable(fields=(one,), **table))
    assert trial.fields is not None
    (found,) = trial.fields.found
    assert trial.record is not None
    taken = trial.record["fields"]
    assert isinstance(taken, dict)
    if table.get("each") is None:
        assert found.value == taken[one.name]
    return found


async def test_the_first_source_that_has_a_value_is_named() -> None:
    """A selector that never matches would stay, since another source does its work."""
    json_ld = Source(kind="json_ld", select="Product.name")
    found = await field("/item", rule("name", css(".none"), json_ld, css("h1")))
    assert (found.state, found.value) == ("found", "Chair")
    assert [(one.source, one.count) for one in found.sources] == [("json_ld Product.name", 1)]
    found = await field("/item", rule("name", css("h1"), json_ld))
    assert [one.source for one in found.sources] == ["css h1"]
    found = await field("/item", rule("buy", css("a.buy", "@href"), type="url"))
    assert [one.source for one in found.sources] == ["css a.buy@href"]


async def test_a_default_is_not_taken_for_a_find() -> None:
    """Coverage would be full, and every value the default."""
    found = await field("/item", rule("colour", css(".colour"), default="red"))
    assert (found.state, found.value, found.defaults, found.sources) == ("default", "red", 1, ())
    # The same text, but from the page.
    found = await field("/item", rule("name", css("h1"), default="A chair"))
    assert (found.state, found.defaults) == ("found", 0)


async def test_missing_and_unreadable_are_apart() -> None:
    """One asks for another selector, the other for another type."""
    found = await field("/item", rule("sku", css(".sku"), required=True))
    assert (found.state, found.value, found.missing, found.fault) == ("missing", None, 1, None)
    assert found.required
    found = await field("/item", rule("stock", css(".stock"), type="int"))
    assert (found.state, found.fault) == ("unreadable", "'many' is no number")
    found = await field("/item", rule("stock", css(".stock"), type="int", default=0))
    assert (found.state, found.value, found.fault) == ("default", 0, "'many' is no number")
    found = await field("/item", rule("all", css(".none"), many=True))
    assert (found.state, found.value) == ("missing", [])


async def test_objects_are_counted_by_source() -> None:
    rules = (rule("name", css("b")), rule("n", css("em"), css("i"), type="int", required=True))
    trial = await tried("/list", ExtractTable(each="li", fields=rules, place="here"))
    assert trial.fields is not None
    assert (trial.fields.table, trial.fields.items) == ("here", 5)
    name, number = trial.fields.found
    assert (name.state, name.value, name.missing) == ("found", "N0", 0)
    assert (number.state, number.value, number.missing) == ("partly", 1, 3)
    assert [(one.source, one.count) for one in number.sources] == [("css i", 2)]


async def test_each_without_a_match_has_no_objects() -> None:
    trial = await tried("/item", ExtractTable(each=".card", fields=(rule("a", css("b")),)))
    assert trial.fields is not None
    assert trial.fields.items == 0
    assert trial.fields.note == "nothing on this page matches each = '.card'"
    assert [one.state for one in trial.fields.found] == ["missing"]


async def test_the_first_table_that_matches_holds() -> None:
    rules = (rule("a", css("h1")),)
    tables = (
        ExtractTable(match="http*://*/list", fields=rules, place="one"),
        ExtractTable(match="http*://*/item", fields=rules, place="two"),
        ExtractTable(fields=rules, place="three"),
    )
    trial = await tried("/item", *tables)
    assert trial.fields is not None
    assert (trial.fields.table, trial.fields.match) == ("two", "http*://*/item")
    none = await tried("/other", *tables[:2])
    assert none.fields is not None
    assert (none.fields.table, none.fields.found) == (None, ())
    assert none.fields.note == "no [[extract]] table matches this URL"
    assert (await tried("/item")).fields is None


@pytest.mark.parametrize(
    ("answer", "note"),
    [
        (page(text=BODY)._replace(status=404), "an answer that is no success has no fields"),
        (Answer(b"%PDF", content_type="application/pdf"), "what is no HTML has no fields"),
    ],
)
async def test_pages_without_fields_say_why(answer: Answer, note: str) -> None:
    """A person would look for the fault in the selector."""
    table = ExtractTable(fields=(rule("a", css("h1"), required=True),))
    trial = await tried("/x", table, pages={"/x": answer})
    assert trial.fields is not None
    assert (trial.fields.note, trial.fields.found) == (note, ())
    assert trial.record is not None
    assert trial.record["fields"] == {}


async def test_a_selector_that_is_none_asks_nobody() -> None:
    with Web(PAGES, HOSTS) as web:
        bad = ExtractTable(fields=(rule("a", css("b[")),))
        with pytest.raises(ConfigError, match=r"field a.* no CSS selector"):
            await try_url(web.url("/item"), make_plan(extract=(bad,)), job_clock(new_offset_ms()))
        assert web.asked == []
