"""When the writer is asked again: at once, at a known time, on news, or after a growing pause.

Stock asks every 50 ms and sleeps blindly when there was nothing: a polite crawl would run below
its bound and a fast one at 50 items per 50 ms.
"""

from collections.abc import Callable

_FLOOR_S = 0.002
_REST_PER_WORK = 3
"""After a claim that found too little, rest this many times its duration, whatever the news."""
_MAX_DOUBLINGS = 16


class Pace:
    """Decides the time of the next `populate`; seconds on any monotonic clock."""

    def __init__(
        self, *, wait_ms: Callable[[], int | None], poll_s: Callable[[], float], max_s: float
    ) -> None:
        self._wait_ms = wait_ms
        self._poll_s = poll_s
        self._max_s = max_s
        self._ended_at = float("-inf")
        self._rest_s = 0.0
        self._in_vain = 0
        self._news = False
        self.hungry = True
        """The last claim brought all that was asked for: there is more."""

    def news(self) -> None:
        """Something was settled, returned or freed: a claim may find more than the last one."""
        self._news = True

    def claimed(self, *, began_at: float, ended_at: float, desired: int, pulled: int) -> None:
        """Note the end of a `populate` in which the writer yielded `pulled` items."""
        self._ended_at = ended_at
        self._rest_s = max(_FLOOR_S, _REST_PER_WORK * (ended_at - began_at))
        self._in_vain = 0 if pulled else self._in_vain + 1
        self.hungry = 0 < desired <= pulled

    def begin(self) -> None:
        """A claim begins: news from now on is news for the next one."""
        self._news = False

    def due_in(self, now: float) -> float:
        """Seconds until the writer should be asked again, 0 or less: now."""
        if self.hungry:
            return 0.0
        rested_in = self._ended_at + self._rest_s - now
        if self._news:
            return rested_in
        wait_ms = self._wait_ms()
        if wait_ms is None:
            return self._ended_at + self._poll_s() - now
        # "Now" that is in vain again and again must not spin.
        doubt_s = min(_FLOOR_S * 2.0 ** min(self._in_vain, _MAX_DOUBLINGS), self._max_s)
        return max(rested_in, self._ended_at + doubt_s - now, wait_ms / 1000)
