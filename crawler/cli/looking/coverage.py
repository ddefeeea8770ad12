"""How many pages have each field, of those whose table asks for it."""

from collections.abc import Mapping

from crawler.cli.looking.report import Coverage

SAMPLES = 5
"""Pages that lack a required field, of each field."""
MOST_FIELDS = 1_000
"""More names are not counted: a callback may put anything into `fields`."""
_FAULT_LENGTH = 80
_ITEMS = "items"
_EMPTY: tuple[object, ...] = (None, "", [], {})


class FieldCoverage:
    """Takes the fields of records one by one, then reports."""

    def __init__(self) -> None:
        self._fields: dict[str, _Field] = {}

    def add(self, url: str, fields: Mapping[str, object], error: object) -> None:
        """Count the fields of one page; its `extract_error` says which required ones it lacks."""
        missing = _missing(error)
        for name, value in fields.items():
            self._count(name, value, url, is_missing=name in missing)
            if name == _ITEMS and isinstance(value, list):
                self._add_items(value, url, missing)

    def _add_items(self, items: list[object], url: str, missing: set[str]) -> None:
        told: set[str] = set()
        for item in items:
            if not isinstance(item, dict):
                continue
            for name, value in item.items():
                lacks = value in _EMPTY and name in missing
                inner = self._count(
                    f"{_ITEMS}.{name}", value, None if name in told else url, is_missing=lacks
                )
                if lacks and inner:
                    told.add(name)

    def _count(self, name: str, value: object, url: str | None, *, is_missing: bool) -> bool:
        field = self._fields.get(name)
        if field is None:
            if len(self._fields) >= MOST_FIELDS:
                return False
            field = self._fields[name] = _Field()
        field.asked += 1
        field.have += value not in _EMPTY
        if is_missing:
            field.lack += 1
            if url and len(field.samples) < SAMPLES:
                field.samples.append(url)
        return True

    def report(self) -> list[Coverage]:
        """Return the fields in the order in which they were met."""
        return [
            Coverage(
                name=name,
                asked=field.asked,
                have=field.have,
                lack_required=field.lack,
                samples=field.samples,
            )
            for name, field in self._fields.items()
        ]


class _Field:
    __slots__ = ("asked", "have", "lack", "samples")

    def __init__(self) -> None:
        self.asked = self.have = self.lack = 0
        self.samples: list[str] = []


def faults(error: object) -> set[str]:
    """Return what failed, by an `extract_error`, but for required fields that are missing.

    `price: 'soon' is no price` is one of `price`; `callback shop:parse raised KeyError: …` one of
    all before the last colon.
    """
    if not isinstance(error, str) or not error:
        return set()
    parts = [part for part in error.split("; ") if not _missing(part)]
    return {part.partition(": ")[0][:_FAULT_LENGTH] for part in parts}


def _missing(error: object) -> set[str]:
    """Return the names in `price: missing; sku: missing in 2 of 9; …`."""
    if not isinstance(error, str) or ": missing" not in error:
        return set()
    parts = (part.partition(": missing") for part in error.split("; "))
    return {name for name, mark, rest in parts if mark and (not rest or rest.startswith(" in "))}
