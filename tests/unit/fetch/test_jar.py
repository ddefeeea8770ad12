"""What a site's jar keeps of Set-Cookie, and what goes back (RFC 6265, made stricter)."""

import pytest

from crawler.fetch.jar import MAX_COOKIES, MAX_HOSTS, CookieJar

NOW = 1_800_000_000_000
URL = "https://h.example/a/b"


def sent(jar: CookieJar, url: str = URL, now: int = NOW) -> dict[str, str]:
    return dict(jar.pairs(url, now))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("sid=1", {"sid": "1"}),
        (" sid = 1 ; Path=/; HttpOnly", {"sid": "1"}),
        ("sid=a=b; PATH=/a", {"sid": "a=b"}),
        ('sid="q"', {"sid": '"q"'}),
        ("sid=", {"sid": ""}),
        ("sid", {}),
        ("=1", {}),
        ("", {}),
        ("sid=1; Path=/other", {}),
        ("sid=1; Path=nonsense", {"sid": "1"}),
        ("sid=1; Max-Age=60", {"sid": "1"}),
        ("sid=1; Max-Age=0", {}),
        ("sid=1; Max-Age=-1", {}),
        ("sid=1; Max-Age=x", {"sid": "1"}),
        ("sid=1; Max-Age=" + "9" * 4000, {"sid": "1"}),
        ("sid=1; Expires=Wed, 09 Jun 2021 10:18:14 GMT", {}),
        ("sid=1; Expires=Wed, 09-Jun-2021 10:18:14 GMT", {}),
        ("sid=1; Expires=Wed, 09 Jun 2100 10:18:14 GMT", {"sid": "1"}),
        ("sid=1; Max-Age=60; Expires=Wed, 09 Jun 2021 10:18:14 GMT", {"sid": "1"}),
        ("sid=1; Expires=whenever", {"sid": "1"}),
        ("sid=1; Domain=example", {"sid": "1"}),
        ("sid=ü", {}),
        ("sid=1\r\nX-Evil: 1", {}),
        ("sid=" + "x" * 4096, {}),
    ],
)
def test_what_is_kept(text: str, kept: dict[str, str]) -> None:
    """A session would be lost, or a header be smuggled into our next request."""
    jar = CookieJar()
    jar.keep(URL, [text], NOW)
    assert sent(jar) == kept


def test_only_the_host_that_set_it_gets_it_back() -> None:
    """`Domain` would carry it to a neighbour below the same name."""
    jar = CookieJar()
    jar.keep(URL, ["sid=1; Domain=.example; Path=/"], NOW)
    for url in ("https://example/", "https://w.h.example/", "https://h.example:81/"):
        assert sent(jar, url) == {}
    assert sent(jar, "https://h.example/") == {"sid": "1"}


def test_what_came_over_https_stays_there() -> None:
    """A link to http would show the session to all who listen."""
    jar = CookieJar()
    jar.keep("https://h.example/", ["a=1"], NOW)
    jar.keep("http://h.example/", ["b=1", "c=1; Secure"], NOW)
    assert sent(jar, "http://h.example/") == {"b": "1"}
    assert sent(jar, "https://h.example/") == {"a": "1", "b": "1"}


def test_the_last_value_holds_until_its_end() -> None:
    """A site that renews its session would be sent the old one."""
    jar = CookieJar()
    jar.keep(URL, ["a=1; Path=/", "a=2; Path=/; Max-Age=10"], NOW)
    assert sent(jar, now=NOW + 9_999) == {"a": "2"}
    assert sent(jar, now=NOW + 10_000) == {}
    jar.keep(URL, ["a=3; Path=/; Max-Age=0"], NOW)
    assert sent(jar) == {}


def test_longer_paths_go_first() -> None:
    """RFC 6265 section 5.4; servers take the first of two with one name."""
    jar = CookieJar()
    jar.keep(URL, ["a=1; Path=/", "a=2; Path=/a/b"], NOW)
    assert jar.pairs(URL, NOW) == [("a", "2"), ("a", "1")]


def test_the_jar_is_bounded() -> None:
    """A site that sets a new cookie with each answer would fill the memory, and our headers."""
    jar = CookieJar()
    for number in range(MAX_COOKIES + 10):
        jar.keep(URL, [f"c{number}=1; Path=/"], NOW)
    names = sent(jar)
    assert len(names) == MAX_COOKIES
    assert "c0" not in names
    assert f"c{MAX_COOKIES + 9}" in names
    for number in range(MAX_HOSTS):
        jar.keep(f"https://{number}.example/", ["a=1"], NOW)
    assert sent(jar) == {}
    assert sent(jar, "https://5.example/") == {"a": "1"}
