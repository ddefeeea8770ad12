"""What holds a crawl back right now, and when it will end: the line under the progress."""

from collections.abc import Sequence
from dataclasses import dataclass

from crawler.model.view import HostState
from crawler.pipeline.snapshot import Snapshot

MS = 1000
HOLDS = {
    "operator": "paused by the operator",
    "disk": "paused: the disk is nearly full",
}
"""Why nothing is claimed for now, in words."""


@dataclass(frozen=True, slots=True)
class Bound:
    """`what` names it; `seconds_left` is None where nobody can tell."""

    what: str
    seconds_left: float | None


def find_bound(snapshot: Snapshot, pages_per_second: float) -> Bound:
    """Name what bounds the crawl: its end, a pause, a limit, waiting, politeness, this machine."""
    outlook = snapshot.outlook
    ended = _end_or_pause(snapshot)
    if ended is not None:
        return Bound(ended, None)
    left = outlook.ready - outlook.held_by_budget + outlook.leased
    polite = _politeness(snapshot.hosts, left)
    if polite is not None:
        # With a short delay commits and slow answers make it slower than the delay alone.
        by_rate = left / pages_per_second if pages_per_second > 0 else 0
        return Bound(polite.what, max(polite.seconds_left or 0, by_rate))
    if left == 0 and outlook.waiting:
        due = outlook.next_due
        wait = max(0, due - snapshot.at) / MS if due is not None else None
        return Bound(f"waiting: {outlook.waiting} URLs for their due time", wait)
    if left == 0 and outlook.next_visit is not None:
        wait = max(0, outlook.next_visit - snapshot.at) / MS
        return Bound(f"waiting for the first of {outlook.later} visits", wait)
    seconds = left / pages_per_second if pages_per_second > 0 else None
    return Bound("this machine and the servers", seconds)


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


def _politeness(hosts: Sequence[HostState], left: int) -> Bound | None:
    """The slowest host decides where delays are kept; `hosts` has those with most left first."""
    slow = [host for host in hosts if host.delay_ms > 0 and host.ready + host.leased > 0]
    if not slow or left == 0:
        return None
    last = max(slow, key=lambda host: (host.ready + host.leased) * host.delay_ms)
    seconds = (last.ready + last.leased) * last.delay_ms / MS
    rate = MS / last.delay_ms
    return Bound(f"politeness: {last.host} at {rate:.3g}/s", seconds)
