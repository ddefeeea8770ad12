"""Groups of pages whose texts are nearly the same, by their fingerprints (`extract.simhash`).

Two fingerprints that differ in at most 3 of 64 bits are equal in at least one of any four blocks of
them, so only those that share a block are compared (Manku et al. 2007, section 3). Blocks that many
share are divided again. A page is in a group with all that are near to it, and with all that are
near to those.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from crawler.cli.looking.report import NearCopies, NearGroup

MAX_BITS = 3
MAX_PAGES = 200_000
"""More are not looked at: 60 MB."""
GROUPS = 10
SAMPLES = 3
_BITS = 64
_BLOCKS = MAX_BITS + 1
_FEW = 64
_DIVISIONS = 2
_LEADERS = 64
"""Where division does not help, each is compared with so many others."""


class NearPages:
    """Takes pages one by one, then reports."""

    def __init__(self, max_pages: int = MAX_PAGES) -> None:
        self._max_pages = max_pages
        self._pages: dict[str, tuple[int, str]] = {}
        self._exact = True

    def add(self, url: str, fingerprint: object, content_hash: object) -> None:
        """Take one page; of a URL that comes again the last visit holds."""
        if not isinstance(fingerprint, str):
            return
        if len(self._pages) >= self._max_pages and url not in self._pages:
            self._exact = False
            return
        try:
            value = int(fingerprint, 16)
        except ValueError:
            return
        if not value >> _BITS:
            self._pages[url] = value, content_hash[:16] if isinstance(content_hash, str) else url

    def report(self) -> NearCopies | None:
        """Return the largest groups; None where no page has a fingerprint."""
        if not self._pages:
            return None
        by_value: defaultdict[int, list[str]] = defaultdict(list)
        bodies: set[str] = set()
        for url, (value, body) in self._pages.items():
            # The same body twice is no near copy: that is counted elsewhere.
            if body not in bodies:
                bodies.add(body)
                by_value[value].append(url)
        found = []
        for values in near_groups(list(by_value)):
            urls = [url for value in values for url in by_value[value]]
            if len(urls) > 1:
                found.append(NearGroup(pages=len(urls), samples=urls[:SAMPLES]))
        found.sort(key=lambda group: (-group.pages, group.samples))
        return NearCopies(
            compared=len(self._pages),
            exact=self._exact,
            pages=sum(group.pages for group in found),
            groups=len(found),
            largest=found[:GROUPS],
        )


def near_groups(values: Sequence[int]) -> list[list[int]]:
    """Return different values in groups, those that have no near one alone; in their order."""
    above = {value: value for value in values}

    def top(value: int) -> int:
        while (higher := above[value]) != value:
            above[value] = value = above[higher]
        return value

    def join(first: int, second: int) -> None:
        above[top(first)] = top(second)

    _join_near(values, list(range(_BITS)), join, _DIVISIONS)
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for value in values:
        groups[top(value)].append(value)
    return list(groups.values())


def _join_near(
    values: Sequence[int], places: list[int], join: Callable[[int, int], None], divisions: int
) -> None:
    """Join those of the values that are near; they are alike in all bits but those at `places`."""
    if len(values) <= _FEW or not divisions:
        _compare(values, join, len(values) if len(values) <= _FEW else _LEADERS)
        return
    for block in range(_BLOCKS):
        mask = sum(1 << place for place in places[block::_BLOCKS])
        rest = [place for place in places if not mask >> place & 1]
        for sharing in _shared(values, mask):
            _join_near(sharing, rest, join, divisions - 1)


def _shared(values: Sequence[int], mask: int) -> Iterator[list[int]]:
    buckets: defaultdict[int, list[int]] = defaultdict(list)
    for value in values:
        buckets[value & mask].append(value)
    return (bucket for bucket in buckets.values() if len(bucket) > 1)


def _compare(values: Sequence[int], join: Callable[[int, int], None], leaders: int) -> None:
    """Compare each with those before it, with at most so many that are near to none."""
    leading: list[int] = []
    for value in values:
        near = [leader for leader in leading if (value ^ leader).bit_count() <= MAX_BITS]
        for leader in near:
            join(value, leader)
        if len(leading) < leaders and (len(values) <= _FEW or not near):
            leading.append(value)
