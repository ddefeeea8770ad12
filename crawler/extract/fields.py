"""Takes the fields of pages by the `[[extract]]` tables of a crawl; compiled once per process."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from crawler.errors import ConfigError
from crawler.extract.budget import Spent
from crawler.extract.page import Page
from crawler.extract.paths import MAX_VALUES, Found, Path, flat
from crawler.extract.regexes import Regex
from crawler.extract.values import converter, shown, to_text
from crawler.model.element import Element
from crawler.model.extraction import ExtractTable, FieldRule, Source
from crawler.model.text import collapse, cut

MAX_ITEMS = 1_000
"""Of a table with `each`."""
MAX_ERROR_BYTES = 1_000
ITEMS = "items"
"""The field that a table with `each` fills."""
MISSING = "missing"
"""What `extract_error` says of a required field without a value: `price: missing`."""

Read = Callable[[Element, Page], Iterator[object]]
"""Yields the values of one source, texts or values of JSON."""


class FieldTable:
    """One table, compiled."""

    def __init__(self, table: ExtractTable) -> None:
        """Compile it.

        Raises:
            ConfigError: a regex is none; the message names its place.
        """
        self._each = table.each
        self._fields = [_Field(rule) for rule in table.fields]

    def take(self, page: Page) -> tuple[dict[str, object], str | None]:
        """Return the fields of a page, each with its name, and what went wrong, in one line."""
        faults = _Faults()
        fields: dict[str, object] = {}
        try:
            if self._each is None:
                for field in self._fields:
                    fields[field.rule.name] = None
                    fields[field.rule.name] = field.take(page.root, page, faults)
            else:
                self._take_items(self._each, fields, page, faults)
        except Spent as spent:
            faults.add_other(str(spent))
            if self._each is None:
                fields = {field.rule.name: None for field in self._fields} | fields
        return fields, faults.line

    def _take_items(
        self, each: str, fields: dict[str, object], page: Page, faults: "_Faults"
    ) -> None:
        items: list[dict[str, object]] = []
        fields[ITEMS] = items
        elements = page.root.css(each)
        for element in elements[:MAX_ITEMS]:
            faults.next_item()
            items.append(
                {field.rule.name: field.take(element, page, faults) for field in self._fields}
            )
        if len(elements) > MAX_ITEMS:
            faults.add_other(f"{ITEMS}: only {MAX_ITEMS:,} of {len(elements):,} were taken")


class _Field:
    """One field, compiled."""

    def __init__(self, rule: FieldRule) -> None:
        self.rule = rule
        try:
            self._regex = None if rule.regex is None else Regex(rule.regex)
        except ValueError as error:
            raise ConfigError(f"{rule.place}: no regex: {error}") from None
        self._convert = converter(rule)
        self._is_url = rule.type == "url"
        all_values = rule.many or rule.regex is not None
        whole = rule.type == "json" and not rule.many
        self._reads = [
            _reader(source, rule, all_values=all_values, whole=whole) for source in rule.sources
        ]

    def take(self, element: Element, page: Page, faults: "_Faults") -> object:
        """Return the value; a fault is noted and leaves the default."""
        rule = self.rule
        page.budget.check()
        fault: str | None = None
        for read in self._reads:
            values, bad = self._values(read(element, page), page)
            fault = fault or bad
            if values:
                if rule.many and fault is not None:
                    faults.add(rule.name, fault)
                return values if rule.many else values[0]
        if fault is not None:
            faults.add(rule.name, fault)
        if rule.required:
            faults.add_missing(rule.name)
        if rule.many and rule.default is None:
            return []
        return rule.default

    def _values(self, read: Iterator[object], page: Page) -> tuple[list[object], str | None]:
        """Return the values of one source, or its first one; and what was wrong with another."""
        values: list[object] = []
        fault: str | None = None
        for raw in read:
            try:
                value = self._value(raw, page)
            except ValueError as error:
                fault = fault or f"{shown(raw)} {error}"
                continue
            if value is not None:
                page.budget.keep(_size(value))
                values.append(value)
                if not self.rule.many:
                    break
        return values, fault

    def _value(self, raw: object, page: Page) -> object:
        """Return the value of what was read; None where it is none."""
        if self._regex is not None and raw is not None:
            raw = self._regex.take(to_text(raw), page.stopwatch)
        if isinstance(raw, str):
            raw = raw.strip()
            if not raw:
                return None
        elif raw is None:
            return None
        value = self._convert(raw)
        return page.absolute(str(value)) if self._is_url else value


def _reader(source: Source, rule: FieldRule, *, all_values: bool, whole: bool) -> Read:
    match source.kind:
        case "css":
            return _css_reader(source, all_values=all_values)
        case "json_ld":
            path = Path.of(source.select)
            return lambda _, page: _found(page.json_ld.find(path), rule, whole=whole)
        case "microdata":
            path = Path.of(source.select)
            return lambda _, page: _found(page.microdata.find(path), rule, whole=whole)
        case "opengraph" | "meta":
            is_price = rule.type == "price"
            return _meta_reader(source.select.lower(), many=rule.many, is_price=is_price)


def _css_reader(source: Source, *, all_values: bool) -> Read:
    select, take = source.select, source.take

    def value(element: Element) -> str | None:
        if take == "text":
            return element.text()
        return element.html() if take == "html" else element.attribute(take[1:])

    def read(element: Element, page: Page) -> Iterator[object]:
        del page
        if not select:
            yield value(element)
        elif all_values:
            for one in islice(element.css(select), MAX_VALUES):
                yield value(one)
        else:
            found = element.first(select)
            if found is not None:
                yield value(found)

    return read


def _meta_reader(name: str, *, many: bool, is_price: bool) -> Read:
    def read(_: Element, page: Page) -> Iterator[object]:
        if many:
            yield from page.metas(name)
        else:
            yield page.meta(name)

    amount, mark, _ = name.partition(":amount")
    if not is_price or not mark:
        return read

    def read_price(element: Element, page: Page) -> Iterator[object]:
        """A price has its currency in a meta of its own: `product:price:currency`."""
        currencies = iter(page.metas(f"{amount}:currency"))
        for text in read(element, page):
            currency = next(currencies, None)
            yield {"price": text, "priceCurrency": currency} if text and currency else text

    return read_price


def _found(found: Sequence[Found], rule: FieldRule, *, whole: bool) -> Iterator[object]:
    """Yield single values; a price with its neighbour, the currency."""
    for value, owner in found:
        if whole:
            yield value
            continue
        for one in flat(value):
            if rule.type == "price" and not isinstance(one, dict) and "priceCurrency" in owner:
                yield {"price": one, "priceCurrency": owner["priceCurrency"]}
            elif isinstance(one, str) and rule.type != "json":
                yield collapse(one)
            else:
                yield one


def _size(value: object) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(len(key) + _size(one) for key, one in value.items())
    return sum(map(_size, value)) if isinstance(value, list) else 8


class _Faults:
    """What went wrong on one page: missing fields first, then values that could not be read."""

    def __init__(self) -> None:
        self._items = 0
        self._missing: dict[str, int] = {}
        self._values: dict[str, str] = {}
        self._others: list[str] = []

    def next_item(self) -> None:
        self._items += 1

    def add_missing(self, name: str) -> None:
        self._missing[name] = self._missing.get(name, 0) + 1

    def add(self, name: str, fault: str) -> None:
        """The first fault of a field stands for all of them."""
        self._values.setdefault(name, fault)

    def add_other(self, fault: str) -> None:
        self._others.append(fault)

    @property
    def line(self) -> str | None:
        of = f" in {{}} of {self._items}" if self._items else ""
        parts = [f"{name}: {MISSING}{of.format(n)}" for name, n in self._missing.items()]
        parts += self._others
        parts += [f"{name}: {fault}" for name, fault in self._values.items()]
        return cut("; ".join(parts), MAX_ERROR_BYTES) or None


def compile_tables(tables: Sequence[ExtractTable]) -> dict[str, FieldTable]:
    """Return the tables that take fields, by their `match`.

    Raises:
        ConfigError: a regex is none; the message names its place.
    """
    return {table.match: FieldTable(table) for table in tables if table.fields}
