"""Values of fields: from what a page has to the type that a rule asks for."""

from collections.abc import Callable, Mapping

from crawler.extract.json_ld import loads
from crawler.extract.numbers import to_int, to_number, whole
from crawler.extract.paths import MAX_DEPTH
from crawler.model.extraction import FieldRule
from crawler.model.text import collapse, cut, one_line

MAX_TEXT_BYTES = 65_536
MAX_HTML_BYTES = 1_000_000
MAX_JSON_VALUES = 10_000
"""In one value of type json."""
MAX_NUMBER_CHARS = 400
_NAMES = ("@value", "name", "url", "@id")
"""What stands for an object where a text is asked for: `"brand": {"name": …}`."""
_TRUE = frozenset({"true", "yes", "1", "on", "y", "instock", "limitedavailability"})
_FALSE = frozenset({"false", "no", "0", "off", "n", "outofstock", "soldout", "discontinued"})

Convert = Callable[[object], object]
"""From text, or any value of JSON; raises ValueError with what is wrong: `is no number`."""


def converter(rule: FieldRule) -> Convert:
    """Return what converts the values of a field; a url needs the page and is done elsewhere."""
    match rule.type:
        case "string" | "url":
            limit = MAX_TEXT_BYTES
            if any(source.take == "html" for source in rule.sources):
                limit = MAX_HTML_BYTES
            return lambda value: to_text(value, limit)
        case "int":
            return lambda value: _int(value, rule.decimal)
        case "number":
            return lambda value: _number(value, rule.decimal)
        case "bool":
            return _bool
        case "json":
            return _json
        case "date" | "price":
            return _lazily(rule)


def _lazily(rule: FieldRule) -> Convert:
    """Import what only rules of this type need."""
    if rule.type == "date":
        from crawler.extract.dates import to_date  # noqa: PLC0415

        return lambda value: to_date(to_text(value), rule.format)
    from crawler.extract.prices import to_price  # noqa: PLC0415

    return lambda value: to_price(value, currency=rule.currency, decimal=rule.decimal)


def to_text(value: object, max_bytes: int = MAX_TEXT_BYTES) -> str:
    """Return a value as text that can be written to a record.

    Raises:
        ValueError: an object that has no text.
    """
    if isinstance(value, str) and value.isascii() and len(value) <= max_bytes:
        return value
    if isinstance(value, bool):
        value = "true" if value else "false"
    if isinstance(value, Mapping):
        found = (value[name] for name in _NAMES if isinstance(value.get(name), str))
        value = next(found, None)
        if value is None:
            raise ValueError("is an object: name one of its keys, or take it as json")
    text = cut(str(value), max_bytes)
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _number(value: object, decimal: str | None) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return to_number(to_text(value)[:MAX_NUMBER_CHARS], decimal)


def _int(value: object, decimal: str | None) -> int:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return whole(value)
    return to_int(to_text(value)[:MAX_NUMBER_CHARS], decimal)


def _bool(value: object) -> bool:
    if isinstance(value, bool):
        return value
    # The words of schema.org's availability, with or without its address.
    word = to_text(value).strip().rpartition("/")[2].lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ValueError("is neither true nor false")


def _json(value: object) -> object:
    return _Copy().of(loads(value) if isinstance(value, str) else value)


class _Copy:
    """A value of JSON, as large and as deep as a record may have it."""

    def __init__(self) -> None:
        self._left = MAX_JSON_VALUES

    def of(self, value: object, depth: int = 0) -> object:
        self._left -= 1
        if self._left < 0 or depth > MAX_DEPTH:
            raise ValueError("is too large or too deep")
        if isinstance(value, Mapping):
            return {to_text(key): self.of(one, depth + 1) for key, one in value.items()}
        if isinstance(value, list):
            return [self.of(one, depth + 1) for one in value]
        return to_text(value) if isinstance(value, str) else value


def shown(value: object) -> str:
    """Return a value as a message has it: short, on one line, no `; ` in it."""
    text = one_line(collapse(str(value)[:200])).replace("; ", " ")
    return repr(text if len(text) <= 60 else text[:57] + "...")
