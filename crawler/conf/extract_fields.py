"""One field of an `[[extract]]` table: from the shapes that TOML allows to a rule."""

import math
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, cast, get_args

from crawler.conf.extract_places import suggest
from crawler.model.extraction import FieldRule, FieldType, Source, SourceKind

SOURCES: tuple[SourceKind, ...] = get_args(SourceKind)
TYPES: tuple[FieldType, ...] = get_args(FieldType)
_OPTIONS = ("take", "regex", "type", "many", "required", "default", "currency", "decimal", "format")
KEYS = (*SOURCES, *_OPTIONS)
_NAME = re.compile(r"[\w][\w .-]{0,99}")
_ATTRIBUTE = re.compile(r"@[A-Za-z_:][\w:.-]*")
_WITH_ATTRIBUTE = re.compile(r"(.*?)\s*(@[A-Za-z_:][\w:.-]*)", re.DOTALL)
"""`img.main@src`: an attribute of what the selector finds. No selector ends so."""
_MAX_SELECT = 1000
_OF_TYPE: dict[str, tuple[str, ...]] = {
    "currency": ("price",),
    "decimal": ("int", "number", "price"),
    "format": ("date",),
}


def read_field(
    name: str, given: object, place: str, problems: list[str], *, inside: bool
) -> FieldRule | None:
    """Return one field; None where there is a problem.

    Args:
        name: the field's name.
        given: a selector, or a mapping of sources and options.
        place: how a message names the field.
        problems: gets the place, and what is wrong there.
        inside: the table has `each`, so a field is looked for in one element only.
    """
    faults: list[str] = []
    if not _NAME.fullmatch(name):
        faults.append("a name is made of letters, digits, _, - and .")
    if isinstance(given, str):
        given = {"css": given}
    rule = None
    if isinstance(given, dict):
        rule = _rule(name, given, place, faults, inside=inside)
    else:
        faults.append("must be a CSS selector, or a table of sources and options")
    problems += [f"{place}: {fault}" for fault in faults]
    return None if faults else rule


def _rule(
    name: str, given: Mapping[str, Any], place: str, faults: list[str], *, inside: bool
) -> FieldRule:
    faults += [
        f"no key of a field is called {key}{suggest(key, KEYS)}" for key in given if key not in KEYS
    ]
    sources = tuple(_sources(given, faults, inside=inside))
    if not sources and not faults:
        faults.append(f"no source: give one or more of {', '.join(SOURCES)}")
    kind = given.get("type", "string")
    if kind not in TYPES:
        faults.append(f"type must be one of {', '.join(TYPES)}")
    for key, kinds in _OF_TYPE.items():
        if key in given and kind in TYPES and kind not in kinds:
            faults.append(f"{key} is for type {' and '.join(kinds)} only")
    many, required = _flag(given, "many", faults), _flag(given, "required", faults)
    default = given.get("default")
    if "default" in given:
        if required:
            faults.append("required and default exclude each other")
        if not _is_plain(default):
            faults.append("default must be text, a finite number, true, false or a list of these")
    return FieldRule(
        name=name,
        sources=sources,
        regex=_text(given, "regex", faults),
        type=cast("FieldType", kind),
        many=many,
        required=required,
        default=default,
        currency=_checked(given, "currency", r"[A-Z]{3}", "three capital letters", faults),
        decimal=_checked(given, "decimal", "[.,]", "'.' or ','", faults),
        format=_date_format(given, faults),
        place=place,
    )


def _sources(given: Mapping[str, Any], faults: list[str], *, inside: bool) -> Iterator[Source]:
    """Yield the sources in the order in which they were written."""
    take = _take(given, faults)
    for key, value in given.items():
        if key not in SOURCES:
            continue
        if inside and key != "css":
            faults.append(f"{key} is of the whole page: with each, only css can be used")
        for select in value if isinstance(value, list) else [value]:
            if not isinstance(select, str) or not select.strip():
                faults.append(f"{key} must be text, or a list of texts")
            elif len(select) > _MAX_SELECT:
                faults.append(f"{key} is longer than {_MAX_SELECT} characters")
            else:
                yield _source(key, select.strip(), take)
    if "take" in given and "css" not in given:
        faults.append("take is for css only")


def _source(kind: SourceKind, select: str, take: str) -> Source:
    if kind != "css":
        return Source(kind=kind, select=select)
    found = _WITH_ATTRIBUTE.fullmatch(select)
    if found:
        select, take = found[1], found[2].lower()
    return Source(kind=kind, select="" if select == ":scope" else select, take=take)


def _take(given: Mapping[str, Any], faults: list[str]) -> str:
    take = given.get("take", "text")
    if isinstance(take, str) and (take in ("text", "html") or _ATTRIBUTE.fullmatch(take)):
        return take.lower()
    faults.append("take must be text, html or @attribute")
    return "text"


def _text(given: Mapping[str, Any], key: str, faults: list[str]) -> str | None:
    value = given.get(key)
    if value is None or (isinstance(value, str) and 0 < len(value) <= _MAX_SELECT):
        return value
    faults.append(f"{key} must be text of at most {_MAX_SELECT} characters")
    return None


def _checked(
    given: Mapping[str, Any], key: str, pattern: str, meant: str, faults: list[str]
) -> str | None:
    value = given.get(key)
    if value is None or (isinstance(value, str) and re.fullmatch(pattern, value)):
        return value
    faults.append(f"{key} must be {meant}")
    return None


def _flag(given: Mapping[str, Any], key: str, faults: list[str]) -> bool:
    value = given.get(key, False)
    if not isinstance(value, bool):
        faults.append(f"{key} must be true or false")
    return value is True


def _date_format(given: Mapping[str, Any], faults: list[str]) -> str | None:
    text = _text(given, "format", faults)
    if text is None:
        return None
    day = datetime(2001, 2, 3, 4, 5, 6)  # noqa: DTZ001 - only to be written and read again
    try:
        good = "%" in text and datetime.strptime(day.strftime(text), text)  # noqa: DTZ007
    except ValueError:
        good = False
    if not good:
        faults.append("format must be one of strptime, such as '%d.%m.%Y'")
    return text


def _is_plain(value: object) -> bool:
    if isinstance(value, list):
        return all(not isinstance(one, list) and _is_plain(one) for one in value)
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, int):
        return abs(value) < 2**63
    return isinstance(value, str)
