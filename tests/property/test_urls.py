"""URLs: the fast path of links is the WHATWG parser's answer, and every text has an answer."""

import re

import ada_url
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crawler.errors import UrlRejected
from crawler.model.url import host_key, origin, request_target
from crawler.policy import traps
from crawler.policy.canonicalization import (
    MAX_URL_LENGTH,
    LinkResolver,
    canonicalize,
    canonicalize_seed,
)
from crawler.policy.parameters import DEFAULT_NAMES, Parameters
from crawler.policy.scope import Scope

BASES = tuple(
    map(
        canonicalize,
        [
            "http://h/",
            "https://h/a/b?q=1",
            "http://h:8080/a/b/",
            "http://h/.git/x",
            "http://bücher.example/a/b",
            "https://h/a;b/c?x/y",
            "http://[::1]/x",
            "http://h/?a\\b^",
            "http://1.2.3.4/a//b/",
        ],
    )
)

# Each of these was once answered wrongly by joining strings, or is a form of its own.
TRAPS = (
    *("\\x", "/\\host/x", "\\\\host\\x", "a\\b", "http:\\\\h\\x", "?a\\b"),
    *("http:foo", "HTTP:foo", "http:/foo", "http:?q", "http:", "https:foo", "https:", "http:#x"),
    *("/\t/host", "ht\ntp://x/", "\r/x", "a\tb", "\0a", "a\0", "\x1f\x20a\x7f", "/\n\n/x"),
    *("foo #bar", " foo ", "foo ", "a b", "?a b #c", "\xa0x", "\u3000x"),
    *("/a/.b/../c", "/a/.git/.", ".b/../c", ".", "..", "../..", "./", "%2e%2E/x", "/.%2e/x"),
    *("^", "?^", "#^", "a^b", "http://xn--a/", "http://XN--A/", "//xn--a/", "http://bücher/ß"),
    *("\ud800", "a\ud800#b", "http://u:p@h/x", "//u@h/x", "http://h/@", "/@", "?@", "u@h"),
    *("http://h:80/", "https://h:443/", "//h:80", "http://h:99999/", "http://1", "//0x7f.1/"),
    *("javascript:void(0)", "mailto:a@b", "data:,x", "ftp://h/", "ws://h/", "tel:1", "a:b"),
    *("javascript:/..", "http://", "https://", "//", "///x", "////x", "http:///x", "/", "?", "#"),
    *("", "#x", "%zz", "%7e", "%", "|", '"', "<>", "`", "{}", "[", "]", "[]", "'", "~", "-", "_"),
    *("HTTP://H/X", "hTtPs://H/%41", "//H/X", "1:2", "+a:b", "a+b:c", ":", ":x", "::", "é", "日本"),
    *("http://ex ample.com/", "http://a\u200db/", "\ufeffx", "x\u2028", "http://h" + "/a" * 2000),
)
FRAGMENTS = (
    *("a", "b", "/", "/", "//", ".", "..", "./", "../", "?", "#", ":", "=", "&", ";", "@", "u:p@"),
    *("http:", "https:", "HTTP:", "http://", "https://", "mailto:", "javascript:", "ftp:", "ws://"),
    *("\\", "\t", "\n", "\0", " ", "%2e", "%2E", "%zz", "%7e", "%00", "^", "|", '"', "<", "{"),
    *("é", "日", "ß", "\xa0", "\u3000", "\u200d", "\ufeff", "\u2028", "\x7f", "\ud800"),
    *("xn--", "xn--a", "h", "host", "EXAMPLE.com", "[::1]", ":80", ":443", ":8080", "127.1"),
    *(".git", ".b", "-", "_", "~", "..%2f", "[", "]", "+", "1"),
)
hrefs = st.one_of(
    st.sampled_from(TRAPS),
    st.lists(st.sampled_from(FRAGMENTS), max_size=6).map("".join),
    st.text(max_size=12),
)
texts = st.one_of(
    hrefs,
    st.tuples(st.sampled_from(["http://h/", "https://", "http://h?"]), hrefs).map("".join),
    st.text(st.characters(), max_size=40),
)


def joined(base: str, href: str) -> list[str]:
    """Return what the parser's own join gives, in canonical form."""
    href = href.split("#", 1)[0] + "#" if "#" in href else href  # no lone surrogate in a fragment
    try:
        return [canonicalize(ada_url.join_url(base, href))]
    except (ValueError, UrlRejected):
        return []


REASONS = ("url_length", "path_segments", "path_repetition", "query_repetition", "calendar")

WARM = LinkResolver(max_entries=500)
"""Kept over all examples: what earlier pages left in the memo must never show."""


