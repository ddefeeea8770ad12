"""When a page says it was published, and who wrote it: from its JSON-LD, metas and microdata.

Only what a page states is taken, nothing is guessed from its text or its address.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

import orjson

from crawler.model.element import Element
from crawler.model.text import collapse, cut

MAX_AUTHOR_BYTES = 1024
_MAX_JSON_CHARS = 1_000_000
_MAX_OBJECTS = 1_000
_DATE_METAS = (
    *("article:published_time", "og:article:published_time", "datepublished", "date", "dc.date"),
    *("dc.date.issued", "dcterms.date", "dcterms.created", "dcterms.issued", "parsely-pub-date"),
    *("pubdate", "publish-date", "publish_date", "publication_date", "sailthru.date"),
    *("citation_publication_date", "citation_date"),
)
_AUTHOR_METAS = (
    *("author", "article:author", "dc.creator", "dcterms.creator", "parsely-author"),
    *("sailthru.author", "citation_author", "byl"),
)
"""Lower-case; the first that is there and can be read holds."""
_DAY = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")


class Publication(NamedTuple):
    published_at: str | None
    """ISO 8601, a day or a moment; without an offset where the page gives none."""
    author: str | None
    """Of several all, joined by `, `."""


def publication(root: Element) -> Publication:
    """Return what the page with this root element says about itself."""
    metas = _metas(root)
    items = list(_json_objects(root))
    return Publication(_published(root, metas, items), _author(root, metas, items))


def _published(root: Element, metas: dict[str, str], items: list[dict[str, Any]]) -> str | None:
    said: list[object] = [item.get("datePublished") for item in items]
    said += [metas.get(name) for name in _DATE_METAS]
    for element in [*root.css("[itemprop~=datePublished]"), *root.css("time[pubdate]")][:10]:
        stated = element.attribute("datetime") or element.attribute("content")
        said.append(stated or element.text())
    return next((found for one in said if (found := _iso(one))), None)


def _author(root: Element, metas: dict[str, str], items: list[dict[str, Any]]) -> str | None:
    for item in items:
        names = ", ".join(dict.fromkeys(_names(item.get("author"))))
        if names:
            return cut(names, MAX_AUTHOR_BYTES)
    said = [metas.get(name) for name in _AUTHOR_METAS]
    named = [*root.css("[itemprop~=author]"), *root.css("[rel~=author]")][:10]
    said += [element.attribute("content") or element.text() for element in named]
    for one in said:
        name = collapse(one or "")
        # A page may name the author's own page instead.
        if name and "://" not in name:
            return cut(name, MAX_AUTHOR_BYTES)
    return None


def _metas(root: Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for meta in root.css("meta[content]")[:500]:
        name = meta.attribute("name") or meta.attribute("property") or meta.attribute("itemprop")
        if name:
            found.setdefault(name.strip().lower(), meta.attribute("content") or "")
    return found


def _json_objects(root: Element) -> Iterator[dict[str, Any]]:
    """Yield the objects of a page's JSON-LD that have a date or an author, outer ones first."""
    left = _MAX_OBJECTS
    for script in root.css('script[type="application/ld+json" i]')[:20]:
        text = script.text()
        if len(text) > _MAX_JSON_CHARS:
            continue
        try:
            waiting = [orjson.loads(text)]
        except orjson.JSONDecodeError:
            continue
        while waiting and left > 0:
            left -= 1
            value = waiting.pop(0)
            if isinstance(value, list):
                waiting[:0] = value[:_MAX_OBJECTS]
            elif isinstance(value, dict):
                if "datePublished" in value or "author" in value:
                    yield value
                waiting += [value[name] for name in ("@graph", "mainEntity") if name in value]


def _names(author: object) -> list[str]:
    if isinstance(author, str):
        return [collapse(author)] if author.strip() and "://" not in author else []
    if isinstance(author, dict):
        return _names(author["name"]) if isinstance(author.get("name"), str) else []
    if isinstance(author, list):
        return [name for one in author[:20] for name in _names(one)]
    return []


def _iso(said: object) -> str | None:
    """Return a date as ISO 8601 has it; None for what is none."""
    if not isinstance(said, str) or not 8 <= len(said.strip()) <= 60:
        return None
    text = said.strip()
    day = _DAY.fullmatch(text)
    if day is not None:
        text = f"{day[1]}-{day[2]:0>2}-{day[3]:0>2}"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
    if not 1900 <= moment.year <= 2100:
        return None
    if len(text) <= 10 and ":" not in text:
        return moment.date().isoformat()
    return moment.isoformat().replace("+00:00", "Z")
