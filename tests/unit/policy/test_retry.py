"""When a try is repeated, how long that waits, and who waits."""

import dataclasses
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.model.result import Deferred, Failed, FailureKind, Fetched, Redirected
from crawler.policy.politeness import (
    MAX_PAUSE_MS,
    host_delay_ms,
    pause_until,
    retry_after_ms,
)
from crawler.policy.retry import LEASE_MARGIN_MS, Again, after_try, wait_before_retry_ms
from tests.support.fetch import NOW, make_item, make_plan

PLAN = make_plan(retry_base_ms=500)
ITEM = make_item("http://h/")


def fetched(status: int, attempts: int = 1, **headers: str) -> Fetched:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Fetched(
        attempts=attempts,
        started_at=NOW,
        elapsed_ms=5,
        status=status,
        headers=named,
        body=b"",
        truncated=False,
    )


def failed(error: FailureKind, attempts: int = 1) -> Failed:
    return Failed(attempts=attempts, started_at=NOW, elapsed_ms=5, error=error, detail="")


def decide(
    result: Fetched | Failed | Redirected, *, cut: bool = False, **item: int
) -> Again | Deferred | None:
    return after_try(PLAN, ITEM._replace(**item), result, cut=cut, now=NOW, jitter=0.0)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_these_statuses_are_tried_again(status: int) -> None:
    """A bad moment of a server would be final."""
    assert decide(fetched(status)) == Again(500)


@pytest.mark.parametrize(
    "status", [200, 204, 206, 300, 304, 400, 401, 403, 404, 410, 418, 501, 505, 599, 999]
)
def test_other_statuses_are_final(status: int) -> None:
    """A server that has answered would be asked again."""
    assert decide(fetched(status, retry_after="5")) is None


@pytest.mark.parametrize("error", ["reset", "timeout", "connect"])
def test_network_errors_are_tried_again(error: FailureKind) -> None:
    """A lost packet would lose a page."""
    assert decide(failed(error)) == Again(500)


@pytest.mark.parametrize("error", ["dns", "tls", "protocol", "decode", "blocked_address"])
def test_lasting_errors_are_final(error: FailureKind) -> None:
    """A dead host would cost four times as much."""
    assert decide(failed(error)) is None


def test_a_name_that_nobody_could_look_up_is_tried_again() -> None:
    """A resolver that is down for a second would cost the pages of all hosts."""
    nobody = dataclasses.replace(failed("dns"), passing=True)
    assert decide(nobody) == Again(500)


@pytest.mark.parametrize(
    ("result", "failures"),
    [(failed("timeout"), 3), (failed("reset"), 3), (fetched(503), 3), (fetched(500), 10)],
)
def test_a_page_of_a_sick_host_has_one_try_at_a_time(
    result: Fetched | Failed, failures: int
) -> None:
    """Sixty seconds, four times, for each page of a silent server; or its pages written off."""
    assert decide(result, host_failures=failures - 1) == Again(500)
    step = decide(result, host_failures=failures)
    assert isinstance(step, Deferred)
    assert (step.attempts, step.due_at, step.pause_host) == (1, NOW + 500, False)
    assert decide(dataclasses.replace(result, attempts=4), host_failures=failures) is None


def test_cut_bodies() -> None:
    """A page would be kept in part where a second try brings all of it; an error page is not worth
    one."""
    assert decide(fetched(200), cut=True) == Again(500)
    assert decide(fetched(404), cut=True) is None


def test_tries_are_counted_over_leases() -> None:
    """`--retries 3` means four tries, wherever they were made."""
    assert decide(fetched(503, attempts=3)) == Again(2_000)
    assert decide(fetched(503, attempts=4)) is None
    assert decide(fetched(503, attempts=9, retry_after="5")) is None
    assert decide(failed("reset", attempts=4)) is None


def test_retry_after_pauses_the_host() -> None:
    """The wish of a host would hold for one page only, or be waited for inside a lease."""
    step = decide(fetched(503, retry_after="30"))
    assert isinstance(step, Deferred)
    assert (step.reason, step.due_at, step.pause_host) == ("http_503", NOW + 30_000, True)
    assert (step.attempts, step.started_at, step.elapsed_ms) == (1, NOW, 5)


