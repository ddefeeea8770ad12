"""Prices: an amount and the ISO 4217 code of its currency.

The amount is a JSON number with the digits that the page has, so that `.price.amount > 10` works
everywhere; who needs exact decimals reads it as such, since it is written as such.
"""

import re
from collections.abc import Mapping

from price_parser import Price

from crawler.extract.numbers import to_number

_PLAIN = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,15})?")
_AMOUNTS = ("price", "lowPrice", "value", "amount", "minPrice", "highPrice")
_EIGHTH = re.compile(r"(?<![0-9.,'\u2019])0([.,])[0-9]{3}(?![0-9.,])")
"""A fraction whose three digits are no thousands: `0,125 €` of a kilowatt hour."""
_MINUS = r"(?:[-\u2013]|\u2212\s?)"
_CODE = re.compile(r"[A-Za-z]{3}")
_CODES = {
    "€": "EUR", "£": "GBP", "US$": "USD", "A$": "AUD", "AU$": "AUD", "C$": "CAD", "CA$": "CAD",
    "NZ$": "NZD", "HK$": "HKD", "S$": "SGD", "MX$": "MXN", "R$": "BRL", "Kč": "CZK", "zł": "PLN",
    "₽": "RUB", "₹": "INR", "Rs": "INR", "Rs.": "INR", "₩": "KRW", "₺": "TRY", "₴": "UAH",
    "฿": "THB", "₫": "VND", "₪": "ILS", "Ft": "HUF", "lei": "RON", "лв": "BGN", "₸": "KZT",
    "₱": "PHP", "₦": "NGN", "円": "JPY", "元": "CNY", "원": "KRW", "Fr.": "CHF", "SFr": "CHF",
}  # fmt: skip
_AMBIGUOUS = {"$": "USD", "¥": "JPY", "kr": "SEK", "kr.": "DKK"}
"""Used in several countries: what the rule says wins, else the most frequent one."""


def to_price(value: object, *, currency: str | None = None, decimal: str | None = None) -> object:
    """Return `{"amount": 1234.56, "currency": "EUR"}`; the currency is null where none is named.

    Args:
        value: text, a number, or an object such as schema.org's Offer.
        currency: of amounts that name none, or one that several countries have.
        decimal: the character before the fraction; None: judged by the look.

    Raises:
        ValueError: no price.
    """
    if isinstance(value, Mapping):
        return _of_object(value, currency, decimal)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {"amount": value, "currency": currency}
    text = str(value)
    if decimal is None and _PLAIN.fullmatch(text):
        return {"amount": float(text), "currency": currency}
    if decimal is None and (fraction := _EIGHTH.search(text[:200])):
        decimal = fraction[1]
    found = Price.fromstring(text[:200], decimal_separator=decimal)
    if found.amount is None or not any(character.isdigit() for character in text):
        raise ValueError("is no price")
    amount = to_number(str(found.amount))
    if amount and _is_negative(text[:200], str(found.amount_text), found.currency):
        amount = -amount
    return {"amount": amount, "currency": _code(found.currency, currency)}


def _is_negative(text: str, amount: str, currency: str | None) -> bool:
    """Whether a minus stands at the amount: before it, or before the currency in front of it.

    The `-` of `10-20 €`, `A-5`, `12.-` and `Sale - 5 €` is none, so it must be a word's first and
    touch what follows. Parentheses are none either: shops put the price of a kilogram into them.
    """
    at = re.search(rf"(?<![0-9.,]){re.escape(amount)}(?![0-9])", text)
    if at is None:
        return False
    before = text[: at.start()]
    named = "" if currency is None else re.escape(currency)
    return re.search(rf"(?:^|[\s(:]|{named or '^'}){_MINUS}(?:{named}\s?)?$", before) is not None


def _of_object(value: Mapping[str, object], currency: str | None, decimal: str | None) -> object:
    amount = next((value[key] for key in _AMOUNTS if value.get(key) not in (None, "")), None)
    if isinstance(amount, list):
        amount = amount[0] if amount else None
    if amount is None or isinstance(amount, Mapping):
        inner = value.get("priceSpecification") if amount is None else amount
        inner = inner[0] if isinstance(inner, list) and inner else inner
        if not isinstance(inner, Mapping) or "priceSpecification" in inner:
            raise ValueError("names no price")
        return _of_object(dict(inner), currency, decimal)
    named = value.get("priceCurrency") or value.get("currency")
    if isinstance(named, str) and named.strip():
        currency = _code(named.strip(), currency)
    return to_price(amount, currency=currency, decimal=decimal)


def _code(named: str | None, currency: str | None) -> str | None:
    """Return the code of a currency as it is named; a name that nobody knows stays as it is."""
    if named is None:
        return currency
    if _CODE.fullmatch(named) and named not in _CODES and named not in _AMBIGUOUS:
        return named.upper()
    return _CODES.get(named) or (currency or _AMBIGUOUS.get(named, named))
