"""Times in words."""

import pytest

from crawler.pipeline.moments import moment, span


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
