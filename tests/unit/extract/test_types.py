"""Numbers, dates and prices as people write them."""

import pytest

from crawler.extract.dates import to_date
from crawler.extract.numbers import to_int, to_number
from crawler.extract.prices import to_price


@pytest.mark.parametrize(
    ("text", "number", "integer"),
    [
        ("1.234,56", 1234.56, None),
        ("1,299", 1299, 1299),
        ("1,299.00 left", 1299, 1299),
        ("about 1 299 kg", 1299, 1299),
        ("1\u202f299\u00a0000", 1299000, 1299000),
        ("12 34", 12, 12),
        ("3.142", 3.142, 3142),
        ("1.234.567", 1234567, 1234567),
        ("1'299.50", 1299.5, None),
        ("\u22125 °C", -5, -5),
        ("0,5", 0.5, None),
        ("0,125", 0.125, None),
        ("-0,125 l", -0.125, None),
        ("0.125", 0.125, None),
        (".5", 0.5, None),
        ("4.5/5", 4.5, None),
        ("1e3", 1000, 1),
        ("9007199254740993", 9007199254740992, 9007199254740993),
        ("12.00", 12, 12),
    ],
)
def test_numbers(text, number, integer):
    """A price of 1.299 that became 1.3 is worse than none."""
    assert to_number(text) == number
    if integer is None:
        with pytest.raises(ValueError, match="is no whole number"):
            to_int(text)
    else:
        assert to_int(text) == integer


@pytest.mark.parametrize(("text", "decimal", "number"), [
    ("1.234", ",", 1234), ("1,234", ",", 1.234), ("1.234", ".", 1.234), ("1,234", ".", 1234),
    ("1.234,5", ",", 1234.5),
])  # fmt: skip
def test_a_rule_can_say_which_separator_is_which(text, decimal, number):
    assert to_number(text, decimal) == number


@pytest.mark.parametrize("text", ["", "free", "-", ",", "١٢"])
def test_what_is_no_number_is_refused(text):
    for convert in (to_number, to_int):
        with pytest.raises(ValueError, match="is no"):
            convert(text)


def test_numbers_that_no_record_can_hold_are_refused():
    """The record could not be written, so its whole batch would be lost."""
    with pytest.raises(ValueError, match="too large"):
        to_int("9" * 30)
    with pytest.raises(ValueError, match="too large"):
        to_number("1e999")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-05", "2026-03-05"),
        (" 20260305 ", "2026-03-05"),
        ("2026-03-05T10:00Z", "2026-03-05T10:00:00Z"),
        ("2026-03-05 10:00:00+0100", "2026-03-05T10:00:00+01:00"),
        ("2026-03-05T10:00:00.5", "2026-03-05T10:00:00.500000"),
        ("2026-03", "2026-03"),
        ("2026", "2026"),
        ("Thu, 05 Mar 2026 10:00:00 GMT", "2026-03-05T10:00:00Z"),
        ("05 Mar 2026 10:00:00 +0100", "2026-03-05T10:00:00+01:00"),
        ("5 March 2026", "2026-03-05"),
        ("March 5th, 2026", "2026-03-05"),
        ("Posted on Mar 5, 2026 3:05 PM by Eve", "2026-03-05T15:05:00"),
        ("12 May 2026 at 12:05 a.m.", "2026-05-12T00:05:00"),
        ("5. März 2026", "2026-03-05"),
        ("5 mars 2026 à 10:30", "2026-03-05T10:30:00"),
        ("5 de março de 2026", "2026-03-05"),
        ("1772704800", "2026-03-05T10:00:00Z"),
        ("1772704800000", "2026-03-05T10:00:00Z"),
    ],
)
def test_dates_become_iso_8601(text, expected):
    """Dates that cannot be compared as text are no data."""
    assert to_date(text) == expected


@pytest.mark.parametrize(
    "text",
    ["03/05/2026", "5 Foo 2026", "31 February 2026", "2026-13-01", "yesterday", "", "May", "9" * 11,
     "2026-03-05T99:00", "x" * 300, "5 March 0000", "\ud800"],
)  # fmt: skip
def test_what_can_be_read_in_two_ways_is_refused(text):
    """A day taken for a month is wrong in silence."""
    with pytest.raises(ValueError, match="is no date"):
        to_date(text)


