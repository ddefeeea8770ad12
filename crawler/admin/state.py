"""`GET /api/state`: the last snapshot as JSON, in the shape that docs/reference/admin.md has."""

from pathlib import Path
from typing import Any

from crawler import __version__
from crawler.admin.watch import Watch
from crawler.model.measures import Timing
from crawler.model.view import HostState
from crawler.pipeline.disk_guard import free_bytes
from crawler.pipeline.watching.bounds import find_bound
from crawler.pipeline.watching.snapshot import Snapshot

_STATUS = "status:"
_ERROR = "error:"


def state_of(watch: Watch, job: Path) -> dict[str, Any]:
    """Return the whole state; before the first snapshot only what is known then."""
    snapshot = watch.latest
    verdict = watch.verdict()
    known: dict[str, Any] = {
        "version": __version__,
        "job": str(job),
        "ready": verdict.moving,
        "why": verdict.why,
    }
    if snapshot is None:
        return known | {"state": "starting"}
    rate = watch.rate()
    bound = find_bound(snapshot, rate)
    counters = snapshot.counters
    fleet = snapshot.fleet
    return known | {
        "started_at": snapshot.started_at,
        "at": snapshot.at,
        "state": _state(snapshot),
        "holds": list(snapshot.holds),
        "stopping": snapshot.stopping,
        "counters": dict(counters),
        "pages_at_start": snapshot.pages_at_start,
        "rate": round(rate, 3),
        "bound": {"what": bound.what, "seconds_left": bound.seconds_left},
        "outlook": snapshot.outlook._asdict(),
        "readers": []
        if fleet is None
        else [
            {
                "name": reader.name,
                "pid": reader.pid,
                "ready": reader.ready,
                "rss_bytes": reader.rss_bytes,
                "held": reader.held,
            }
            for reader in fleet.readers
        ],
        "readers_configured": None if fleet is None else fleet.configured,
        "restarts": None if fleet is None else sum(fleet.restarts.values()),
        "restarts_by_reason": {} if fleet is None else dict(fleet.restarts),
        "queue_depth": None if fleet is None else fleet.queue_depth,
        "in_flight": None if fleet is None else fleet.in_flight,
        "parent_rss_bytes": None if fleet is None else fleet.parent_rss_bytes,
        "latency_ms": _latency(watch.tries()),
        "statuses": _named(counters, _STATUS),
        "errors": _named(counters, _ERROR),
        "disk_free_bytes": free_bytes(job),
        "hosts": [host_row(host, snapshot.at) for host in snapshot.hosts],
        "history": list(watch.history),
    }


def host_row(host: HostState, now: int) -> dict[str, Any]:
    """Return a host as tables have it."""
    return {
        "host": host.host,
        "ready": host.ready,
        "leased": host.leased,
        "waiting": host.waiting,
        "done": host.done,
        "delay_ms": host.delay_ms,
        "paused_for_ms": max(0, host.paused_until - now),
        "halted": bool(host.halted),
        "failures_in_row": host.failures_in_row,
        "last_failure": host.last_failure,
        "latency_ms": host.latency_ms,
        "throttled": host.throttled,
    }


def _latency(tries: Timing | None) -> dict[str, int | None]:
    shown = {}
    for name, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99)):
        found = None if tries is None else tries.quantile_ms(share)
        shown[name] = None if found is None else round(found)
    return shown


def _state(snapshot: Snapshot) -> str:
    ends = snapshot.gone_by is not None and not snapshot.renews
    if ends or snapshot.stopping is not None:
        return "stopping"
    return "paused" if snapshot.holds else "running"


def _named(counters: Any, prefix: str) -> dict[str, int]:
    return {
        name.removeprefix(prefix): n
        for name, n in sorted(counters.items())
        if name.startswith(prefix)
    }