def test_what_cannot_wait_in_the_lease_waits_in_the_store() -> None:
    """A reader would hold a slot for minutes, or go on after its lease."""
    slow = decide(failed("timeout"), delay_ms=PLAN.window_ms + 1)
    assert isinstance(slow, Deferred)
    assert (slow.due_at, slow.pause_host, slow.reason) == (NOW + 10_001, False, "timeout")
    room = 500 + PLAN.timeout_ms + LEASE_MARGIN_MS
    assert decide(failed("reset"), lease_until=NOW + room) == Again(500)
    late = decide(failed("reset"), lease_until=NOW + room - 1)
    assert isinstance(late, Deferred)
    assert late.due_at == NOW + 500


@given(st.integers(0, 10**6), st.integers(0, 60_000), st.floats(0, 1))
def test_waits_stay_in_their_bounds(attempts: int, delay_ms: int, jitter: float) -> None:
    """Sooner than the host's delay, longer than the window, or a number without end."""
    wait_ms = wait_before_retry_ms(PLAN, delay_ms, attempts, jitter)
    assert wait_ms >= max(delay_ms, PLAN.retry_base_ms)
    assert wait_ms <= max(delay_ms, PLAN.window_ms)


def test_waits_grow() -> None:
    """A server in trouble would be asked at a constant rate."""
    waits = [wait_before_retry_ms(PLAN, 0, n, 0.0) for n in (1, 2, 3, 4, 5, 6)]
    assert waits == [500, 1_000, 2_000, 4_000, 8_000, 10_000]
    assert wait_before_retry_ms(PLAN, 0, 1, 1.0) == 750


NOON = 1_445_412_480_000  # Wed, 21 Oct 2015 07:28:00 GMT


@pytest.mark.parametrize(
    ("value", "wait_ms"),
    [
        ("120", 120_000),
        (" 7 ", 7_000),
        ("Wed, 21 Oct 2015 07:29:00 GMT", 60_000),
        ("Wednesday, 21-Oct-15 07:29:00 GMT", 60_000),
        ("Wed Oct 21 07:29:00 2015", 60_000),
        ("Wed, 21 Oct 2015 07:29:00 +0000", 60_000),
        ("Wed, 21 Oct 2015 07:29:00", 60_000),
        ("86401", MAX_PAUSE_MS),
        ("99999999999999999999999999", MAX_PAUSE_MS),
        ("Wed, 21 Oct 2099 07:28:00 GMT", MAX_PAUSE_MS),
        ("0", None),
        ("-5", None),
        ("1.5", None),
        ("Wed, 21 Oct 2015 07:27:00 GMT", None),
        ("tomorrow", None),
        ("", None),
        ("²", None),
        ("١٢", None),
        ("Wed, 99 Oct 2015 07:28:00 GMT", None),
        ("Wed, 21 Oct 99999 07:28:00 GMT", None),
        (None, None),
    ],
)
def test_retry_after_is_read(
    value: str | None, wait_ms: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A date would be read in local time, garbage would raise, a century would be waited for."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        assert retry_after_ms(value, NOON) == wait_ms
    finally:
        monkeypatch.undo()
        time.tzset()


@given(st.text())
def test_retry_after_takes_any_text(value: str) -> None:
    """A header from the network would raise."""
    wait_ms = retry_after_ms(value, NOW)
    assert wait_ms is None or 0 < wait_ms <= MAX_PAUSE_MS


def test_only_answers_that_say_not_now_pause() -> None:
    """A Retry-After on a page that came would stop its host."""
    assert pause_until(503, {"retry-after": "5"}, NOW) == NOW + 5_000
    assert pause_until(200, {"retry-after": "5"}, NOW) is None
    assert pause_until(503, {}, NOW) is None


def test_delay_is_the_longer_one() -> None:
    """A host's wish would shorten our own delay, or stop the crawl."""
    assert host_delay_ms(1_000, None, 30_000) == 1_000
    assert host_delay_ms(1_000, 500, 30_000) == 1_000
    assert host_delay_ms(1_000, 5_000, 30_000) == 5_000
    assert host_delay_ms(1_000, 90_000, 30_000) == 30_000
    assert host_delay_ms(60_000, 90_000, 30_000) == 60_000
