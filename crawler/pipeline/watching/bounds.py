"""What holds a crawl back right now, and when it will end: the line under the progress."""

from collections.abc import Iterator
from typing import NamedTuple

from crawler.pipeline.moments import rfc3339
from crawler.pipeline.watching.snapshot import Snapshot

MS = 1000
HOLDS = {
    "operator": "paused by the operator",
    "disk": "paused: the disk is nearly full",
}
"""Why nothing is claimed for now, in words."""


class Bound(NamedTuple):
    """`what` names it; `seconds_left` is None where nobody can tell."""

    what: str
    seconds_left: float | None
    share: float | None = None
    """What is used up of the budget that will end the crawl; None: it ends when nothing is left."""


def find_bound(snapshot: Snapshot, pages_per_second: float, bytes_per_second: float = 0.0) -> Bound:
    """Name what bounds the crawl: its end, a pause, a limit, waiting, politeness, this machine."""
    ended = _end_or_pause(snapshot)
    if ended is not None:
        return Bound(ended, None)
    bound = _hold(snapshot, pages_per_second)
    for seconds, share in _budgets(snapshot, bound, pages_per_second, bytes_per_second):
        if bound.share is None or seconds == _least(seconds, bound.seconds_left):
            bound = bound._replace(seconds_left=seconds, share=share)
    return bound


def _hold(snapshot: Snapshot, pages_per_second: float) -> Bound:
    """Name what keeps it from being over at once, and how long that takes."""
    outlook = snapshot.outlook
    left = max(0, outlook.ready - outlook.held_by_budget - outlook.halted) + outlook.leased
    most = _pages_left(snapshot)
    left = left if most is None else min(left, most)
    by_rate = left / pages_per_second if pages_per_second > 0 else None
    polite = _politeness(snapshot, left)
    if polite is not None:
        is_paused = _all_wait(snapshot)
        if by_rate is None and not is_paused and _has_just_begun(snapshot):
            return polite._replace(seconds_left=None)
        # With a short delay commits and slow answers make it slower than the delay alone.
        seconds = max(polite.seconds_left or 0, 0 if is_paused else by_rate or 0)
        return polite._replace(seconds_left=seconds)
    if left == 0 and outlook.waiting:
        due = outlook.next_due
        wait = max(0, due - snapshot.at) / MS if due is not None else None
        return Bound(f"waiting: {outlook.waiting} URLs for their due time", wait)
    if left == 0 and outlook.next_visit is not None:
        wait = max(0, outlook.next_visit - snapshot.at) / MS
        return Bound(f"waiting for the first of {outlook.later} visits", wait)
    return Bound("as fast as this machine and the servers can", by_rate)


def _has_just_begun(snapshot: Snapshot) -> bool:
    """Whether nothing has come yet: what is known is little, and says nothing of the end."""
    return snapshot.counters.get("records", 0) == snapshot.pages_at_start


def _pages_left(snapshot: Snapshot) -> int | None:
    """Return how many pages the budget still has, where that is what ends the crawl."""
    most, outlook = snapshot.budget.pages, snapshot.outlook
    if most is None:
        return None
    left = max(0, most - snapshot.counters.get("pages", 0))
    return left if left < outlook.ready + outlook.leased + outlook.waiting else None


def _budgets(
    snapshot: Snapshot, bound: Bound, pages_per_second: float, bytes_per_second: float
) -> Iterator[tuple[float | None, float]]:
    """Yield for each budget that ends the crawl in how many seconds, and what is used of it."""
    counters, budget = snapshot.counters, snapshot.budget
    seconds = bound.seconds_left
    pages_left = _pages_left(snapshot)
    if budget.pages and pages_left is not None:
        by_rate = pages_left / pages_per_second if pages_per_second > 0 else None
        yield (
            seconds if _all_wait(snapshot) else _least(seconds, by_rate),
            1 - pages_left / budget.pages,
        )
    if budget.total_bytes and bytes_per_second > 0:
        used = counters.get("bytes", 0)
        in_s = max(0, budget.total_bytes - used) / bytes_per_second
        if seconds is None or in_s < seconds:
            yield in_s, min(1.0, used / budget.total_bytes)
    if budget.until is not None:
        in_s = max(0, budget.until - snapshot.at) / MS
        if seconds is None or in_s < seconds:
            spent, whole = snapshot.at - snapshot.started_at, budget.until - snapshot.started_at
            yield in_s, min(1.0, spent / max(1, whole))


def _least(*seconds: float | None) -> float | None:
    return min((one for one in seconds if one is not None), default=None)


def _end_or_pause(snapshot: Snapshot) -> str | None:
    """Say why nothing more is claimed, for good or for now; None: it is."""
    if snapshot.finishing is not None:
        return snapshot.finishing
    if snapshot.gone_by is not None:
        left = max(0, snapshot.gone_by - snapshot.at) / MS
        doing = "reloading" if snapshot.renews else "stopping"
        return f"{doing}: {snapshot.outlook.leased} under way, {left:.0f} s for them at most"
    if snapshot.holds:
        return " and ".join(HOLDS.get(hold, hold) for hold in snapshot.holds)
    if snapshot.stopping is not None:
        return f"--{snapshot.stopping.replace('_', '-')} reached, finishing"
    return None


def _politeness(snapshot: Snapshot, left: int) -> Bound | None:
    """The slowest host decides where delays are kept; a pause is named where all wait for it."""
    now = snapshot.at
    waits = {
        host: max(0, host.paused_until - now) + min(left, todo) * host.delay_ms
        for host in snapshot.hosts
        if left and not host.halted and (todo := host.ready + host.leased) > 0
    }
    paused = [host for host in waits if host.paused_until > now]
    if paused and _all_wait(snapshot):
        last = max(paused, key=lambda host: waits[host])
        until = rfc3339(last.paused_until)[11:19]
        why = f"failing: {last.last_failure}" if last.failures_in_row else "it asked us to wait"
        return Bound(f"{last.host} is paused until {until} UTC: {why}", waits[last] / MS)
    slow = [host for host in waits if host.delay_ms > 0 and host not in paused]
    if not slow:
        return None
    last = max(slow, key=lambda host: waits[host])
    # One that fails may be paused for longer than anybody waits for it.
    most = max(waits[host] for host in waits if host in slow or not host.failures_in_row)
    return Bound(f"politeness: {last.host} at {MS / last.delay_ms:.3g}/s", most / MS)


def _all_wait(snapshot: Snapshot) -> bool:
    return not snapshot.outlook.claimable and not snapshot.outlook.leased
