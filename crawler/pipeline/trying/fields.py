"""Where each field of a tried page came from, and what became of those that are not there.

The record has the values as the crawl took them. For the rest each source of each field is asked
alone, by the crawl's own code, in another reading of the same body.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from crawler.extract.fields import ITEMS, FieldTable
from crawler.extract.page import Page
from crawler.model.element import PageElement
from crawler.model.extraction import ExtractTable, FieldRule, Source
from crawler.model.plan import Plan
from crawler.model.result import Fetched
from crawler.parse.content_type import header_charset, is_html
from crawler.parse.html import parse_html
from crawler.pipeline.trying.trial import FieldFound, Fields, FieldState, SourceCount
from crawler.policy.canonicalization import LinkResolver
from crawler.policy.tables import Tables

_CODE = "python"


class _Answer(NamedTuple):
    """What one source of a field has by itself."""

    values: Sequence[object]
    """One for each object of fields."""
    fault: str | None


def fields_of(
    plan: Plan, url: str, result: Fetched, record: Mapping[str, object], resolver: LinkResolver
) -> Fields | None:
    """Return what the tables say about a page; None where there are no tables.

    Args:
        plan: its tables.
        url: of the page, canonical.
        result: its response.
        record: its record.
        resolver: as the crawl's.
    """
    if not plan.extract:
        return None
    table = Tables(plan.extract).of(url)
    if table is None:
        return Fields(table=None, note="no [[extract]] table matches this URL")
    found = Fields(table=table.place, match=table.match, each=table.each)
    if not (200 <= result.status < 300):
        return replace(found, note="an answer that is no success has no fields")
    if table.python is None and not is_html(result.headers.get("content-type"), result.body):
        return replace(found, note="what is no HTML has no fields")
    taken = record["fields"]
    if not isinstance(taken, dict):
        raise TypeError("fields are no object")
    items = taken.get(ITEMS) if table.each is not None and table.fields else None
    rows: list[dict[str, object]] = items if isinstance(items, list) else [taken]
    has_code = table.python is not None
    answers = _ask(table, url, result, resolver) if table.fields else {}
    ruled = {rule.name for rule in table.fields} | ({ITEMS} if items is not None else set())
    by_code = {name: value for name, value in taken.items() if name not in ruled}
    return replace(
        found,
        items=None if items is None else len(rows),
        note=None if rows else f"nothing on this page matches each = {table.each!r}",
        found=(
            *(_by_rule(rule, rows, answers[rule.name], has_code=has_code) for rule in table.fields),
            *(_by_code(name, value) for name, value in by_code.items()),
        ),
    )


def _ask(
    table: ExtractTable, url: str, result: Fetched, resolver: LinkResolver
) -> dict[str, list[_Answer]]:
    """Return the answers of all sources by field, in the order of the sources."""
    answers: dict[str, list[_Answer]] = {}

    def probe(root: PageElement) -> None:
        for rule in table.fields:
            answers[rule.name] = [
                _alone(table, rule, source, Page(root, url, resolver)) for source in rule.sources
            ]

    parse_html(
        result.body,
        url=url,
        header_charset=header_charset(result.headers.get("content-type")),
        resolver=resolver,
        probe=probe,
    )
    return answers


def _alone(table: ExtractTable, rule: FieldRule, source: Source, page: Page) -> _Answer:
    only = replace(rule, sources=(source,), required=False, default=None)
    taken, fault = FieldTable(replace(table, fields=(only,))).take(page)
    if fault is not None:
        fault = fault.removeprefix(f"{rule.name}: ")
    if table.each is None:
        return _Answer([taken.get(rule.name)], fault)
    items = taken.get(ITEMS)
    return _Answer([item[rule.name] for item in items] if isinstance(items, list) else [], fault)


def _by_rule(
    rule: FieldRule,
    rows: Sequence[Mapping[str, object]],
    answers: Sequence[_Answer],
    *,
    has_code: bool,
) -> FieldFound:
    """`has_code`: a callback may have put other values into the place of these."""
    sources: Counter[str] = Counter()
    defaults = 0
    sample: object = None
    for number, row in enumerate(rows):
        value = row.get(rule.name)
        source = _source_of(rule, answers, number)
        if has_code and source is not None and value not in _values_of(answers, number):
            source = _CODE
        if source is not None:
            sources[source] += 1
        elif not _is_nothing(value):
            defaults += 1
        if _is_nothing(sample):
            sample = value
    count = sources.total()
    fault = next((answer.fault for answer in answers if answer.fault is not None), None)
    return FieldFound(
        name=rule.name,
        state=_state(count, defaults, len(rows), fault),
        value=sample,
        required=rule.required,
        sources=tuple(SourceCount(source=name, count=n) for name, n in sources.items()),
        defaults=defaults,
        missing=len(rows) - count - defaults,
        fault=fault,
    )


def _source_of(rule: FieldRule, answers: Sequence[_Answer], number: int) -> str | None:
    """Return the first source that has a value, in words; None where none has."""
    for source, answer in zip(rule.sources, answers, strict=True):
        if number < len(answer.values) and not _is_nothing(answer.values[number]):
            return _shown(source)
    return None


def _values_of(answers: Sequence[_Answer], number: int) -> list[object]:
    return [answer.values[number] for answer in answers if number < len(answer.values)]


def _shown(source: Source) -> str:
    """Return a source nearly as it is written."""
    take = "" if source.kind != "css" or source.take == "text" else source.take
    gap = " " if take == "html" else ""
    return f"{source.kind} {source.select}{gap}{take}"


def _state(count: int, defaults: int, rows: int, fault: str | None) -> FieldState:
    if rows and count == rows:
        return "found"
    if count:
        return "partly"
    if defaults:
        return "default"
    return "missing" if fault is None else "unreadable"


def _by_code(name: str, value: object) -> FieldFound:
    return FieldFound(
        name=name,
        state="found",
        value=value,
        required=False,
        sources=(SourceCount(source=_CODE, count=1),),
        defaults=0,
        missing=0,
        fault=None,
    )


def _is_nothing(value: object) -> bool:
    return value is None or value == []
