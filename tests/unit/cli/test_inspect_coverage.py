"""Coverage of fields: what was asked for, what was found, and where to look for what was not."""

from typing import Any

from crawler.cli.looking.report import Report
from crawler.cli.looking.summary import Summary
from crawler.cli.looking.view import plain
from crawler.cli.records.files import Tally
from tests.support.records import record


def report_of(*records: dict[str, Any]) -> Report:
    summary = Summary(samples=0)
    for one in records:
        summary.add(one)
    return summary.report(Tally())


def page(n: int, fields: Any, error: Any = None) -> dict[str, Any]:
    return record(url=f"http://a.example/{n}", fields=fields, extract_error=error)


def test_a_field_counts_on_the_pages_that_were_asked_for_it() -> None:
    """A selector that matches nothing must show as 0, and a page of no table must not count."""
    report = report_of(
        page(1, {"name": "A", "price": 0, "tags": [], "sold": False, "never": None}),
        page(2, {"name": "", "price": None, "tags": ["x"], "sold": True, "never": None}),
        page(3, {}),
    )
    assert [(one.name, one.have, one.asked) for one in report.coverage] == [
        ("name", 1, 2),
        ("price", 1, 2),
        ("tags", 1, 2),
        ("sold", 2, 2),
        ("never", 0, 2),
    ]
    lines = plain(report, None)
    assert "  never  0 of 2    0.0 %" in lines
    assert "Required fields that are missing" not in lines


def test_pages_that_lack_a_required_field_are_shown() -> None:
    """Without an address nobody could mend the selector."""
    error = "price: missing; sku: missing by far; name: 'x' is no number"
    pages = [page(n, {"price": None, "sku": None, "name": None}, error) for n in range(9)]
    report = report_of(page(99, {"price": 5, "sku": None, "name": None}), *pages)
    price, sku, name = report.coverage
    assert (price.asked, price.have, price.lack_required) == (10, 1, 9)
    assert price.samples == [f"http://a.example/{n}" for n in range(5)]
    assert sku.samples == name.samples == []
    lines = plain(report, None)
    at = lines.index("Required fields that are missing")
    assert lines[at + 1 : at + 3] == [
        "  price  9  http://a.example/0",
        "  price     http://a.example/1",
    ]


def test_what_failed_is_counted_with_an_example() -> None:
    """A callback that raises on each page would look like pages that have no field."""
    raised = "price: missing; callback shop:parse raised KeyError: 'sku' (shop.py, line 9)"
    report = report_of(
        page(1, {"price": None}, "price: 'soon' is no price; price: missing"),
        page(2, {}, raised),
        page(3, {}, raised.replace("sku", "ean")),
        page(4, {}, None),
        page(5, {}, 7),
    )
    found = [(one.name, one.records, one.example) for one in report.extract_errors.top]
    assert found == [
        ("callback shop:parse raised KeyError", 2, "http://a.example/2"),
        ("price", 1, "http://a.example/1"),
    ]
    lines = plain(report, None)
    at = lines.index("Errors of fields")
    assert "callback shop:parse raised KeyError" in lines[at + 1]
    assert "http://a.example/2" in lines[at + 1]


def test_objects_of_a_listing_count_one_by_one() -> None:
    """One card without a price would be hidden by the others of its page."""
    items = [{"name": "A", "price": 1}, {"name": "B", "price": None}, {"name": "C", "price": None}]
    report = report_of(
        page(1, {"items": items}, "price: missing in 2 of 3"), page(2, {"items": []})
    )
    listing, name, price = report.coverage
    assert (listing.name, listing.asked, listing.have) == ("items", 2, 1)
    assert (name.name, name.asked, name.have) == ("items.name", 3, 3)
    assert (price.name, price.have, price.lack_required) == ("items.price", 1, 2)
    assert price.samples == ["http://a.example/1"]


def test_any_fields_can_be_counted() -> None:
    """A callback may put anything there, other crawlers put other things there."""
    report = report_of(
        page(1, {"items": [1, None, "x"]}, ["no text"]),
        page(2, {"items": {"a": 1}}, "; : missing"),
        page(3, [1], 3),
        page(4, {f"f{n}": n for n in range(5000)}),
    )
    assert len(report.coverage) == 1000
    assert report.coverage[0].asked == 2
