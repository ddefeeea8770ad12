"""Which pages changed between visits, and in what: two passes over the records, bounded memory.

The first pass finds the newest changes; the second the visits before them, to say what differs.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappush, heappushpop
from pathlib import Path
from typing import Any

import orjson

from crawler.cli.records.files import STDIN, Source, Tally, find_sources, read_records
from crawler.errors import ConfigError

LISTED = 100
"""Changes, and new pages, that are listed unless told otherwise."""
KINDS = ("changed", "gone", "returned")
"""Values of a record's `change` that are a change."""
_MARKS = tuple(f'"change":"{kind}"'.encode() for kind in KINDS)
_NO_CHANGE = b'"change":null'
_URL = b'{"url":"'
_FETCHED_AT = b'"fetched_at":"'
_TIME_LENGTH = len("2026-01-31T00:00:00.000Z")
_FIELD_LENGTH = 40
_FIELDS_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What of one visit is compared with another."""

    visit: int
    status: int | None
    error: str | None
    title: str | None
    text_length: int | None
    content_hash: str | None
    fields: Mapping[str, object]


@dataclass(slots=True, kw_only=True)
class Change:
    """One visit that found something else than the visit before."""

    url: str
    fetched_at: str
    visit: int
    change: str
    """changed, gone, returned or new."""
    what: str = ""
    """What differs, in a phrase; empty for a new page."""
    title: str | None = None
    status: int | None = None


@dataclass(slots=True, kw_only=True)
class Changes:
    """All that changed since a time: counted in full, the newest listed."""

    since: str | None
    counts: dict[str, int]
    """Visits by changed, gone, returned, new."""
    changes: list[Change] = field(default_factory=list)
    new: list[Change] = field(default_factory=list)
    """Pages that came for the first time; earlier visits failed, if there were any."""


def find_changes(
    paths: Sequence[Path],
    since: str | None,
    listed: int,
    keep: Callable[[Mapping[str, Any]], bool] | None = None,
) -> tuple[Changes, list[str]]:
    """Return what changed since a time (None: ever), and notes for the user.

    `keep`: which visits are looked at.

    Raises:
        ConfigError: a path cannot be read, or only once.
    """
    if STDIN in paths:
        raise ConfigError("--changed reads everything twice: give files or a job instead of -")
    tally = Tally()
    sources = find_sources(paths, tally)
    counts: Counter[str] = Counter()
    newest = {"change": _Newest(listed), "new": _Newest(listed)}
    for source in sources:
        for record in read_records(source, tally, _candidates(since)):
            kind = kind_of(record)
            if kind is None or (since is not None and record["fetched_at"] < since):
                continue
            if keep is not None and not keep(record):
                continue
            counts[kind] += 1
            newest["new" if kind == "new" else "change"].add(record, kind)
    changes = newest["change"].found()
    _compare(sources, changes)
    new = [change for change, _ in newest["new"].found()]
    total = {kind: counts[kind] for kind in (*KINDS, "new")}
    found = Changes(since=since, counts=total, changes=[change for change, _ in changes], new=new)
    return found, tally.notes


def kind_of(record: Mapping[str, Any]) -> str | None:
    """Return what a record says of a change; None: nothing, or it is no page of ours."""
    try:
        change, visit, status = record["change"], record["visit"], record["status"]
        texts = isinstance(record["url"], str) and isinstance(record["fetched_at"], str)
    except KeyError:
        return None
    if not texts or not isinstance(visit, int) or record.get("kind") == "requisite":
        return None
    if change in KINDS:
        return str(change)
    is_page = change is None and isinstance(status, int) and 200 <= status < 300
    # A later visit has nothing to be compared with where all before it failed; or it broke off, and
    # says nothing itself.
    is_whole = not record.get("error") and not record.get("truncated")
    return "new" if is_page and (visit == 1 or is_whole) else None


def look_of(record: Mapping[str, Any]) -> Look:
    """Return what of a record is compared."""
    text = record.get("text")
    return Look(
        visit=record["visit"],
        status=record["status"],
        error=record.get("error"),
        title=record.get("title"),
        text_length=len(text) if isinstance(text, str) else None,
        content_hash=record.get("content_hash"),
        fields=record.get("fields") or {},
    )


def says_more(record: Mapping[str, Any]) -> bool:
    """Whether a visit says what there is: a page or a redirect of its own, or that it is gone.

    Not "as before"; nor a failure, or a first 404, which the next visit is not compared with.
    """
    status = record.get("status")
    if not isinstance(status, int) or status == 304 or record.get("unchanged"):
        return False
    return record.get("change") in KINDS or (200 <= status < 400 and not record.get("error"))


def phrase(before: Look | None, after: Look, kind: str) -> str:
    """Say in a phrase what differs between two visits."""
    if before is None:
        return ""
    parts = []
    if before.status != after.status:
        parts.append(f"status {before.status or 'none'} → {after.status or after.error}")
        if kind != "changed":
            # What a page of an error says is not what was on the page.
            return parts[0]
    if before.title != after.title:
        parts.append(f"title {_quoted(before.title)} → {_quoted(after.title)}")
    if before.text_length != after.text_length:
        parts.append(f"text {_length(before.text_length)} → {_length(after.text_length)}")
    parts += _fields(before.fields, after.fields)
    if not parts and before.content_hash != after.content_hash:
        parts.append("text of the same length, other content")
    return ", ".join(parts)


def _fields(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    said = [
        f"{name} {_short(before.get(name))} → {_short(after.get(name))}"
        for name in names[:_FIELDS_NAMED]
    ]
    return [*said, f"{len(names) - _FIELDS_NAMED} more fields"] if names[_FIELDS_NAMED:] else said


def _short(value: object) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= _FIELD_LENGTH else text[: _FIELD_LENGTH - 1] + "…"


def _quoted(title: str | None) -> str:
    return "none" if title is None else f"“{_short(title)}”"


def _length(length: int | None) -> str:
    return "none" if length is None else f"{length:,}"


class _Newest:
    """Keeps the newest changes of any number."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: list[tuple[str, int, Change, Look]] = []
        self._number = 0

    def add(self, record: Mapping[str, Any], kind: str) -> None:
        at = record["fetched_at"]
        if not self._size or (len(self._kept) == self._size and at < self._kept[0][0]):
            return
        # The number keeps two of the same millisecond from being compared further.
        self._number += 1
        change = Change(
            url=record["url"],
            fetched_at=at,
            visit=record["visit"],
            change=kind,
            title=record.get("title"),
            status=record["status"],
        )
        entry = (at, self._number, change, look_of(record))
        if len(self._kept) < self._size:
            heappush(self._kept, entry)
        else:
            heappushpop(self._kept, entry)

    def found(self) -> list[tuple[Change, Look]]:
        """Return what was kept, newest first."""
        return [(change, look) for _, _, change, look in sorted(self._kept, reverse=True)]


