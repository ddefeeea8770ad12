"""What is taken from pages: one `[[extract]]` table of the crawl file, checked."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

FieldType = Literal["string", "int", "number", "bool", "date", "url", "price", "json"]
Source = Literal["css", "json_ld", "opengraph", "microdata", "meta"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRule:
    """One field: where its value is, what it is, and what holds where there is none."""

    name: str
    source: Source
    select: str
    """CSS selector (css), path of keys (json_ld, microdata), property (opengraph, meta)."""
    take: str = "text"
    """css: text, html or @attribute."""
    regex: str | None = None
    """Applied to each value; its first group is taken, or all of the match."""
    type: FieldType = "string"
    many: bool = False
    """A list of all values, not the first one."""
    required: bool = False
    default: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractTable:
    """Fields for the pages that match; the first table that matches a page holds for it."""

    match: str
    """Host key, a glob over host keys, or a glob over URLs (with `://`)."""
    each: str | None = None
    """CSS selector: one object of fields for each element, in a list under `items`."""
    fields: tuple[FieldRule, ...] = ()
    python: str | None = None
    """`module:function`, called with each page."""
    place: str = "[[extract]]"
    """How a message names the table: `crawl.toml, line 12: [[extract]]`."""
    directory: Path | None = None
    """Of the crawl file: where the module of `python` is looked for first."""
