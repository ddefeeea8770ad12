"""Durations and sizes: what people write, and what they get told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.conf.units import format_duration, format_size, parse_duration_ms, parse_size_bytes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1s", 1000),
        ("500ms", 500),
        ("1h30m", 5_400_000),
        (" 5 m ", 300_000),
        ("2min", 120_000),
        ("1d", 86_400_000),
        ("1.5", 1500),
        (".5s", 500),
        ("0", 0),
        (2, 2000),
        (0.25, 250),
    ],
)
def test_reads_durations(text: object, expected: int) -> None:
    """A bare number taken for milliseconds would crawl a thousand times too fast."""
    assert parse_duration_ms(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10MB", 10_000_000),
        ("64KiB", 65_536),
        ("1.5kB", 1500),
        ("2 gb", 2 * 10**9),
        ("7B", 7),
        (4096, 4096),
        ("4096", 4096),
    ],
)
def test_reads_sizes(text: object, expected: int) -> None:
    """A unit read wrongly would cut every body."""
    assert parse_size_bytes(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "s",
        "-1",
        "-1s",
        "1 week",
        "nan",
        "inf",
        "1e3",
        "1s2",
        "\u0661s",
        "9" * 400,
        True,
        None,
        [],
    ],
)
def test_refuses_what_is_neither(text: object) -> None:
    """A limit that nobody understood would be no limit, or would end the program."""
    with pytest.raises(ValueError, match=r"cannot read .*: write 500ms"):
        parse_duration_ms(text)
    with pytest.raises(ValueError, match=r"cannot read .*: write 500kB"):
        parse_size_bytes(text)


@given(st.integers(0, 10**12))
def test_what_is_shown_can_be_read_back(number: int) -> None:
    """`config show` would print a value that the crawl file does not take."""
    assert parse_duration_ms(format_duration(number)) == number
    assert parse_size_bytes(format_size(number)) == number
