"""Canonical addresses in the `Link` header."""

import pytest

from crawler.parse.html import MAX_CANONICALS
from crawler.parse.link_header import canonicals_of
from crawler.policy.canonicalization import LinkResolver

PAGE = "http://h/dir/file.pdf"


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ('<http://h/c>; rel="canonical"', ["http://h/c"]),
        ("<c>;REL=Canonical", ["http://h/dir/c"]),
        ('</a>; rel="preload"; as=style, </b>; title="x, y"; rel="next canonical"', ["http://h/b"]),
        (
            "</a>; rel=canonical, </b>; rel=canonical, </a>; rel=canonical",
            ["http://h/a", "http://h/b"],
        ),
        ('</a>; rel="canonicals"', []),
        ('</a>; title="rel=canonical"', []),
        ("</canonical>; rel=next", []),
        ("<mailto:canonical>; rel=canonical", []),
        ("canonical", []),
        ("<<canonical", []),
    ],
)
def test_only_what_says_that_it_is_canonical_counts(header: str, found: list[str]) -> None:
    """A style sheet that is to be loaded early would speak for the page."""
    assert canonicals_of(PAGE, {"link": header}, LinkResolver()) == found


def test_a_header_that_names_hundreds_makes_no_large_record() -> None:
    """A server could write a kilobyte of its own into each record."""
    header = ", ".join(f"</{n}>; rel=canonical" for n in range(200))
    assert len(canonicals_of(PAGE, {"link": header}, LinkResolver())) == MAX_CANONICALS
    assert canonicals_of(PAGE, {}, LinkResolver()) == []
