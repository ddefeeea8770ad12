"""What changed between visits: found in any order of parts, counted in full, said in a phrase."""

import json
import random
from pathlib import Path
from typing import Any

import orjson
import pytest

from crawler.cli.looking.changes import Changes, find_changes
from crawler.cli.looking.changes_view import change_tables
from crawler.cli.records.since import read_since
from crawler.cli.tables import plain_tables
from crawler.errors import ConfigError
from crawler.extract.record import timestamp
from tests.support.records import record

PAGE = "http://a.example/p"
DAY = 86_400_000


def visit(number: int, change: str | None = None, **values: Any) -> dict[str, Any]:
    """The record of one visit of a page: one a day, the first on day 1."""
    usual = {
        "url": PAGE,
        "visit": number,
        "change": change,
        "unchanged": change == "unchanged",
        "fetched_at": timestamp(number * DAY),
        "content_hash": f"{number:064}",
    }
    return record(**(usual | values))


def write(directory: Path, *parts: list[dict[str, Any]]) -> Path:
    for number, records in enumerate(parts, 1):
        path = directory / f"part-{number:06}.jsonl"
        path.write_bytes(b"".join(orjson.dumps(one) + b"\n" for one in records))
    return directory


def found(directory: Path, since: str | None = None, listed: int = 100) -> Changes:
    changes, notes = find_changes([directory], since, listed)
    assert notes == []
    return changes


def test_a_change_is_told_against_the_last_visit_that_brought_a_page(tmp_path: Path) -> None:
    """After a 304 or a time-out the page would seem to have had no title, and no text."""
    visits = [
        visit(1, title="Old", text="Words."),
        visit(2, "unchanged", status=304, title=None, text=None, content_hash=None),
        visit(3, status=None, error="timeout", title=None, text=None, content_hash=None),
        visit(4, status=503, title="Sorry", text="Later."),
        visit(5, status=404, title="No", text="No such page."),
        visit(6, "changed", title="New", text="Words and words."),
    ]
    # A later visit may be in an earlier part: parts belong to processes, not to times.
    changes = found(write(tmp_path, visits[2:], visits[:2]))
    assert [(one.visit, one.change, one.what) for one in changes.changes] == [
        (6, "changed", "title “Old” → “New”, text 6 → 16")
    ]
    assert changes.counts == {"changed": 1, "gone": 0, "returned": 0, "new": 1}


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        ({}, {"status": 410, "text": None}, "status 200 → 410, text 6 → none"),
        ({"text": "one"}, {"text": "two"}, "text of the same length, other content"),
        ({"fields": {"price": 5}}, {"fields": {"price": 7}}, "price 5 → 7"),
        ({"fields": {"a": 1, "b": 1, "c": 1, "d": 1, "e": 1}}, {}, "a 1 → none, b 1 → none, "),
        ({"title": None}, {"title": "x" * 99}, "title none → “xxx"),
    ],
)
def test_what_differs_is_one_phrase(
    tmp_path: Path, before: dict[str, Any], after: dict[str, Any], what: str
) -> None:
    """A list that only says "changed" sends its reader through every page."""
    [change] = found(write(tmp_path, [visit(1, **before), visit(2, "changed", **after)])).changes
    assert change.what.startswith(what)
    assert len(change.what) < 120


def test_of_a_page_that_went_the_status_is_told(tmp_path: Path) -> None:
    """The title of the server's error page would look like that of the page."""
    gone = {"status": 404, "title": "Error", "text": "No such page."}
    visits = [visit(1, title="A"), visit(2, **gone), visit(3, "gone", **gone), visit(4, "returned")]
    assert [one.what for one in found(write(tmp_path, visits)).changes] == [
        "status 404 → 200",
        "status 200 → 404",
    ]


def test_a_change_without_the_visit_before_is_still_one(tmp_path: Path) -> None:
    """Its part may have been put away."""
    [change] = found(write(tmp_path, [visit(2, "changed")])).changes
    assert (change.change, change.what) == ("changed", "")


def test_a_page_that_came_after_failures_is_new(tmp_path: Path) -> None:
    """A server that was down at the first visit would hide all its pages for good."""
    visits = [
        visit(1, status=None, error="timeout", title=None, text=None, content_hash=None),
        visit(2, status=503),
        visit(3, truncated=True),
        visit(4, title="There"),
        visit(5, "unchanged"),
        visit(6, truncated=True),
    ]
    changes = found(write(tmp_path, visits))
    assert changes.changes == []
    assert [(one.visit, one.title) for one in changes.new] == [(4, "There")]
    assert changes.counts["new"] == 1


