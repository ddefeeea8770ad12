"""Groups of pages with nearly the same text."""

from itertools import combinations
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.cli.looking.near import MAX_BITS, NearPages, near_groups
from crawler.cli.looking.report import NearCopies, NearGroup, Report
from crawler.cli.looking.summary import Summary
from crawler.cli.looking.view import plain
from crawler.cli.records.files import Tally
from tests.support.records import record

PRINT = 0x1234_5678_9ABC_DEF0


def near(value: int, bits: int) -> int:
    return value ^ sum(1 << 20 * n for n in range(bits))


def summary(*pages: dict[str, Any]) -> Report:
    made = Summary(5)
    for number, page in enumerate(pages):
        usual = {"url": f"http://h/{number}", "content_hash": f"{number:064x}"[::-1]}
        made.add(record(**usual | page))
    return made.report(Tally())


def page(value: int, **others: Any) -> dict[str, Any]:
    return {"simhash": f"{value:016x}", **others}


def test_near_pages_are_a_group() -> None:
    """A shop's thousand pages of the same words would look like a thousand texts."""
    report = summary(
        page(PRINT), page(~PRINT & 2**64 - 1), page(near(PRINT, 3)), page(PRINT), page(1)
    )
    assert report.near_copies == NearCopies(
        compared=5,
        exact=True,
        pages=3,
        groups=1,
        largest=[NearGroup(pages=3, samples=["http://h/0", "http://h/3", "http://h/2"])],
    )
    lines = [" ".join(line.split()) for line in plain(report, None)]
    assert "near copies 3 of the 5 pages, in 1 group" in lines
    at = lines.index("Nearly the same text")
    assert lines[at + 1 : at + 4] == ["3 pages http://h/0", "http://h/3", "http://h/2"]


def test_what_is_no_near_copy() -> None:
    """Copies would be counted twice, visits of one page as copies, and every 404 as a copy."""
    same_body = [page(PRINT, content_hash="ab" * 32), page(PRINT, content_hash="ab" * 32)]
    visits = [
        page(PRINT, url="http://h/x", visit=1),
        page(near(PRINT, 1), url="http://h/x", visit=2),
    ]
    errors = [page(PRINT, status=404), page(PRINT, status=404)]
    too_far = [page(PRINT), page(near(PRINT, 4))]
    garbage = [{"simhash": value} for value in ("x", "", "-1", "1" * 17, 7, [], None)]
    for pages in (same_body, visits, errors, too_far, garbage):
        found = summary(*pages).near_copies
        assert found is None or found.groups == 0


def test_a_chain_is_one_group() -> None:
    """A page would be near to a group and not in it."""
    chain = [PRINT, near(PRINT, 3), near(PRINT, 3) ^ 0b1110]
    (group,) = near_groups(chain)
    assert group == chain


def test_nothing_is_said_where_nobody_asked() -> None:
    """Every report would have an empty table."""
    report = summary({}, {})
    assert report.near_copies is None
    assert not [line for line in plain(report, None) if "near" in line.lower()]
    assert orjson.loads(orjson.dumps(report))["near_copies"] is None


def test_more_pages_than_fit_are_left_out_and_it_is_said() -> None:
    """A job of a billion pages would fill the memory, or its report would seem to be whole."""
    pages = NearPages(max_pages=2)
    for number in range(5):
        pages.add(f"http://h/{number}", f"{PRINT:016x}", f"{number:064x}"[::-1])
    pages.add("http://h/0", f"{PRINT:016x}", "ff" * 32)
    found = pages.report()
    assert found is not None
    assert (found.compared, found.exact, found.pages) == (2, False, 2)


def _by_hand(values: list[int]) -> list[list[int]]:
    groups = [[value] for value in values]
    for one, two in combinations(values, 2):
        if (one ^ two).bit_count() <= MAX_BITS:
            first = next(group for group in groups if one in group)
            second = next(group for group in groups if two in group)
            if first is not second:
                first += second
                groups.remove(second)
    return sorted(sorted(group) for group in groups)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 2**64 - 1), max_size=8), st.integers(0, 2**32))
def test_no_near_pair_is_missed(centres: list[int], seed: int) -> None:
    """Copies that differ in an unlucky place would never be found."""
    chance = Random(seed)
    values = []
    for centre in [*centres, PRINT]:
        for _ in range(chance.randrange(40)):
            bits = chance.sample(range(64), chance.randrange(5))
            values.append(centre ^ sum(1 << bit for bit in bits))
    values = list(dict.fromkeys(values))
    assert sorted(sorted(group) for group in near_groups(values)) == _by_hand(values)


@pytest.mark.parametrize("spread", [3, 8, 64])
def test_many_of_one_kind_are_grouped_in_time(spread: int) -> None:
    """With one template for 20,000 pages the comparison of all pairs would take an hour."""
    chance = Random(1)
    values = {
        PRINT ^ sum(1 << bit for bit in chance.sample(range(64), chance.randrange(spread + 1)))
        for _ in range(20_000)
    }
    groups = near_groups(list(values))
    assert sum(map(len, groups)) == len(values)
    if spread == 3:
        assert len(groups) == 1


def test_pages_that_need_a_browser_are_counted() -> None:
    """A thousand empty records would look like a thousand short pages."""
    report = summary({"js_required": True}, {"js_required": False}, {"js_required": 1})
    assert report.js_required == 1
    assert "need a browser 1" in [" ".join(line.split()) for line in plain(report, None)]
