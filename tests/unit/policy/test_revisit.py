"""When a page is visited again, and what a visit tells against those before."""

import pytest

from crawler.policy.revisit import (
    MAX_VALIDATOR_LENGTH,
    Finding,
    RevisitTerms,
    conditions,
    dated,
    judge,
    validator,
)
from tests.support.fetch import make_item

DAY = 86_400_000
TERMS = RevisitTerms(first=8 * DAY, least=DAY, most=20 * DAY)
OLD, NEW = Finding("content", b"old"), Finding("content", b"new")
SAME, MISSING = Finding("same"), Finding("missing")
GONE, FAILURE = Finding("gone"), Finding("failure")
ITEM = make_item("https://a.example/")
FIRST = ITEM._replace(visit=1, content_hash=None, interval_ms=None, misses=0)
AGAIN = ITEM._replace(visit=2, content_hash=b"old", interval_ms=8 * DAY, misses=0)


def test_a_first_visit_compares_with_nothing() -> None:
    for finding in (OLD, MISSING, FAILURE):
        visit = judge(FIRST, finding, TERMS)
        assert (visit.change, visit.wait_ms, visit.interval_ms) == (None, 8 * DAY, 8 * DAY)


@pytest.mark.parametrize(
    ("finding", "change", "interval"),
    [
        (SAME, "unchanged", 12 * DAY),
        (OLD, "unchanged", 12 * DAY),
        (NEW, "changed", 4 * DAY),
        (FAILURE, None, 8 * DAY),
        (MISSING, None, 8 * DAY),
    ],
)
def test_the_interval_follows_the_page(finding: Finding, change: str | None, interval: int) -> None:
    """A site would be asked for what never changes as often as for its news."""
    visit = judge(AGAIN, finding, TERMS)
    assert (visit.change, visit.interval_ms, visit.wait_ms) == (change, interval, interval)


def test_the_interval_stays_within_its_bounds() -> None:
    """Halved for ever it would be a flood, grown for ever a page that is never seen again."""
    item = AGAIN
    for _ in range(20):
        item = item._replace(interval_ms=judge(item, NEW, TERMS).interval_ms)
    assert item.interval_ms == DAY
    for _ in range(20):
        item = item._replace(interval_ms=judge(item, OLD, TERMS).interval_ms)
    assert item.interval_ms == 20 * DAY
    # Bounds that are others since hold at once.
    assert judge(item, FAILURE, TERMS._replace(most=9 * DAY)).wait_ms == 9 * DAY


def test_twice_missing_is_gone_and_one_410_is() -> None:
    """A page that a restart hid for a minute would be called gone; one that is, would not."""
    once = judge(AGAIN, MISSING, TERMS)
    assert (once.change, once.misses) == (None, 1)
    twice = judge(AGAIN._replace(misses=1), MISSING, TERMS)
    assert (twice.change, twice.misses, twice.wait_ms) == ("gone", 2, 20 * DAY)
    assert judge(AGAIN, GONE, TERMS).change == "gone"
    still = judge(AGAIN._replace(misses=2), MISSING, TERMS)
    assert (still.change, still.misses, still.wait_ms) == (None, 2, 20 * DAY)


def test_a_miss_that_passes_leaves_no_trace() -> None:
    after = AGAIN._replace(misses=1)
    assert judge(after, OLD, TERMS).change == "unchanged"
    assert judge(after, NEW, TERMS).change == "changed"
    assert judge(after, FAILURE, TERMS).misses == 1


def test_what_comes_back_is_reported_and_begins_anew() -> None:
    gone = AGAIN._replace(misses=2, interval_ms=20 * DAY)
    for finding in (OLD, NEW):
        visit = judge(gone, finding, TERMS)
        assert (visit.change, visit.misses, visit.interval_ms) == ("returned", 0, 8 * DAY)


def test_what_was_never_there_cannot_go() -> None:
    """A dead link would be reported as a page that the site has taken away."""
    never = FIRST._replace(visit=2, misses=1)
    assert judge(never, MISSING, TERMS).change is None
    assert judge(never._replace(misses=2), NEW, TERMS).change == "changed"
    assert judge(never._replace(misses=0), NEW, TERMS).change is None  # only failures before


def test_conditions_need_something_known() -> None:
    """A 304 for what we do not have would leave a hole in the record of the page."""
    known = AGAIN._replace(etag='W/"x"', last_modified="Mon, 01 Jan 2024 00:00:00 GMT")
    assert dict(conditions(known)) == {
        "If-None-Match": 'W/"x"',
        "If-Modified-Since": "Mon, 01 Jan 2024 00:00:00 GMT",
    }
    assert conditions(known._replace(visit=1)) == ()
    assert conditions(known._replace(misses=2)) == ()
    assert conditions(known._replace(content_hash=None)) == ()
    assert conditions(known._replace(etag=None, last_modified=None)) == ()


@pytest.mark.parametrize(
    "value",
    [None, "", "x" * (MAX_VALIDATOR_LENGTH + 1), '"a\r\nX: y"', '"\x7f"', '"é"', ' "a"', '"a" '],
)
def test_only_what_can_be_sent_is_kept(value: str | None) -> None:
    """A server's header would come back as two, or as megabytes in the store."""
    assert validator(value) is None


def test_a_date_that_may_be_of_two_versions_is_not_sent() -> None:
    """A page that changed in the second in which it was asked for would stay as it was for ever."""
    sent, before = "Mon, 01 Jan 2024 00:00:01 GMT", "Mon, 01 Jan 2024 00:00:00 GMT"
    assert dated(sent, sent) is None
    assert dated(before, sent) == before
    assert dated(before, None) == before
    assert dated(None, None) is None


@pytest.mark.parametrize("value", ['"a"', 'W/"a b"', "unquoted", "x" * MAX_VALIDATOR_LENGTH])
def test_odd_validators_are_sent_as_they_came(value: str) -> None:
    assert validator(value) == value
