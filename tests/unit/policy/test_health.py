"""Which ends of a fetch speak against the host, and what failing in a row costs."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.model.result import Deferred, Failed, FailureKind, Fetched, FetchResult, Redirected
from crawler.policy.health import (
    MAX_PAUSE_MS,
    host_failure,
    is_answer,
    is_lost,
    is_probe,
    pause_ms,
)
from tests.support.fetch import NOW

WINDOW_MS = 10_000
CLASSES = ("dns", "connect", "tls", "timeout", "reset", "protocol", "http_429", "http_500")


def fetched(status: int) -> Fetched:
    return Fetched(
        attempts=1,
        started_at=NOW,
        elapsed_ms=5,
        status=status,
        headers={},
        body=b"",
        truncated=False,
    )


def failed(error: FailureKind) -> Failed:
    return Failed(attempts=1, started_at=NOW, elapsed_ms=5, error=error, detail="")


def deferred(reason: str) -> Deferred:
    return Deferred(
        attempts=1, started_at=NOW, elapsed_ms=5, reason=reason, due_at=NOW, pause_host=False
    )


REDIRECTED = Redirected(
    attempts=1, started_at=NOW, elapsed_ms=5, status=302, headers={}, location="/"
)

ENDS: list[tuple[FetchResult, str | None, bool]] = [
    (fetched(200), None, True),
    (fetched(404), None, True),
    (fetched(403), None, True),
    (fetched(501), None, True),
    (REDIRECTED, None, True),
    (failed("decode"), None, True),
    (failed("blocked_address"), None, False),
    (fetched(429), "http_429", False),
    (fetched(500), "http_500", False),
    (fetched(502), "http_502", False),
    (fetched(503), "http_503", False),
    (fetched(504), "http_504", False),
    (failed("dns"), "dns", False),
    (failed("connect"), "connect", False),
    (failed("tls"), "tls", False),
    (failed("timeout"), "timeout", False),
    (failed("reset"), "reset", False),
    (failed("protocol"), "protocol", False),
    (deferred("timeout"), "timeout", False),
    (deferred("http_503"), "http_503", False),
]


@pytest.mark.parametrize(("result", "failure", "is_good"), ENDS)
def test_what_speaks_for_and_against_a_host(
    result: FetchResult, failure: str | None, is_good: bool
) -> None:
    """A missing page would pause its host, or a silent server would never be paused."""
    assert host_failure(result) == failure
    assert is_answer(result) == is_good


def test_every_failure_kind_is_in_the_table() -> None:
    """A new kind would count as nothing without anybody having decided so."""
    kinds = {result.error for result, _, _ in ENDS if isinstance(result, Failed)}
    assert kinds == set(get_args(FailureKind))


@pytest.mark.parametrize(
    ("failure", "pauses_s"),
    [
        ("connect", [10, 10, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600]),
        ("dns", [10, 10, 30, 60]),
        ("tls", [10, 10, 30, 60]),
        ("timeout", [0, 0, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600]),
        ("reset", [0, 0, 30, 60]),
        ("http_429", [0, 0, 30, 60]),
        ("http_503", [0, 0, 30, 60]),
        ("http_500", [0, 0, 0, 0, 0, 0, 0, 0, 0, 30, 60, 120]),
        ("protocol", [0, 0, 0, 0, 0, 0, 0, 0, 0, 30, 60, 120]),
    ],
)
def test_pauses_double_after_the_first_failures(failure: str, pauses_s: list[int]) -> None:
    """One bad page would pause a host, or a dead one would be asked at a constant rate."""
    found = [pause_ms(n, failure, WINDOW_MS, 0.5) for n in range(1, len(pauses_s) + 1)]
    assert found == [1000 * pause for pause in pauses_s]


@given(st.integers(1, 10**9), st.sampled_from(CLASSES), st.floats(0, 1))
def test_pauses_stay_near_their_length(failures: int, failure: str, jitter: float) -> None:
    """Chance would bring a pause to nothing, or beyond an hour, or a number without end."""
    middle = pause_ms(failures, failure, WINDOW_MS, 0.5)
    found = pause_ms(failures, failure, WINDOW_MS, jitter)
    assert 0.89 * middle <= found <= MAX_PAUSE_MS
    assert found <= 1.11 * middle


@pytest.mark.parametrize(
    ("failure", "probes_from", "lost_from"),
    [
        ("timeout", 3, 8),
        ("http_503", 3, 8),
        ("http_500", 10, 15),
        ("connect", 3, 1),
        ("tls", 3, 1),
    ],
)
def test_a_sick_host_is_probed_and_at_last_lost(
    failure: str, probes_from: int, lost_from: int
) -> None:
    """Each of its pages would be tried four times, one after the other."""
    assert not is_probe(probes_from - 1, failure)
    assert is_probe(probes_from, failure)
    assert not is_lost(lost_from - 1, failure) or lost_from == 1
    assert is_lost(lost_from, failure)


def test_a_host_that_stays_dead_costs_a_request_an_hour() -> None:
    """A crawl of months would spend itself on servers that are gone."""
    asked, now = 0, 0
    for failures in range(1, 1_000):
        now += pause_ms(failures, "timeout", WINDOW_MS, 0.0)
        asked += 1
        if now > 24 * MAX_PAUSE_MS:
            break
    assert asked <= 40
