"""Times in words."""

import pytest

from crawler.pipeline.moments import interval, moment, span


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "0 s"),
        (1, "1 s"),
        (12_000, "12 s"),
        (119_000, "119 s"),
        (120_000, "2 min"),
        (7_199_000, "119 min"),
        (7_200_000, "2 h"),
        (2 * 86_400_000, "2 d"),
        (-12_000, "12 s"),
    ],
)
def test_spans(milliseconds, text):
    assert span(milliseconds) == text


def test_moments_have_a_direction():
    """Past and future must not look alike: one is a reason, the other a promise."""
    now = 1_700_000_000_000
    assert moment(now + 12_000, now) == "2023-11-14T22:13:32Z, in 12 s"
    assert moment(now - 12_000, now) == "2023-11-14T22:13:08Z, 12 s ago"
    assert moment(now, now) == "2023-11-14T22:13:20Z, now"


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "1 s"),
        (45_000, "45 s"),
        (90_000, "1 min 30 s"),
        (3_600_000, "1 h"),
        (86_400_000 * 3 + 3_600_000 * 4 + 59_000, "3 d 4 h"),
        (86_400_000 * 7, "7 d"),
    ],
)
def test_intervals_have_two_units(milliseconds, text):
    assert interval(milliseconds) == text