@settings(max_examples=3000, deadline=None)
@given(st.sampled_from(BASES), st.lists(hrefs, min_size=1, max_size=8))
def test_links_are_what_the_parser_joins(base: str, page: list[str]) -> None:
    """A link would be fetched, or dropped, that no browser would make of the page."""
    expected = dict.fromkeys(url for href in page for url in joined(base, href))
    assert WARM.resolve(base, page) == list(expected)
    assert LinkResolver().resolve(base, page) == list(expected)


@pytest.mark.parametrize("base", BASES)
def test_every_known_trap_is_joined_right(base: str) -> None:
    """A release of one of the two parsers would bring back a wrong answer of the past."""
    resolver = LinkResolver()
    wrong = [
        href for href in (*TRAPS, *TRAPS) if resolver.resolve(base, [href]) != joined(base, href)
    ]
    assert wrong == []


@settings(max_examples=1000, deadline=None)
@given(texts)
@example("http://h/a//")
def test_canonicalize_is_total_and_idempotent(text: str) -> None:
    """A text would crash the crawl, or a URL would be known under two spellings."""
    reasons: set[str] = set()
    for make in (canonicalize, canonicalize_seed):
        try:
            url = make(text)
        except UrlRejected as rejected:
            reasons.add(rejected.reason)
            continue
        assert canonicalize(url) == url
        assert url.isascii()
        assert url.isprintable()
        assert len(url) <= MAX_URL_LENGTH
        assert "#" not in url
        assert "@" not in host_key(url)
        assert origin(url) + request_target(url) == url
    assert reasons <= {"empty", "invalid", "scheme", "too_long"}


@settings(max_examples=500, deadline=None)
@given(
    st.sampled_from(["page", "prefix", "host", "domain", "any"]),
    st.lists(texts, min_size=1, max_size=4),
    st.lists(texts, max_size=2),
    st.lists(texts, max_size=2),
)
def test_scope_and_traps_are_total(
    mode: str, found: list[str], include: list[str], exclude: list[str]
) -> None:
    """A URL would stop the crawl instead of being judged, or be judged without a reason."""
    urls = []
    for text in found:
        try:
            urls.append(canonicalize(text))
        except UrlRejected:
            continue
    scope = Scope(
        mode,  # type: ignore[arg-type]
        urls[:1],
        [f"http*{glob}*" for glob in include],
        [f"*{glob}" for glob in exclude],
    )
    for url in urls:
        refusal = scope.refusal(url)
        assert refusal in {None, "scope", "include", "exclude"}
        assert scope.explain(url).startswith("allowed: " if refusal is None else "refused: ")
        assert traps.refusal(url, 3, 2031) in {None, *REASONS}
    if urls:
        assert scope.refusal(urls[0]) != "scope"


PARAMETERS = Parameters((*DEFAULT_NAMES, "a", "b*", "c:2"))
NAMED = st.sampled_from(
    ["a", "A=1", "bx=2", "c=1", "c=12", "jsessionid=1", "utm_id", "d=3", "", "x"]
)


@st.composite
def urls_with_parameters(draw: st.DrawFn) -> str:
    mixed = st.lists(NAMED | texts, max_size=5)
    ends = st.sampled_from(["", "/", ";", "/..;", "/.;", "/%2e;"])
    path = "".join(end + part for end, part in zip(draw(st.lists(ends)), draw(mixed), strict=False))
    host = draw(st.sampled_from(["h.example", "h.example;jsessionid=1", ";jsessionid=1"]))
    return f"http://{host}/{path};{';'.join(draw(mixed))}?{'&'.join(draw(mixed))}"


@settings(max_examples=500, deadline=None)
@given(urls_with_parameters())
def test_stripping_leaves_a_canonical_url_of_the_same_place(text: str) -> None:
    """The form would depend on how often it was made, or be another page than the site's."""
    try:
        url = canonicalize(text)
    except UrlRejected:
        return
    form = PARAMETERS.stripped(url)
    assert PARAMETERS.stripped(form) == form
    assert canonicalize(form) == form
    assert origin(form) == origin(url)
    assert (form == url) == (not PARAMETERS.removed(url))
    # What is left stands in the same order, spelt the same.
    address, _, query = url.partition("?")
    form_address, _, form_query = form.partition("?")
    assert is_part(form_query.split("&"), query.split("&")) or not form_query
    assert is_part(re.split("[/;]", form_address), re.split("[/;]", address))
    assert form_address.count("/") == address.count("/")


def is_part(some: list[str], of: list[str]) -> bool:
    """Whether `some` is `of` with some left out."""
    rest = iter(of)
    return all(one in rest for one in some)
