"""Snapshots of a crawl for the tests of what progress says."""

from typing import Any

from crawler.model.view import HostState, Outlook
from crawler.pipeline.watching.snapshot import Snapshot


def an_outlook(**changes: Any) -> Outlook:
    nothing = Outlook(
        ready=0, leased=0, claimable=0, next_at=None, next_due=None, held_by_budget=0, waiting=0
    )
    return nothing._replace(**changes)


def a_host(name: str, *, left: int, delay_ms: int) -> HostState:
    return HostState(
        host=name,
        ready=left,
        leased=0,
        done=7,
        waiting=0,
        delay_ms=delay_ms,
        next_at=0,
        paused_until=0,
        fails=0,
    )


def a_snapshot(outlook: Outlook, *hosts: HostState, **changes: Any) -> Snapshot:
    values: dict[str, Any] = {
        "at": 10_000,
        "started_at": 0,
        "counters": {"records": 50, "bytes": 1_500_000, "ready": outlook.ready},
        "outlook": outlook,
        "hosts": hosts,
    }
    return Snapshot(**{**values, **changes})
