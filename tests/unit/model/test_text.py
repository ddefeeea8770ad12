"""Text from outside, made safe to store."""

import pytest

from crawler.model.text import collapse, cut, one_line


def test_every_white_space_is_a_blank() -> None:
    """A no-break space would count as a word."""
    assert collapse("\ta\u00a0\n b\u3000\u2028c\x85") == "a b c"


@pytest.mark.parametrize(
    ("text", "max_bytes", "expected"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "abc"),
        ("aä", 2, "a"),
        ("ää", 3, "ä"),
        ("😀", 3, ""),
        ("", 0, ""),
    ],
)
def test_cut_keeps_characters_whole(text: str, max_bytes: int, expected: str) -> None:
    """Half a character at the end would be no UTF-8."""
    assert cut(text, max_bytes) == expected


def test_one_line_has_neither_controls_nor_surrogates() -> None:
    """A header could move a terminal's cursor, or make its record unwritable."""
    assert one_line("plain; q=1") == "plain; q=1"
    assert one_line("a\r\nb\x1b\x7f\x9b\ud800é") == "a\ufffd\ufffdb\ufffd\ufffd\ufffd\ufffdé"
