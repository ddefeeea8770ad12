"""What a reader process learns about the health of hosts, and what it tells the frontier of it.

The frontier has the count of failures in a row, over all processes and restarts; an item brings it
along. A host without delay has many items out at once, claimed before the first of them failed: for
those this process counts on by itself.
"""

import random
from typing import NamedTuple

from crawler.model.result import Deferred, Fetched, FetchResult, HostNote
from crawler.model.work import Item
from crawler.policy.health import host_failure, is_answer, is_lost, pause_ms
from crawler.policy.politeness import pause_until
from crawler.ports import Now

_MAX_HOSTS = 10_000


class _Streak(NamedTuple):
    failures: int
    at: int
    """When the last failure was noted: a request that began before it is of the same round."""


class HostWatch:
    """Failures in a row of hosts, as one process sees them."""

    def __init__(self, now: Now, window_ms: int) -> None:
        self._now = now
        self._window_ms = window_ms
        self._streaks: dict[str, _Streak] = {}

    def informed(self, item: Item) -> Item:
        """Return the item with what has been learnt about its host since it was claimed."""
        streak = self._streaks.get(item.host)
        if streak is None or item.claimed_at > streak.at or streak.failures <= item.host_failures:
            return item
        return item._replace(host_failures=streak.failures)

    def note(self, item: Item, result: FetchResult) -> HostNote:
        """Return what a fetch says about its host: its turn, its health, its pause."""
        failure = host_failure(result)
        if failure is None:
            is_good = is_answer(result)
            if is_good and self._streaks:
                self._streaks.pop(item.host, None)
            return HostNote(
                item.host_hash,
                result.started_at,
                answered=is_good,
                latency_ms=result.elapsed_ms if is_good else None,
                throttled=result.throttled,
            )
        failures = self._count(item, result.started_at)
        now = self._now()
        pause = pause_ms(failures, failure, self._window_ms, random.random())  # noqa: S311
        until = max(now + pause if pause else 0, _wish(result, now))
        return HostNote(
            item.host_hash,
            result.started_at,
            paused_until=until or None,
            server_lost=is_lost(failures, failure),
            failed_at=result.started_at,
            failure=failure,
            failures=failures,
            latency_ms=result.elapsed_ms if isinstance(result, Fetched) else None,
            throttled=result.throttled,
        )

    def _count(self, item: Item, started_at: int) -> int:
        """Return the failures in a row of an item's host, this one included."""
        failures = self.informed(item).host_failures
        streak = self._streaks.get(item.host)
        if streak is None or started_at > streak.at:
            failures += 1
            if len(self._streaks) >= _MAX_HOSTS:
                self._streaks.clear()
            self._streaks[item.host] = _Streak(failures, self._now())
        return max(failures, 1)


def _wish(result: FetchResult, now: int) -> int:
    """Until when the host itself asked to be left alone (Retry-After); 0: it did not."""
    if isinstance(result, Deferred):
        return result.due_at if result.pause_host else 0
    if isinstance(result, Fetched):
        return pause_until(result.status, result.headers, now) or 0
    return 0
