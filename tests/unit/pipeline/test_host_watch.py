"""What one reader process knows of a failing host, and tells the frontier."""

from crawler.model.result import Deferred, Failed, FailureKind, Fetched, Redirected
from crawler.pipeline.host_watch import HostWatch
from tests.support.fetch import NOW, make_item

WINDOW_MS = 10_000


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


def failed(error: FailureKind = "timeout", started_at: int = NOW) -> Failed:
    return Failed(attempts=1, started_at=started_at, elapsed_ms=5, error=error, detail="")


def fetched(status: int, throttled: int = 0, **headers: str) -> Fetched:
    return Fetched(
        attempts=1,
        started_at=NOW,
        elapsed_ms=70,
        throttled=throttled,
        status=status,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        body=b"",
        truncated=False,
    )


ITEM = make_item("http://h/", claimed_at=NOW - 1)


def test_an_answer_is_noted_with_its_latency() -> None:
    """Failures would stay in a row although the host is well, and nobody would know it is slow."""
    watch = HostWatch(Clock(), WINDOW_MS)
    note = watch.note(ITEM, fetched(404))
    assert (note.answered, note.latency_ms, note.failed_at) == (True, 70, None)
    hop = Redirected(
        attempts=1, started_at=NOW, elapsed_ms=9, status=301, headers={}, location="/b"
    )
    assert watch.note(ITEM, hop).answered
    blocked = watch.note(ITEM, failed("blocked_address"))
    assert (blocked.answered, blocked.failed_at, blocked.latency_ms) == (False, None, None)


def test_the_count_of_the_frontier_goes_on() -> None:
    """Another process or a restart would begin anew, and the back-off with it."""
    note = HostWatch(Clock(), WINDOW_MS).note(ITEM._replace(host_failures=4), failed())
    assert (note.failed_at, note.failure, note.server_lost) == (NOW, "timeout", False)
    assert note.paused_until is not None
    assert 108_000 <= note.paused_until - NOW <= 132_000  # the fifth: 120 s, give or take a tenth


def test_the_first_failures_of_pages_pause_nothing() -> None:
    """One page that is slow or broken would stop its host."""
    for result in (failed(), failed("reset"), fetched(503), fetched(500)):
        note = HostWatch(Clock(), WINDOW_MS).note(ITEM._replace(host_failures=1), result)
        assert (note.paused_until, note.server_lost) == (None, False)


def test_a_server_that_is_not_there_pauses_at_once() -> None:
    """Each of its pages would be written off before somebody asks whether it is back."""
    for kind in ("dns", "connect", "tls"):
        note = HostWatch(Clock(), WINDOW_MS).note(ITEM, failed(kind))
        assert (note.paused_until, note.server_lost) == (NOW + WINDOW_MS, True)


def test_requests_side_by_side_are_one_failure() -> None:
    """Sixteen slots that time out together would count as sixteen failures in a row."""
    clock = Clock()
    watch = HostWatch(clock, WINDOW_MS)
    ahead = [ITEM._replace(url=f"http://h/{n}") for n in range(16)]
    for item in ahead:
        assert watch.note(item, failed()).paused_until is None
    assert {watch.informed(item).host_failures for item in ahead} == {1}
    clock.now += 60_000
    assert watch.note(ITEM, failed(started_at=NOW + 1)).paused_until is None
    assert watch.informed(ITEM).host_failures == 2


def test_items_claimed_ahead_hear_of_failures() -> None:
    """What was claimed while the host was well would be tried to the end, four times each."""
    clock = Clock()
    watch = HostWatch(clock, WINDOW_MS)
    for _ in range(3):
        note = watch.note(ITEM, failed(started_at=clock.now))
        clock.now += 1_000
    assert note.paused_until is not None
    assert watch.informed(ITEM).host_failures == 3
    # Claimed since then: the frontier knows better, another process may have had an answer.
    fresh = ITEM._replace(claimed_at=clock.now)
    assert watch.informed(fresh).host_failures == 0
    watch.note(ITEM, fetched(200))
    assert watch.informed(ITEM) is ITEM


def test_a_longer_wish_of_the_host_holds() -> None:
    """Our own pause would end before Retry-After does."""
    watch = HostWatch(Clock(), WINDOW_MS)
    sick = ITEM._replace(host_failures=2)
    assert watch.note(sick, fetched(503, retry_after="3600")).paused_until == NOW + 3_600_000
    late = Deferred(
        attempts=1,
        started_at=NOW,
        elapsed_ms=5,
        throttled=2,
        reason="http_429",
        due_at=NOW + 1,
        pause_host=True,
    )
    note = HostWatch(Clock(), WINDOW_MS).note(ITEM, late)
    assert (note.paused_until, note.failure, note.throttled) == (NOW + 1, "http_429", 2)
    assert (HostWatch(Clock(), WINDOW_MS).note(sick, late).paused_until or 0) > NOW + 20_000
