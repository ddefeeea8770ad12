"""What differs between two visits of a page: what it says of itself, its links, its text."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crawler.cli.comparing.texts import TextDiff, compare, sentences, source_lines
from crawler.cli.comparing.visits import Pair
from crawler.errors import ConfigError

_SAID = (
    *("final_url", "content_type", "title", "h1", "description", "lang", "canonical", "robots"),
    *("noindex", "published_at", "author"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two visits."""

    visit: int
    fetched_at: str
    status: int | None
    error: str | None
    page_of_visit: int
    """Where its page was fetched: an earlier visit if this one brought none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Two visits of one URL; this is also its JSON."""

    url: str
    visits: int
    before: Side
    after: Side
    changed: dict[str, list[object]]
    """Old and new value of each key of the record that differs."""
    fields: dict[str, list[object]]
    """The same for what was extracted."""
    links_added: list[str]
    links_removed: list[str]
    compared: str | None
    """What `text` is the difference of: text, body, or nothing that can be compared."""
    text: TextDiff | None
    note: str | None
    """Why nothing was compared."""

    @property
    def is_empty(self) -> bool:
        return not (
            self.changed
            or self.fields
            or self.links_added
            or self.links_removed
            or self.note
            or (self.text is not None and self.text.lines)
        )


def differ(pair: Pair, *, source: bool) -> Difference:
    """Compare two visits.

    Args:
        pair: the visits.
        source: compare the stored bodies, not the texts.

    Raises:
        ConfigError: the bodies were not kept.
        StorageError: a body cannot be read.
    """
    before, after = pair.pages
    same = before["visit"] == after["visit"]
    text, note = (None, None) if same else _bodies(pair) if source else _texts(before, after)
    old_links, new_links = before.get("links") or (), after.get("links") or ()
    old_fields, new_fields = before.get("fields") or {}, after.get("fields") or {}
    return Difference(
        url=pair.url,
        visits=pair.visits,
        before=_side(pair.before, before),
        after=_side(pair.after, after),
        changed=_status(pair) | _changed(before, after, _SAID),
        fields=_changed(old_fields, new_fields, {**old_fields, **new_fields}),
        links_added=_only(new_links, old_links),
        links_removed=_only(old_links, new_links),
        compared=None if text is None else "body" if source else "text",
        text=text,
        note=note,
    )


def _side(visit: Mapping[str, Any], page: Mapping[str, Any]) -> Side:
    return Side(
        visit=visit["visit"],
        fetched_at=visit["fetched_at"],
        status=visit.get("status"),
        error=visit.get("error"),
        page_of_visit=page["visit"],
    )


def _status(pair: Pair) -> dict[str, list[object]]:
    """A visit without a page of its own has the status of the one before, unless it failed."""
    sides = zip((pair.before, pair.after), pair.pages, strict=True)
    old, new = (page if visit.get("unchanged") else visit for visit, page in sides)
    return _changed(old, new, ("status", "error"))


def _changed(
    before: Mapping[str, Any], after: Mapping[str, Any], names: Mapping[str, Any] | tuple[str, ...]
) -> dict[str, list[object]]:
    return {
        name: [before.get(name), after.get(name)]
        for name in names
        if before.get(name) != after.get(name)
    }


def _only(links: Iterable[str], others: Iterable[str]) -> list[str]:
    known = set(others)
    return [link for link in links if link not in known]


def _texts(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[TextDiff | None, str | None]:
    old, new = before.get("text"), after.get("text")
    if isinstance(old, str) or isinstance(new, str):
        return compare(sentences(old or ""), sentences(new or "")), None
    if before.get("content_hash") == after.get("content_hash"):
        return None, None
    return None, (
        f"other content, {before.get('bytes')} → {after.get('bytes')} bytes; "
        "no text is kept of what is no HTML"
    )


def _bodies(pair: Pair) -> tuple[TextDiff | None, str | None]:
    sides = zip(pair.pages, pair.directories, strict=True)
    old, new = (_source(page, directory) for page, directory in sides)
    if old is None or new is None:
        return None, "the body of one of them is no text"
    return compare(source_lines(old), source_lines(new)), None


def _source(page: Mapping[str, Any], directory: Path | None) -> str | None:
    """Return the stored body of a visit; None if it is no text."""
    from crawler.parse.charset import to_utf8
    from crawler.parse.content_type import header_charset, is_html, media_type
    from crawler.sink.bodies import open_body

    pointer = page.get("warc")
    if pointer is None or directory is None:
        raise ConfigError(
            f"no body is kept of visit {page['visit']}; crawls with --store warc keep bodies"
        )
    stored = open_body(directory, pointer)
    content_type = stored.headers.get("content-type")
    kind = media_type(content_type or "")
    texts = ("json", "xml", "javascript", "ecmascript")
    if not (is_html(content_type, stored.body) or kind.startswith("text/") or kind.endswith(texts)):
        return None
    return to_utf8(stored.body, header_charset(content_type)).data.decode("utf-8", "replace")