def _compare(sources: Sequence[Source], changes: Sequence[tuple[Change, Look]]) -> None:
    """Say of each change what differs from the last visit before it that brought a page."""
    asked: dict[str, list[int]] = defaultdict(list)
    for number, (change, _) in enumerate(changes):
        asked[change.url].append(number)
    if not asked:
        return
    names = {orjson.dumps(url)[1:-1] for url in asked}

    def wanted(line: bytes) -> bool:
        return not line.startswith(_URL) or line[len(_URL) : line.find(b'"', len(_URL))] in names

    before: dict[int, Look] = {}
    for source in sources:
        for record in read_records(source, Tally(), wanted):
            numbers = asked.get(record.get("url", ""), ())
            if not numbers or not isinstance(record.get("visit"), int) or not says_more(record):
                continue
            for number in numbers:
                best = before.get(number)
                if (
                    (-1 if best is None else best.visit)
                    < record["visit"]
                    < changes[number][0].visit
                ):
                    before[number] = look_of(record)
    for number, (change, look) in enumerate(changes):
        change.what = phrase(before.get(number), look, change.change)


def _candidates(since: str | None) -> Callable[[bytes], bool]:
    """Return what tells lines that may be a change from those that cannot; no line is parsed."""
    earliest = b"" if since is None else since.encode()

    def wanted(line: bytes) -> bool:
        if not line.startswith(_URL):
            return True
        at = line.find(_FETCHED_AT) + len(_FETCHED_AT)
        if earliest and line[at : at + _TIME_LENGTH] < earliest:
            return False
        return _NO_CHANGE in line or any(mark in line for mark in _MARKS)

    return wanted
