"""Two texts line by line, in a time that does not explode.

`difflib` takes time with the square of what differs. So lines that both texts have exactly once are
matched first, in the longest row that is in order in both (patience diff, by Bram Cohen); `difflib`
compares what lies between two of them, and where that is too long it is all removed and added.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from typing import NamedTuple
from zlib import crc32

MAX_GAP = 1_000
"""Lines of either text, between two that are matched, that `difflib` compares: under 0.2 s."""
CONTEXT = 2
"""Lines shown around a difference."""
_LONG_WORDS = 40
"""A sentence with more words is broken: navigation and tables have no full stops."""
_BREAK_EVERY = 12
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|(?<=[\u3002\uff01\uff1f])|\n+")
_BETWEEN_TAGS = re.compile(r">\s*<")


@dataclass(frozen=True, slots=True, kw_only=True)
class TextDiff:
    """How two texts differ."""

    removed: int
    added: int
    lines: list[str]
    """As in a unified diff: `@@ … @@`, then lines that begin with a blank, `-` or `+`."""


class _Change(NamedTuple):
    """`before[start:end]` became `after[new_start:new_end]`."""

    start: int
    end: int
    new_start: int
    new_end: int


def sentences(text: str) -> list[str]:
    """Split the text of a page, which has no lines of its own, where a person would."""
    units: list[str] = []
    for sentence in _SENTENCE_END.split(text):
        words = sentence.split()
        if len(words) <= _LONG_WORDS:
            units += [" ".join(words)] if words else []
        else:
            units += _broken(words)
    return units


def _broken(words: Sequence[str]) -> list[str]:
    # A break is made before words that are chosen by their own letters: a word that comes or goes
    # moves no other break, as counting words would.
    breaks = [n for n, word in enumerate(words) if crc32(word.encode()) % _BREAK_EVERY == 0]
    edges = [0, *(n for n in breaks if n), len(words)]
    return [" ".join(words[start:end]) for start, end in pairwise(edges)]


def source_lines(source: str) -> list[str]:
    """Split markup or other source: at its lines, and between tags."""
    return _BETWEEN_TAGS.sub(">\n<", source).splitlines()


def compare(before: Sequence[str], after: Sequence[str]) -> TextDiff:
    """Return how two lists of lines differ."""
    changes = list(_changes(before, after))
    return TextDiff(
        removed=sum(one.end - one.start for one in changes),
        added=sum(one.new_end - one.new_start for one in changes),
        lines=[line for group in _groups(changes) for line in _hunk(group, before, after)],
    )


def _changes(before: Sequence[str], after: Sequence[str]) -> Iterator[_Change]:
    start = new_start = 0
    for at, new_at in [*_anchors(before, after), (len(before), len(after))]:
        old, new = before[start:at], after[new_start:new_at]
        if old and new and max(len(old), len(new)) <= MAX_GAP:
            for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new).get_opcodes():
                if tag != "equal":
                    yield _Change(i1 + start, i2 + start, j1 + new_start, j2 + new_start)
        elif old or new:
            yield _Change(start, at, new_start, new_at)
        start, new_start = at + 1, new_at + 1


def _anchors(before: Sequence[str], after: Sequence[str]) -> list[tuple[int, int]]:
    """Return lines that are the same: unique in both texts, as many as can be in order.

    So are lines before the first difference, and after the last one.
    """
    most = min(len(before), len(after))
    first = next((n for n in range(most) if before[n] != after[n]), most)
    most -= first
    last = next((n for n in range(most) if before[-1 - n] != after[-1 - n]), most)
    end, new_end = len(before) - last, len(after) - last
    place = _unique_places(after[first:new_end])
    pairs = [
        (first + n, first + place[line])
        for line, n in sorted(_unique_places(before[first:end]).items(), key=lambda one: one[1])
        if line in place
    ]
    return [
        *((n, n) for n in range(first)),
        *_longest_row(pairs),
        *zip(range(end, len(before)), range(new_end, len(after)), strict=True),
    ]


def _unique_places(lines: Sequence[str]) -> dict[str, int]:
    counts = Counter(lines)
    return {line: n for n, line in enumerate(lines) if counts[line] == 1}


def _longest_row(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the most pairs whose second numbers rise; their first ones do already."""
    tops: list[int] = []
    """The least second number that a row of each length can end with."""
    ends: list[int] = []
    """Where the pair with that number is."""
    before: list[int] = []
    """Of each pair: where the one before it in its row is."""
    for at, (_, number) in enumerate(pairs):
        length = bisect_left(tops, number)
        before.append(ends[length - 1] if length else -1)
        tops[length : length + 1] = [number]
        ends[length : length + 1] = [at]
    row = []
    at = ends[-1] if ends else -1
    while at >= 0:
        row.append(pairs[at])
        at = before[at]
    return row[::-1]


def _groups(changes: Sequence[_Change]) -> list[list[_Change]]:
    """Put changes together whose context touches."""
    groups: list[list[_Change]] = []
    for change in changes:
        if groups and change.start - groups[-1][-1].end <= 2 * CONTEXT:
            groups[-1].append(change)
        else:
            groups.append([change])
    return groups


def _hunk(group: Sequence[_Change], before: Sequence[str], after: Sequence[str]) -> list[str]:
    first, last = group[0], group[-1]
    lead = min(CONTEXT, first.start)
    trail = min(CONTEXT, len(before) - last.end)
    at, end = first.start - lead, last.end + trail
    new_at, new_end = first.new_start - lead, last.new_end + trail
    lines = [f"@@ -{at + 1},{end - at} +{new_at + 1},{new_end - new_at} @@"]
    for change in group:
        lines += [f" {line}" for line in before[at : change.start]]
        lines += [f"-{line}" for line in before[change.start : change.end]]
        lines += [f"+{line}" for line in after[change.new_start : change.new_end]]
        at = change.end
    return lines + [f" {line}" for line in before[at:end]]
