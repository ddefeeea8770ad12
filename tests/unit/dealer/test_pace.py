"""When the writer is asked again."""

from dataclasses import dataclass

import pytest

from crawler.dealer.pace import Pace


@dataclass
class Answers:
    wait_ms: int | None = None
    poll_s: float = 0.25


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def pace(answers: Answers) -> Pace:
    return Pace(wait_ms=lambda: answers.wait_ms, poll_s=lambda: answers.poll_s, max_s=0.25)


def claim(
    pace: Pace, *, pulled: int, desired: int = 50, at: float = 10.0, took: float = 0.0
) -> None:
    pace.begin()
    pace.claimed(began_at=at - took, ended_at=at, desired=desired, pulled=pulled)


def test_first_claim_is_now(pace: Pace) -> None:
    assert pace.due_in(0.0) <= 0


def test_full_claim_is_followed_at_once(pace: Pace) -> None:
    claim(pace, pulled=50)
    assert pace.due_in(10.0) <= 0


def test_claim_that_was_not_asked_is_no_full_one(pace: Pace) -> None:
    """The Builder did not ask the writer: nothing is known about more."""
    claim(pace, pulled=0, desired=0)
    assert not pace.hungry


def test_known_wait_is_kept_to_the_millisecond(pace: Pace, answers: Answers) -> None:
    """A polite crawl that slept longer would run below its bound."""
    claim(pace, pulled=3)
    answers.wait_ms = 1_000
    assert pace.due_in(10.0) == 1.0
    answers.wait_ms = 0
    assert 0 < pace.due_in(10.0) < 0.01


def test_unknown_wait_polls(pace: Pace) -> None:
    claim(pace, pulled=0)
    assert pace.due_in(10.0) == pytest.approx(0.25)
    assert pace.due_in(10.25) <= 0


def test_news_shortens_a_wait_but_not_the_rest(pace: Pace, answers: Answers) -> None:
    """Else a claim that takes long would be repeated at every acknowledgement."""
    claim(pace, pulled=0, took=0.1)
    answers.wait_ms = 60_000
    pace.news()
    assert pace.due_in(10.0) == pytest.approx(0.3)
    assert pace.due_in(10.31) <= 0


def test_news_during_a_claim_counts_for_the_next(pace: Pace, answers: Answers) -> None:
    answers.wait_ms = 60_000
    pace.begin()
    pace.news()
    pace.claimed(began_at=10.0, ended_at=10.0, desired=50, pulled=0)
    assert pace.due_in(10.1) <= 0


def test_now_in_vain_does_not_spin(pace: Pace, answers: Answers) -> None:
    answers.wait_ms = 0
    for _ in range(100):
        claim(pace, pulled=0)
    assert pace.due_in(10.0) == pytest.approx(0.25)
    claim(pace, pulled=1)
    assert pace.due_in(10.0) < 0.01
