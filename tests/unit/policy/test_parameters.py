"""Parameters that say who came leave the URL; those that say what to show stay."""

import pytest

from crawler.policy.canonicalization import LinkResolver, canonicalize
from crawler.policy.parameters import DEFAULT_NAMES, NAME, Parameters

DEFAULT = Parameters(DEFAULT_NAMES)


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("?utm_source=x", ""),
        ("?utm_source", ""),
        ("?utm_source=", ""),
        ("?UTM_Source=x", ""),
        ("a?b=1&utm_source=x&c=2", "a?b=1&c=2"),
        ("a?utm_source=x&b=1", "a?b=1"),
        ("a?b=1&fbclid=x", "a?b=1"),
        ("a?fbclid=x&", "a"),
        ("a?c=%41&fbclid=x&&b=+&a=;", "a?c=%41&&b=+&a=;"),
        ("a?b=1?gclid=2&gclid=3?c", "a?b=1?gclid=2"),
        ("a;jsessionid=12AB", "a"),
        ("a;JSESSIONID=12AB!-1?b=1", "a?b=1"),
        ("a;jsessionid=1/b;v=2;jsessionid=3;w/c", "a/b;v=2;w/c"),
        (";jsessionid=1", ""),
        ("?ASPSESSIONIDQQABCD=X&a=1", "?a=1"),
        ("?sessionid=0123456789abcdef", ""),
        ("a;sessionid=0123456789abcdef", "a"),
        ("?fbclid=1?x=2&a", "?a"),
    ],
)
def test_removed(rest: str, expected: str) -> None:
    """One page would be fetched once for every visitor, letter or advertisement."""
    assert DEFAULT.stripped(f"http://h/{rest}") == f"http://h/{expected}"
    assert DEFAULT.removed(f"http://h/{rest}")


@pytest.mark.parametrize(
    "rest",
    [
        "",
        "?",
        "?&",
        "?id=1&ref=2&sid=3&source=4&page=5&session=6",
        "?sessionid=42&session_id=2024-keynote",
        "?my_utm_source=1&utm_sources=2&utm=3&xgclid=4",
        "?a=utm_source&b=x;jsessionid=1",
        "?;jsessionid=1",
        "jsessionid=1",
        "jsessionid=1;a=2",
        "utm_source=1/fbclid",
        "a;v=1;w",
        # Without it this would be the page /b.
        "a/..;jsessionid=1/b",
        "a/%2E;jsessionid=1",
    ],
)
def test_kept(rest: str) -> None:
    """Two pages would be taken for one, and one of them never fetched."""
    url = f"http://h/{rest}"
    assert DEFAULT.stripped(url) == url
    assert DEFAULT.removed(url) == []


@pytest.mark.parametrize(
    "url", ["http://a;jsessionid=1/", "http://;jsessionid=1/", "https://h;cfid=1:8/x"]
)
def test_a_host_is_never_stripped(url: str) -> None:
    """A link to one host would become one to another, or to none (found by fuzzing)."""
    assert canonicalize(url) == url
    assert DEFAULT.stripped(url) == url
    assert DEFAULT.removed(url) == []


def test_names() -> None:
    """A name in a crawl file would do nothing, or more than it says."""
    own = Parameters(["Sid", "track*", "visit:3", "a.c"])
    assert own.stripped("http://h/?sid=1&TRACK=2&tracking=3&attack=4") == "http://h/?attack=4"
    assert own.stripped("http://h/?visit=12&visit=123&visit") == "http://h/?visit=12&visit"
    assert own.stripped("http://h/?abc=1&a.c=1") == "http://h/?abc=1"
    assert Parameters(["t*", "track*:9"]).stripped("http://h/?t=1&track=1") == "http://h/?track=1"
    assert Parameters(["*"]).stripped("http://h/a;b?c=1&d") == "http://h/a"


def test_nothing_is_removed_without_names() -> None:
    """The switch that turns it off would not."""
    url = "http://h/;jsessionid=1?utm_source=1&"
    assert Parameters().stripped(url) is url
    assert Parameters().removed(url) == []


def test_an_explanation_names_what_was_removed() -> None:
    """A person would not find out why the URL they gave is another one."""
    url = "http://h/a;jsessionid=1/b;v=2?x=1&UTM_ID=2"
    assert DEFAULT.removed(url) == ["UTM_ID=2", "jsessionid=1"]


def test_default_names_are_names() -> None:
    """A default would be refused where a crawl file repeats it."""
    assert all(NAME.fullmatch(name) for name in DEFAULT_NAMES)
    assert len(set(DEFAULT_NAMES)) == len(DEFAULT_NAMES)
    assert not [name for name in DEFAULT_NAMES if name != name.lower()]


def test_links_are_stripped_however_they_are_spelt() -> None:
    """A spelling that takes another way through the resolver would keep its session id."""
    resolver = LinkResolver(DEFAULT)
    hrefs = [
        "/a?gclid=1",
        "/a?gclid=2",
        "/a;jsessionid=3",
        "b/../a?gclid=4",
        "http://h/a?gclid=5",
        "http:a?gclid=6",
        "\\a?gclid=7",
        "//h/a?fbclid=\u00fc",
        "?gclid=8",
    ]
    for _ in range(2):  # the second time from the memo
        assert resolver.resolve("http://h/x", hrefs) == ["http://h/a", "http://h/x"]
