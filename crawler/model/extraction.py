"""What is taken from pages: the `[[extract]]` tables of the crawl file, checked."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

FieldType = Literal["string", "int", "number", "bool", "date", "url", "price", "json"]
SourceKind = Literal["css", "json_ld", "microdata", "opengraph", "meta"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One place where a value may be."""

    kind: SourceKind
    select: str
    """CSS selector, empty for the element itself (css); path of keys (json_ld, microdata); name of
    the property (opengraph, meta)."""
    take: str = "text"
    """css: text, html or @attribute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRule:
    """One field: where its value is, what it is, and what holds where there is none."""

    name: str
    sources: tuple[Source, ...]
    """In the order in which they are looked at; the first that has a value wins."""
    regex: str | None = None
    """Applied to each value; its first group is taken, or all of the match."""
    type: FieldType = "string"
    many: bool = False
    """A list of all values of a source, not the first one."""
    required: bool = False
    default: object = None
    currency: str | None = None
    """price: of amounts that name none."""
    decimal: str | None = None
    """int, number, price: the character before the fraction; None: judged by the look."""
    format: str | None = None
    """date: as strptime has it; None: what can be read in one way only."""
    place: str = ""
    """How a message names it: `crawl.toml, line 12: [[extract]] field price`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractTable:
    """Fields for the pages that match; the first table that matches a page holds for it."""

    match: str = "*"
    """Host key, a glob over host keys, or a glob over URLs (with `://`)."""
    each: str | None = None
    """CSS selector: one object of fields for each element, in a list under `items`."""
    fields: tuple[FieldRule, ...] = ()
    python: str | None = None
    """`package.module:function`, called with each page."""
    place: str = "[[extract]]"
    """How a message names the table: `crawl.toml, line 12: [[extract]]`."""
    directory: Path | None = None
    """Of the crawl file: where the module of `python` is looked for first."""
