"""Candidates of `srcset`: where one ends is a matter of blanks, not of commas."""

import pytest

from crawler.parse.srcset import MAX_CANDIDATES, srcset_urls


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("a.png", ["a.png"]),
        ("a.png 1x, b.png 2x", ["a.png", "b.png"]),
        ("a.png 100w,b.png 200w", ["a.png", "b.png"]),
        (" ,, a.png\n1x ,\tb.png ", ["a.png", "b.png"]),
        ("a.png, b.png", ["a.png", "b.png"]),
        # No blank: it is one address (HTML standard, 4.8.4.2.1).
        ("a,b.png 2x,c.png", ["a,b.png", "c.png"]),
        ("a.png,b.png", ["a.png,b.png"]),
        ("a.png,, b.png", ["a.png", "b.png"]),
        ("data:image/png;base64,AA== 1x, b.png 2x", ["data:image/png;base64,AA==", "b.png"]),
        ("a.png calc(1, 2) 3x, b.png", ["a.png", "b.png"]),
        ("a.png calc(1, b.png 2x", ["a.png"]),
        ("", []),
        (" , ,", []),
    ],
)
def test_candidates(text: str, urls: list[str]) -> None:
    assert srcset_urls(text) == urls


def test_no_more_than_so_many() -> None:
    assert len(srcset_urls("x 1x," * 10_000)) == MAX_CANDIDATES
