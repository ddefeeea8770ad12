"""One spelling for every URL, and the reasons why a text is none."""

import pytest

from crawler.errors import UrlRejected
from crawler.policy.canonicalization import (
    MAX_URL_LENGTH,
    LinkResolver,
    canonicalize,
    canonicalize_seed,
    resolve,
)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("http://example.com", "http://example.com/"),
        ("HTTP://EXAMPLE.com:80/a", "http://example.com/a"),
        ("https://example.com:443/?b=2&a=1", "https://example.com/?b=2&a=1"),
        ("http://example.com:8080/", "http://example.com:8080/"),
        ("http://example.com/a/./b/../c", "http://example.com/a/c"),
        ("http://example.com/a#b", "http://example.com/a"),
        ("http://example.com/a#", "http://example.com/a"),
        ("http://example.com/?", "http://example.com/?"),
        ("http://user:secret@example.com/a", "http://example.com/a"),
        ("http://bücher.example/ä?ö", "http://xn--bcher-kva.example/%C3%A4?%C3%B6"),
        ("  http://example.com/a b \n", "http://example.com/a%20b"),
        ("http://example.com\\a\\b", "http://example.com/a/b"),
        ("http://0x7f.1/", "http://127.0.0.1/"),
        ("http://[::1]:80/", "http://[::1]/"),
        ("http://example.com/\0b", "http://example.com/%00b"),
        ("http://example.com/%7e%zz^", "http://example.com/%7e%zz%5E"),
    ],
)
def test_canonical_form(text: str, canonical: str) -> None:
    """Two spellings of one URL would be fetched twice."""
    assert canonicalize(text) == canonical


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        (" \t\0", "empty"),
        ("example.com", "invalid"),
        ("http://", "invalid"),
        ("http://ex ample.com/", "invalid"),
        ("http://a\0b/", "invalid"),
        ("http://h/\ud800", "invalid"),
        ("http://h:99999/", "invalid"),
        ("ftp://example.com/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("mailto:a@example.com", "scheme"),
        ("javascript:alert(1)", "scheme"),
        ("http://h/" + "a" * MAX_URL_LENGTH, "too_long"),
        ("http://h/" + "ä" * 400, "too_long"),
        ("http://h/#" + "a" * 100_000, "too_long"),
    ],
)
def test_rejected_with_a_reason(text: str, reason: str) -> None:
    """A bad seed would crash the start, or be counted under the wrong name."""
    with pytest.raises(UrlRejected) as rejected:
        canonicalize(text)
    assert rejected.value.reason == reason
    assert str(rejected.value).isprintable()


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("example.com", "https://example.com/"),
        ("example.com/x", "https://example.com/x"),
        (" example.com/x ", "https://example.com/x"),
        ("example.com:8080/x", "https://example.com:8080/x"),
        ("localhost", "https://localhost/"),
        ("localhost:8080", "https://localhost:8080/"),
        ("localhost:8080/x?y", "https://localhost:8080/x?y"),
        ("127.0.0.1:8000/x", "https://127.0.0.1:8000/x"),
        ("[::1]:8000/x", "https://[::1]:8000/x"),
        ("//example.com/x", "https://example.com/x"),
        ("http://example.com/x", "http://example.com/x"),
        ("HTTP:example.com", "http://example.com/"),
    ],
)
def test_seeds_may_lack_a_scheme(text: str, canonical: str) -> None:
    """What people paste from a browser's address bar would be refused."""
    assert canonicalize_seed(text) == canonical


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("hello", "invalid"),
        ("/path.html", "invalid"),
        ("localhostess", "invalid"),
        ("mailto:a@example.com", "scheme"),
        ("ftp://example.com", "scheme"),
    ],
)
def test_a_stray_word_is_no_seed(text: str, reason: str) -> None:
    """A word of prose in a seed file would become a host that is looked up."""
    with pytest.raises(UrlRejected) as rejected:
        canonicalize_seed(text)
    assert rejected.value.reason == reason


def test_a_redirect_target_is_canonical_or_rejected() -> None:
    """A redirect would lead out of http, or to a second spelling of a known URL."""
    assert resolve("https://h/a/b?c", "../d?e#f") == "https://h/d?e"
    assert LinkResolver().join("https://h/a", "//u:p@i:443/") == "https://i/"
    for reference, reason in (
        ("file:///x", "scheme"),
        ("http://[", "invalid"),
        ("x" * 100_000, "too_long"),
        ("\ud800", "invalid"),
    ):
        with pytest.raises(UrlRejected) as rejected:
            resolve("https://h/", reference)
        assert rejected.value.reason == reason


def test_links_of_a_page_are_unique_and_in_order() -> None:
    """A page's links would be counted twice, or their order would be lost."""
    hrefs = ["b", "#top", "./b#x", "/c", "b?", "mailto:x@y.z", "//i/", "", "http://[", "?q"]
    assert LinkResolver().resolve("http://h/a/x?y=1", hrefs) == [
        "http://h/a/b",
        "http://h/a/x?y=1",
        "http://h/c",
        "http://h/a/b?",
        "http://i/",
        "http://h/a/x?q",
    ]


def test_the_memo_is_bounded_by_entries_and_by_characters() -> None:
    """A crawl of endless new links would fill the memory."""
    by_entries = LinkResolver(max_entries=10)
    by_chars = LinkResolver(max_chars=1000)
    for number in range(500):
        url = [f"http://h/{number}"]
        assert by_entries.resolve("http://h/", [str(number)]) == url
        assert by_chars.resolve("http://h/", [str(number)]) == url
        assert len(by_entries._forms) <= 10
        assert sum(map(len, by_chars._forms)) <= 1000


def test_a_refused_link_stays_refused_from_the_memo() -> None:
    """The second page with a `mailto:` link would yield it."""
    resolver = LinkResolver()
    hrefs = ["mailto:a", "http://h:99999/", "http://h/" + "a" * 3000, "ftp://h/"]
    assert resolver.resolve("http://h/", hrefs) == []
    assert resolver.resolve("http://h/", hrefs) == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("http://h/", "\\x"), ("http://h/", "http://h/\\x")),
        (("http://h/a/", "\t/x"), ("http://h/", "a/\t/x")),
        (("http://h/", "http:x"), ("https://h/", "http:x")),
        (("http://h/", "/\\i/x"), ("http://h/", "http://h/\\i/x")),
    ],
)
def test_the_memo_keeps_apart_what_only_looks_alike(
    first: tuple[str, str], second: tuple[str, str]
) -> None:
    """A link would lead where the same text led on another page."""
    for one, other in ((first, second), (second, first)):
        resolver = LinkResolver()
        resolver.resolve(one[0], [one[1]])
        assert resolver.resolve(other[0], [other[1]]) == [resolve(*other)]