def test_all_kinds_count_and_only_later_ones(tmp_path: Path) -> None:
    """A weekly look must show this week, and neither repeat the last nor hide what went."""
    pages = [
        visit(1),
        visit(2, "changed"),
        visit(3, "gone", status=410),
        visit(4, "returned"),
        visit(5, "unchanged"),
        visit(6, status=500),
        visit(7, url="http://a.example/new", visit=1),
        visit(8, url="http://a.example/failed", visit=1, status=404),
        visit(9, url="http://a.example/hop", visit=1, status=301),
        visit(9, url="http://a.example/logo", visit=1, kind="requisite"),
    ]
    changes = found(write(tmp_path, pages))
    assert changes.counts == {"changed": 1, "gone": 1, "returned": 1, "new": 2}
    assert [one.change for one in changes.changes] == ["returned", "gone", "changed"]
    changes = found(tmp_path, timestamp(3 * DAY))
    assert changes.counts == {"changed": 0, "gone": 1, "returned": 1, "new": 1}
    assert [one.url for one in changes.new] == ["http://a.example/new"]


def test_the_newest_are_listed_whatever_the_order(tmp_path: Path) -> None:
    """A long job would fill the memory, or show the changes of its first weeks only."""
    visits = [visit(1), *(visit(n, "changed", title=str(n)) for n in range(2, 200))]
    random.Random(7).shuffle(visits)
    changes = found(write(tmp_path, visits[:50], visits[50:]), listed=3)
    assert [(one.visit, one.what[:9]) for one in changes.changes] == [
        (199, "title “19"),
        (198, "title “19"),
        (197, "title “19"),
    ]
    assert changes.counts["changed"] == 198
    assert [one.visit for one in changes.new] == [1]
    assert found(tmp_path, listed=0).changes == []


def test_words_of_a_page_are_no_mark(tmp_path: Path) -> None:
    """A page about this very format would be reported on every visit."""
    text = '"change":"changed", "visit":1, "change":"gone"'
    changes = found(write(tmp_path, [visit(2, "unchanged", text=text, fields={"change": "gone"})]))
    assert sum(changes.counts.values()) == 0


def test_records_of_other_crawlers_are_passed_over(tmp_path: Path) -> None:
    """Their keys may have these names, and anything as values."""
    lines = [
        {"url": PAGE, "change": "changed"},
        {"url": 5, "change": "gone", "visit": 1, "status": 200, "fetched_at": None},
        {"url": PAGE, "change": None, "visit": "1", "status": 200, "fetched_at": "x"},
        [1],
    ]
    text = "\n".join(json.dumps(line) for line in lines)
    (tmp_path / "x.jsonl").write_text(text + "\n", "utf-8")
    assert sum(found(tmp_path).counts.values()) == 0


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("7d", "2026-02-22T10:00:00.000Z"),
        ("90", "2026-03-01T09:58:30.000Z"),
        ("2026-02-01", "2026-02-01T00:00:00.000Z"),
        ("2026-02-01T12:00:00Z", "2026-02-01T12:00:00.000Z"),
        ("2026-02-01T12:00:00+02:00", "2026-02-01T10:00:00.000Z"),
        ("100000d", "1970-01-01T00:00:00.000Z"),
    ],
)
def test_since_is_a_length_of_time_or_a_date(text: str, at: str) -> None:
    """A zone that is forgotten moves the week by hours."""
    assert read_since(text, now_ms=1_772_359_200_000) == at


@pytest.mark.parametrize("text", ["", "soon", "7 weeks", "2026-02-30", "-7d"])
def test_a_time_that_is_none_is_said(text: str) -> None:
    with pytest.raises(ConfigError, match=r"--since: cannot read .*: write 7d"):
        read_since(text)


def test_a_person_sees_two_lines_for_a_change(tmp_path: Path) -> None:
    """What the web wrote must not move the cursor of whoever looks at it."""
    visits = [visit(1, title="Old"), visit(2, "changed", title="N\x1b[2Jew")]
    changes = found(write(tmp_path, visits), timestamp(DAY))
    assert plain_tables(change_tables(changes), None) == [
        "  1 changed, 1 new  since 1970-01-02 00:00:00 UTC",
        "",
        "Changed",
        "  1970-01-03 00:00:00  changed  http://a.example/p",
        "                                  title “Old” → “N\\x1b[2Jew”",
        "",
        "New",
        "  1970-01-02 00:00:00  Old  http://a.example/p",
    ]
    changes = found(tmp_path, timestamp(2 * DAY), listed=0)
    assert plain_tables(change_tables(changes), None) == [
        "  1 changed  since 1970-01-03 00:00:00 UTC"
    ]
    nothing = found(tmp_path, timestamp(9 * DAY))
    assert plain_tables(change_tables(nothing), None)[0].startswith("  nothing changed  since")