def test_a_form_is_the_only_one_then():
    assert to_date("05.03.2026", "%d.%m.%Y") == "2026-03-05"
    assert to_date("05.03.2026 10:30", "%d.%m.%Y %H:%M") == "2026-03-05T10:30:00"
    with pytest.raises(ValueError, match=r"is no date of the form %d\.%m\.%Y"):
        to_date("2026-03-05", "%d.%m.%Y")


@pytest.mark.parametrize(
    ("value", "amount", "currency"),
    [
        ("1.234,56 €", 1234.56, "EUR"),
        ("$1,299.00", 1299, "USD"),
        ("US$ 5.00", 5, "USD"),
        ("CHF 12.-", 12, "CHF"),
        ("1 299,00 Kč", 1299, "CZK"),
        ("12.30 herring", 12.3, None),
        ("1.299", 1.299, None),
        ("EUR 1.299", 1299, "EUR"),
        ("0,125 €", 0.125, "EUR"),
        ("0.125 €/kWh", 0.125, "EUR"),
        ("10.000 €", 10000, "EUR"),
        ("12,345円", 12345, "JPY"),
        (3, 3, None),
        ({"price": "12.30", "priceCurrency": "hrg"}, 12.3, "HRG"),
        ({"priceSpecification": [{"price": 5, "priceCurrency": "EUR"}]}, 5, "EUR"),
        ({"@type": "AggregateOffer", "lowPrice": "1,299.00", "priceCurrency": "€"}, 1299, "EUR"),
    ],
)
def test_prices_have_amount_and_currency(value, amount, currency):
    """Half of a price is none: 12.30 of what?"""
    assert to_price(value) == {"amount": amount, "currency": currency}


def test_a_rule_can_name_the_currency():
    """Signs that several countries have are read as the rule says, clear ones as they stand."""
    named = {text: to_price(text, currency="CAD") for text in ("5", "$5", "5 €", "5 kr")}
    assert [price["currency"] for price in named.values()] == ["CAD", "CAD", "EUR", "CAD"]
    assert to_price("1.299", currency="EUR", decimal=",") == {"amount": 1299, "currency": "EUR"}


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("-5.00", -5, None),
        ("\u22125.00", -5, None),
        ("-5,00 €", -5, "EUR"),
        ("\u2212\u00a05,00 €", -5, "EUR"),
        ("\u20135,00 €", -5, "EUR"),
        ("€ -5", -5, "EUR"),
        ("€-5", -5, "EUR"),
        ("-€5.00", -5, "EUR"),
        ("-€ 5.00", -5, "EUR"),
        ("EUR -1.234,56", -1234.56, "EUR"),
        ("$ -1,299.00", -1299, "USD"),
        ("CHF -12.-", -12, "CHF"),
        ("-.50 €", -0.5, "EUR"),
        ("Discount: -5,00 €", -5, "EUR"),
        ("(-5,00 €)", -5, "EUR"),
        ("15.00 or -5.00", 15, None),
        ("-0,00 €", 0, "EUR"),
        ("10-20 €", 10, "EUR"),
        ("10 - 20 €", 10, "EUR"),
        ("10 \u201320 €", 10, "EUR"),
        ("Sale - 5,00 €", 5, "EUR"),
        ("- 5,00 €", 5, "EUR"),
        ("SKU-5.00", 5, None),
        ("12.-", 12, None),
        ("5.00-", 5, None),
        ("-20% 8,00 €", 8, "EUR"),
        ("(5.00)", 5, None),
        ("1,99 € (3,98 €/kg)", 1.99, "EUR"),
    ],
)
def test_a_minus_at_the_amount_counts_and_a_dash_does_not(text, amount, currency):
    """A credit note would be a bill; a range or an article's number would be a debt."""
    found = to_price(text)
    assert found == {"amount": amount, "currency": currency}
    assert str(found["amount"]).startswith("-") == (amount < 0)


def test_a_minus_counts_in_objects_too():
    offer = {"price": "-5.00", "priceCurrency": "EUR"}
    assert to_price(offer) == {"amount": -5, "currency": "EUR"}
    assert to_price("-1.299", decimal=",") == {"amount": -1299, "currency": None}


@pytest.mark.parametrize("value", ["free", "", "Price on request", {}, {"price": {}}, True, [],
                                   {"priceSpecification": {"priceSpecification": {}}}])  # fmt: skip
def test_what_is_no_price_is_refused(value):
    with pytest.raises(ValueError, match="price"):
        to_price(value)
