"""What is taken from a page only where a crawl asks for it: fields, main text, fingerprints."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from crawler.model.element import Element, PageElement

Probe = Callable[[PageElement], None]
"""Takes what it wants from the root of a page's tree, before anything changes the tree."""


class ExtraLink(NamedTuple):
    """A URL that a callback wants crawled; scope, traps and robots hold for it as for any other."""

    url: str
    """Canonical."""
    depth: int | None = None
    """None: one more than the page's."""
    priority: int = 5
    """0 (most urgent) to 9."""


@dataclass(slots=True, kw_only=True)
class Extras:
    """Filled in step by step while one page is read; the names are those of the record."""

    fields: dict[str, object] = field(default_factory=dict)
    extract_error: str | None = None
    link_details: list[dict[str, str]] = field(default_factory=list)
    main_text: str | None = None
    markdown: str | None = None
    published_at: str | None = None
    author: str | None = None
    simhash: str | None = None
    links: tuple[ExtraLink, ...] = ()
    """Not in the record: what a callback adds to the frontier."""
    tree: Element | None = None
    """Not in the record: a copy of the page's tree, where a callback will look at it."""


NO_EXTRAS = Extras()
"""Shared by all pages of a crawl that asks for nothing; nobody writes to it."""
