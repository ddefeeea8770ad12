"""From `[[extract]]` tables to what the pipeline knows of them; readers need no pydantic for it."""

from collections.abc import Mapping, Sequence
from typing import Any

from crawler.model.extraction import ExtractTable, FieldRule, Source


def make_extract(given: Sequence[ExtractTable | Mapping[str, Any]]) -> tuple[ExtractTable, ...]:
    """Return the tables, from themselves or from their `model_dump()`."""
    return tuple(table if isinstance(table, ExtractTable) else _table(table) for table in given)


def _table(given: Mapping[str, Any]) -> ExtractTable:
    fields = tuple(
        FieldRule(**{**field, "sources": tuple(Source(**source) for source in field["sources"])})
        for field in given["fields"]
    )
    return ExtractTable(**{**given, "fields": fields})


def shown_table(table: ExtractTable) -> dict[str, object]:
    """Return what a table says, as the manifest and `config show` have it."""
    shown: dict[str, object] = {"match": table.match}
    if table.each is not None:
        shown["each"] = table.each
    if table.python is not None:
        shown["python"] = table.python
    shown["fields"] = [f"{field.name} = {_shown(field)}" for field in table.fields]
    return shown


def _shown(field: FieldRule) -> str:
    """One line for a field: its sources, then what is special of it."""
    words = []
    for source in field.sources:
        attribute = source.take if source.take.startswith("@") else ""
        words.append(f"{source.kind}:{source.select}{attribute}")
    words += [field.type] if field.type != "string" else []
    words += [name for name in ("many", "required") if getattr(field, name)]
    return " ".join(words)
