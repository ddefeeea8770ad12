"""Which sitemaps are taken, and what their dates mean."""

import pytest

from crawler.policy.admission import Admission
from crawler.policy.scope import Scope
from crawler.policy.sitemaps import are_read, changed_at, priority, taken
from tests.support.fetch import make_plan

NOW = 1_800_000_000_000  # 2027-01-15T08:00:00Z
ROBOTS = "https://a.example/robots.txt"


def admission(mode: str = "host", **globs: tuple[str, ...]) -> Admission:
    return Admission(Scope(mode, ["https://a.example/docs/"], **globs), NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("lastmod", "expected"),
    [
        (None, 5),
        ("", 5),
        ("yesterday", 5),
        ("2027-01-15", 3),
        ("2027-01-14T23:00:00+01:00", 3),
        ("2027-01-14T23:00:00Z", 3),
        ("Thu, 14 Jan 2027 10:00:00 GMT", 3),
        ("2026-12-25", 4),
        ("2026-01-01", 5),
        ("2035-01-01", 5),
        ("9" * 400, 5),
        ("0001-01-01T00:00:00+23:00", 5),
    ],
)
def test_what_changed_lately_comes_first(lastmod: str | None, expected: int) -> None:
    assert priority(changed_at(lastmod, NOW), NOW) == expected


@pytest.mark.parametrize(
    ("address", "rules", "refusal"),
    [
        ("https://a.example/sitemap.xml", admission(), None),
        ("https://a.example/sitemap.xml", admission("prefix"), None),
        ("https://a.example/sitemap.xml", admission(include=("*/docs/*",)), None),
        ("https://a.example/sitemap.xml", admission(exclude=("*.xml",)), "exclude"),
        ("https://b.example/sitemap.xml", admission(), "scope"),
        ("https://b.example/sitemap.xml", admission("any"), None),
        ("/sitemap.xml", admission(), "sitemap_url"),
        ("ftp://a.example/sitemap.xml", admission(), "sitemap_url"),
        ("https://a.example/" + "a/" * 30, admission("prefix"), "path_segments"),
    ],
)
def test_which_are_taken(address: str, rules: Admission, refusal: str | None) -> None:
    urls, refusals = taken([address], named_by=ROBOTS, admission=rules, limit=10)
    assert refusals == ([refusal] if refusal else [])
    assert urls == ([] if refusal else [address])


def test_each_once_and_not_too_many() -> None:
    addresses = ["https://a.example/1", "https://A.example/1", *(f"{ROBOTS}?{n}" for n in range(5))]
    urls, refusals = taken(addresses, named_by=ROBOTS, admission=admission(), limit=3)
    assert urls == ["https://a.example/1", f"{ROBOTS}?0", f"{ROBOTS}?1"]
    assert refusals == ["sitemap_count"] * 3


def test_they_are_not_read_where_nothing_could_come_of_them() -> None:
    assert are_read(make_plan())
    assert not are_read(make_plan(sitemaps=False))
    assert not are_read(make_plan(scope="page"))
    assert not are_read(make_plan(max_depth=0))
    assert are_read(make_plan(max_depth=1))
