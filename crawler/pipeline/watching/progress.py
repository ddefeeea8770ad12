"""Whether a crawl makes progress: one notion for `/readyz`, the service's watchdog and alerts.

Progress is anything that gets settled or tried: a record, a retry put off, a robots.txt, a
sitemap, a URL refused for good, an HTTP request that came to its end. Having nothing to do for a
known reason is fine as well: a hold, a host's delay or pause, URLs or visits that are due later.
Pure functions of snapshots; times are ms.
"""

from dataclasses import dataclass

from crawler.model.view import Outlook
from crawler.pipeline.watching.snapshot import Snapshot

STALE_MS = 15_000
"""Snapshots are taken once a second. The store may be waited for 10 s; longer is not usual."""
PATIENCE_MARGIN_MS = 30_000

_EVENTS = ("records", "retries", "sitemaps", "dead")
_ROBOTS = "robots:"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the crawl gets on, and in a few words why or why not."""

    moving: bool
    why: str


def patience_ms(timeout_ms: int) -> int:
    """Return how long nothing needs to be settled while something is out: one try, and a bit."""
    return timeout_ms + PATIENCE_MARGIN_MS


def work_done(snapshot: Snapshot) -> int:
    """Return a number that grows with whatever is settled or tried, and with nothing else."""
    counters = snapshot.counters
    settled = sum(counters.get(name, 0) for name in _EVENTS)
    robots = sum(n for name, n in counters.items() if name.startswith(_ROBOTS))
    # A page may take all its tries inside one lease: each of them is work as well.
    tries = 0 if snapshot.fleet is None else snapshot.fleet.measured.tries.total
    return settled + robots + tries


def idle_reason(snapshot: Snapshot) -> str | None:
    """Return why there was nothing to do when this was taken; None: there was."""
    if snapshot.finishing is not None:
        return snapshot.finishing
    if snapshot.gone_by is not None:
        return "reloading" if snapshot.renews else "stopping"
    if snapshot.stopping is not None:
        return f"stopping: {snapshot.stopping}"
    if snapshot.holds:
        return "paused: " + ", ".join(snapshot.holds)
    if snapshot.outlook.leased:
        return None
    return _wait(snapshot.outlook, snapshot.at)


def _wait(outlook: Outlook, at: int) -> str | None:
    """Return what is waited for where nothing is out; None: nothing, a claim would find URLs."""
    if outlook.claimable:
        what, until = "politeness: the next URL may be asked for", outlook.next_at
    elif outlook.next_due is not None:
        what, until = "waiting: the first URL is due", outlook.next_due
    elif outlook.next_visit is not None:
        what, until = "waiting: the first visit is due", outlook.next_visit
    else:
        return "paused: hosts by a person" if outlook.halted else "nothing is left to do"
    return f"{what} in {_seconds(until - at)}" if until is not None and until > at else None


def anchor_of(anchor: Snapshot | None, latest: Snapshot) -> Snapshot:
    """Return the snapshot that patience counts from, given the one that it counted from so far.

    It is the last one at which something had been settled, or there was nothing to do.
    """
    if anchor is None or idle_reason(latest) is not None:
        return latest
    # Less than before: parts were lost and their URLs are fetched again.
    return anchor if work_done(latest) == work_done(anchor) else latest


def judge_progress(anchor: Snapshot, latest: Snapshot, now: int, *, patience_ms: int) -> Verdict:
    """Say whether the crawl gets on at `now`; `anchor` is `anchor_of` all snapshots up to here."""
    age = now - latest.at
    if age > STALE_MS:
        return Verdict(False, f"nothing was heard of the crawl for {_seconds(age)}")
    if (reason := idle_reason(latest)) is not None:
        return Verdict(True, reason)
    since = now - anchor.at
    if since <= patience_ms:
        return Verdict(True, f"something was settled {_seconds(since)} ago")
    fleet = latest.fleet
    if fleet is not None and not any(reader.ready for reader in fleet.readers):
        return Verdict(False, f"no reader process is ready, for {_seconds(since)}")
    if latest.outlook.leased:
        what = f"{latest.outlook.leased} URLs are out, but nothing was settled"
    else:
        what = "URLs could be claimed, but nothing was settled"
    return Verdict(False, f"{what} for {_seconds(since)}")


def _seconds(ms: int) -> str:
    return f"{ms / 1000:.0f} s"
