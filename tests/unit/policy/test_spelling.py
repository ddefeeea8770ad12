"""What is said about the difference between a typed URL and its canonical form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.errors import UrlRejected
from crawler.policy.canonicalization import canonicalize_seed
from crawler.policy.spelling import changes


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("http://a.example/x?y", []),
        ("HTTP://a.example/", ["scheme in lower case"]),
        ("http://A.example/", ["host name in lower case"]),
        ("a.example/", ["https:// added"]),
        ("//a.example/", ["https:// added"]),
        ("  http://a.example/", ["blanks around it removed"]),
        ("http://a.example", ["slash after the host added"]),
        ("http://a.example?q", ["slash after the host added"]),
        ("http://a.example:80/", ["default port removed"]),
        ("http://a.example:/", ["default port removed"]),
        ("http://a.example:0081/", ["port written as 81"]),
        ("http://a.example:81/", []),
        ("http://u:secret@a.example/", ["user name and password removed"]),
        ("http://u@a.example/", ["user name removed"]),
        ("http://bücher.example/", ["host name written as xn--bcher-kva.example"]),
        ("http://0x7f.1/", ["host name written as 127.0.0.1"]),
        ("http://[::0001]:8080/", ["host name written as [::1]"]),
        ("http://a.example/a/../b", ["dot segments resolved"]),
        ("http://a.example/a/%2e%2E", ["dot segments resolved"]),
        ("http://a.example/ü", ["path percent-encoded"]),
        ("http://a.example/?ü", ["query percent-encoded"]),
        ("http://a.example/#part", ["fragment removed"]),
        ("http://a.example\\b", ["backslashes turned into slashes"]),
        ("http:a.example/", ["two slashes after the scheme"]),
        ("http://a.exam\tple/", ["tabs and line ends removed"]),
    ],
)
def test_each_change_is_named(typed, expected):
    """A person would not see why the crawl knows the page under another URL."""
    assert changes(typed, canonicalize_seed(typed)) == expected


def test_a_stripped_parameter_is_named_without_its_value():
    """A person would not see where a parameter went; its value may open a session."""
    assert changes("HTTP://a.example/?x=1", "http://a.example/?x=1", ["sid=secret"]) == [
        "scheme in lower case",
        "parameter sid removed (--strip-params)",
    ]


PARTS = st.sampled_from(
    [*"aB:/?#@%.\\ \tü[]0", "http:", "HTTPS://", "//", "..", "%2e", ":80", "x.example", "u:p@"]
)


@given(st.lists(PARTS, max_size=12).map("".join))
def test_any_difference_is_named_and_no_password_is(text):
    """`explain` must not fail on what the parser takes, and never say nothing of a difference."""
    try:
        form = canonicalize_seed(text)
    except UrlRejected:
        return
    named = changes(text, form)
    assert bool(named) == (text != form)
    assert not any("u:p" in name for name in named)
