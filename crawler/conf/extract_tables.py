"""`[[extract]]` tables of a crawl file: which fields are taken from which pages.

Shapes, names and globs are checked here. Selectors and regexes are tried by those who apply them
(`crawler.pipeline.fields`), so a rule carries the place that a message about it names.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from crawler.conf.extract_fields import read_field
from crawler.conf.extract_places import TablePlaces, suggest
from crawler.conf.sites import host_pattern
from crawler.errors import ConfigError, UrlRejected
from crawler.model.extraction import ExtractTable
from crawler.policy.canonicalization import canonicalize_seed
from crawler.policy.scope import url_glob

KEYS = ("match", "each", "python", "fields")
_FUNCTION = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
MAX_FIELDS = 200


def read_extract_tables(
    given: object, places: Sequence[TablePlaces], problems: list[str]
) -> tuple[ExtractTable, ...]:
    """Return the tables of a crawl file.

    Args:
        given: what stands under `extract`.
        places: how a message names each of them and its fields.
        problems: gets the place, and what is wrong there.
    """
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        problems.append(f"{places[0].table}: write [[extract]], with two brackets, for each table")
        return ()
    tables: dict[str, ExtractTable] = {}
    for table, place in zip(given, places, strict=True):
        read = _table(table, place, problems)
        if read.match in tables:
            problems.append(f"{place.table}: another table matches {read.match!r} already")
        tables[read.match] = read
    return tuple(tables.values())


def _table(given: Mapping[str, Any], places: TablePlaces, problems: list[str]) -> ExtractTable:
    faults = [
        f"no key of it is called {key}{suggest(key, KEYS)}" for key in given if key not in KEYS
    ]
    each = _text(given, "each", faults)
    python = _text(given, "python", faults)
    if python is not None and not _FUNCTION.fullmatch(python):
        faults.append("python must be written as 'package.module:function'")
    match = _match(given.get("match", "*"), faults)
    fields = given.get("fields", {})
    if not isinstance(fields, dict):
        faults.append("fields must be a table: name = selector, or name = { … }")
        fields = {}
    elif len(fields) > MAX_FIELDS:
        faults.append(f"fields has more than {MAX_FIELDS} entries")
    elif not fields and python is None:
        faults.append("it takes nothing: give it fields, or python")
    if each is not None and not fields:
        faults.append("each goes with fields: one object of them for each element")
    problems += [f"{places.table}: {fault}" for fault in faults]
    rules = [
        read_field(name, field, places.field(name), problems, inside=each is not None)
        for name, field in fields.items()
    ]
    return ExtractTable(
        match=match,
        each=each,
        fields=tuple(rule for rule in rules if rule is not None),
        python=python,
        place=places.table,
        directory=Path(places.file).absolute().parent,
    )


def _text(given: Mapping[str, Any], key: str, faults: list[str]) -> str | None:
    value = given.get(key)
    if key in given and (not isinstance(value, str) or not value.strip()):
        faults.append(f"{key} must be text")
        return None
    return value.strip() if isinstance(value, str) else None


def _match(value: object, faults: list[str]) -> str:
    """Return the pattern in its one spelling: hosts and whole URLs are canonicalised."""
    if not isinstance(value, str) or not value.strip():
        faults.append("match must be a host, a glob over hosts or a glob over URLs")
        return "*"
    pattern = value.strip()
    try:
        if "://" not in pattern:
            return pattern if pattern == "*" else host_pattern(pattern.removesuffix("/"))
        if "*" not in pattern:
            return canonicalize_seed(pattern)
        url_glob(pattern)
    except UrlRejected:
        faults.append("match is no URL")
    except ConfigError as error:
        faults.append(f"match: {error}")
    except ValueError as error:
        faults.append(f"match {error}, or a glob over URLs such as https://*/item/*")
    return pattern
