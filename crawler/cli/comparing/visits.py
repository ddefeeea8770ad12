"""The visits of one URL, found among all records; only the two that are compared are kept."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from crawler.cli.looking.changes import says_more
from crawler.cli.records.files import Source, Tally, find_sources, read_records
from crawler.errors import ConfigError

MAX_VISITS = 100_000
"""Of one URL: one a minute for two months."""


_NOT_FOUND, _GONE = 404, 410


class Visit(NamedTuple):
    """One visit in short."""

    number: int
    fetched_at: str
    content: tuple[object, ...]
    """What two visits that found the same have in common."""
    brought: bool
    """A page of its own; False: as before, or no answer."""

    @property
    def status(self) -> object:
        return self.content[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The two visits that are compared."""

    url: str
    visits: int
    """How many there are."""
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    pages: tuple[Mapping[str, Any], Mapping[str, Any]]
    """Records that hold the page of each: its own, or that of an earlier visit that brought it."""
    directories: tuple[Path | None, Path | None]
    """Where the parts of `pages` are."""


def read_range(text: str | None) -> tuple[int, int] | None:
    """Return the two visits of `2..5`, which may be typed the other way round; None for none.

    Raises:
        ConfigError: it is something else.
    """
    if text is None:
        return None
    first, dots, last = text.partition("..")
    if dots and first.strip().isdecimal() and last.strip().isdecimal():
        numbers = sorted((int(first), int(last)))
        if 0 < numbers[0] < numbers[1]:
            return numbers[0], numbers[1]
    raise ConfigError(f"--visits: cannot read {text!r}: write 2..5")


def find_pair(
    job: Path, urls: Sequence[str], numbers: tuple[int, int] | None
) -> tuple[Pair | None, list[str]]:
    """Return the two visits to compare (None: nothing ever changed), and notes for the user.

    Args:
        job: the job.
        urls: spellings of the URL; the first that has records counts.
        numbers: which visits; None: the last one that brought another page, and the one before.

    Raises:
        ConfigError: the URL has no record, only one, or not these visits.
    """
    tally = Tally()
    sources = find_sources([job], tally)
    found: dict[str, dict[int, Visit]] = {url: {} for url in urls}
    for _, record in _records_of(sources, urls, tally):
        ours = found[record["url"]]
        if len(ours) >= MAX_VISITS:
            raise ConfigError(f"{record['url']} has more than {MAX_VISITS:,} visits")
        ours[record["visit"]] = Visit(
            record["visit"],
            record["fetched_at"],
            tuple(record.get(key) for key in ("status", "final_url", "content_hash")),
            says_more(record),
        )
    url = next((url for url in urls if found[url]), None)
    if url is None:
        raise ConfigError(
            f"{urls[0]} has no record in {job}; crawler explain says why, crawler inspect what has"
            + _unread(tally.notes)
        )
    visits = [found[url][number] for number in sorted(found[url])]
    if len(visits) == 1:
        raise ConfigError(
            f"{url} was visited once, on {visits[0].fetched_at}: there is nothing to compare"
            + _unread(tally.notes)
        )
    chosen = _last_change(visits) if numbers is None else _named(url, visits, numbers)
    if numbers is None and _may_be_gone(visits):
        tally.notes.append(
            f"the last visit ({visits[-1].fetched_at[:19].replace('T', ' ')} UTC) got 404; "
            "the page counts as gone if the next one does too"
        )
    if chosen is None:
        return None, tally.notes
    return _load(sources, url, visits, chosen), tally.notes


def _unread(notes: Sequence[str]) -> str:
    """Say what could not be read: the records that are not found may have been there."""
    return f" (but {'; '.join(notes)})" if notes else ""


def _records_of(
    sources: Sequence[Source], urls: Sequence[str], tally: Tally
) -> Iterator[tuple[Source, dict[str, Any]]]:
    """Yield the records of these URLs, each with the file it is in."""
    starts = tuple(b'{"url":%s,' % orjson.dumps(url) for url in urls)
    wanted = set(urls)

    def may_be(line: bytes) -> bool:
        return line.startswith(starts) or not line.startswith(b'{"url":"')

    for source in sources:
        for record in read_records(source, tally, may_be):
            is_ours = isinstance(record.get("visit"), int) and "fetched_at" in record
            if is_ours and record.get("url") in wanted:
                yield source, record


def _last_change(visits: Sequence[Visit]) -> tuple[int, int] | None:
    brought = [visit for visit in visits if visit.brought]
    for before, after in reversed(list(pairwise(brought))):
        if before.content != after.content:
            return before.number, after.number
    return None


def _may_be_gone(visits: Sequence[Visit]) -> bool:
    """Whether there was a page, and the last visit is the first that did not find it."""
    last, earlier = visits[-1], [visit for visit in visits if visit.brought]
    return (
        last.status == _NOT_FOUND
        and not last.brought
        and bool(earlier)
        and earlier[-1].status not in (_NOT_FOUND, _GONE)
    )


def _named(url: str, visits: Sequence[Visit], numbers: tuple[int, int]) -> tuple[int, int]:
    known = {visit.number for visit in visits}
    missing = [number for number in numbers if number not in known]
    if missing:
        raise ConfigError(
            f"{url} has no visit {missing[0]}: there are {min(known)} to {max(known)}"
        )
    return numbers


def _load(
    sources: Sequence[Source], url: str, visits: Sequence[Visit], numbers: tuple[int, int]
) -> Pair:
    pages = [_page_of(visits, number) for number in numbers]
    needed = {*numbers, *pages}
    records: dict[int, tuple[Source, dict[str, Any]]] = {}
    for source, record in _records_of(sources, [url], Tally()):
        if record["visit"] in needed:
            records[record["visit"]] = source, record
    sides = [records[number] for number in pages]
    return Pair(
        url=url,
        visits=len(visits),
        before=records[numbers[0]][1],
        after=records[numbers[1]][1],
        pages=(sides[0][1], sides[1][1]),
        directories=tuple(source.path and source.path.parent for source, _ in sides),  # type: ignore[arg-type]
    )


def _page_of(visits: Sequence[Visit], number: int) -> int:
    """Return the visit that brought what there was at this one; itself where none did."""
    earlier = [one.number for one in visits if one.brought and one.number <= number]
    return earlier[-1] if earlier else number
