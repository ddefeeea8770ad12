"""URLs that only a loop can have made."""

import pytest

from crawler.policy.traps import MAX_HOPS, refusal

LATEST_YEAR = 2031


def _reason(rest: str) -> str | None:
    return refusal(f"http://h/{rest}", 1, LATEST_YEAR)


@pytest.mark.parametrize(
    ("rest", "reason"),
    [
        ("", None),
        ("a/a/a/", None),
        ("a/a/a/a", "path_repetition"),
        ("a/b/a/b/a/b/a/", "path_repetition"),
        ("a/b/a/b/a/b/?x=a/a/a/a/a/a/a", None),
        ("/".join(map(str, range(20))), None),
        ("/".join(map(str, range(20))) + "/", None),
        ("/".join(map(str, range(21))), "path_segments"),
        ("?" + "/".join(map(str, range(50))), None),
        ("a" * 2074, None),
        ("a" * 2075, "url_length"),
    ],
)
def test_refusals(rest: str, reason: str | None) -> None:
    """A loop of links would fill the frontier; or a page with a deep path would be lost."""
    assert _reason(rest) == reason


@pytest.mark.parametrize(
    ("rest", "is_trap"),
    [
        ("?a=1&a=1", False),
        ("?a=1&a=1&a=1", True),
        ("?a=1&b=2&a=1&b=2&a=1", True),
        ("?a=1&a=2&a=3", False),
        ("?a=1&b=1&c=1", False),
        ("?type=&type=&type=", False),
        ("?a&a&a", False),
        ("a&a=1&a=1&a=1", False),
        ("?&&&&", False),
    ],
)
def test_repeated_pairs(rest: str, is_trap: bool) -> None:
    """A link that adds its parameter to the page's own would make pages for ever."""
    assert _reason(rest) == ("query_repetition" if is_trap else None)


@pytest.mark.parametrize(
    "rest",
    [
        "calendar/2032/01",
        "calendar/2032-12/",
        "kalender/month/2032/01/",
        "en/events/month/2032-01.html",
        "Calendar/view/2032/01/?x=1",
        "agenda/2032-01-31",
        "2032/01/01",
        "2032/12/31/",
        "blog/2032-02-30",
        "calendar/0999/12",
        "0999/12/31/",
        "?date=2032-01-01",
        "?x=1&d=2032-01-01T00:00&y=2",
        "?tribe-bar-date=2032-01-01",
        "?month=2032-01",
        "?cal[month]=2032-01",
        "?cal%5Bmonth%5D=2032-01&x=1",
        "?year=2032",
        "?month=3&year=2032",
        "?Year=2032&month=3",
        "?cal[year]=9999&x=2",
        "?view_year=2032",
        "?year=999",
        "?year=-1",
    ],
)
def test_calendars_end(rest: str) -> None:
    """A calendar's link to the next month would be followed for as long as the crawl runs."""
    assert _reason(rest) == "calendar"


@pytest.mark.parametrize(
    "rest",
    [
        # Time that has pages: the near future, and all that newspapers wrote about.
        "calendar/2031/12",
        "2031/12/31/",
        "?date=2031-12-31&month=12",
        "?year=2031",
        "1850/03/01/",
        "calendar/1066/10/14",
        "?year=1000",
        # Numbers of products, topics, shards and versions.
        "product/widget-2093-12",
        "product/2093-12",
        "shop/4711-11-12-red",
        "t/a-topic/2093/12",
        "viewtopic/5000/01",
        "img/9876/99/12/x.png",
        "0000/00/00/",
        "calendar/2093",
        "calendar/item-2093-12",
        "calendar/12032/01",
        "calendar/20320/1",
        "2093/12/calendar",
        # Queries that are no calendar: part numbers, open ends, short years, years of other names.
        "?sku=2093-12",
        "?from=2020-01-01&until=9999-12-31",
        "?valid=2099-12-31",
        "?phone=2093-12-1234",
        "?year=26",
        "?year=126",
        "?year=0",
        "?year=",
        "?year=all",
        "?year=20262027",
        "?budgetyear=4000",
        "?yearly=4000",
        "year/4000",
    ],
)
def test_what_is_no_calendar_passes(rest: str) -> None:
    """Pages that a site has would be missing, and nobody would know why."""
    assert _reason(rest) is None


def test_an_endless_chain_of_pages_ends() -> None:
    """A generated link to the next page would be followed for ever."""
    assert refusal("http://h/?page=9", MAX_HOPS, LATEST_YEAR) is None
    assert refusal("http://h/?page=9", MAX_HOPS + 1, LATEST_YEAR) == "hops"
