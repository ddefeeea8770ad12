"""The manifest: the receipt of a crawl, for people and for what reads the parts afterwards.

It is written when a run ends and replaced as a whole, so a reader finds the old one or the new one.
"""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypedDict

from crawler.errors import StorageError
from crawler.job.checksums import PartEntry
from crawler.model.view import HostState

FORMAT = 1
_FILE_MODE = 0o600


class WaitingHost(TypedDict):
    """A host that held URLs back when the run ended."""

    host: str
    urls: int
    until: str | None
    failures_in_row: int
    last_failure: str | None
    latency_ms: int | None
    throttled: int


class Manifest(TypedDict):
    """Keys may be added later, never renamed."""

    format: int
    started_at: str
    ended_at: str
    ended: str
    """One word: complete, signal, max_time …"""
    exit_code: int
    states: dict[str, int]
    """URLs by state: ready, leased, waiting, done, dead."""
    reasons: dict[str, int]
    """Why dead URLs were never fetched."""
    counters: dict[str, int]
    parts: list[PartEntry]
    waiting_hosts: list[WaitingHost]
    later: int
    """URLs that are done and will be visited again."""
    next_visit_at: str | None
    """When the first of those is due."""
    settings: dict[str, Any]
    """As `config show` prints them: with units, secrets masked."""
    versions: dict[str, str]


def build_manifest(
    *,
    started_at: int,
    ended_at: int,
    ended: str,
    exit_code: int,
    counters: Mapping[str, int],
    reasons: Mapping[str, int],
    parts: Sequence[PartEntry],
    waiting_hosts: Iterable[HostState],
    later: int = 0,
    next_visit: int | None = None,
    settings: Mapping[str, object],
    versions: Mapping[str, str],
) -> Manifest:
    """Return the manifest of a run; times are ms on the job's clock."""
    states = ("ready", "leased", "waiting", "done", "dead")
    return {
        "format": FORMAT,
        "started_at": _rfc3339(started_at),
        "ended_at": _rfc3339(ended_at),
        "ended": ended,
        "exit_code": exit_code,
        "states": {state: counters.get(state, 0) for state in states},
        "reasons": dict(sorted(reasons.items())),
        "counters": {name: n for name, n in sorted(counters.items()) if name not in states},
        "parts": list(parts),
        "waiting_hosts": [_waiting(host) for host in waiting_hosts],
        "later": later,
        "next_visit_at": None if next_visit is None else _rfc3339(next_visit),
        "settings": dict(settings),
        "versions": dict(versions),
    }


def _waiting(host: HostState) -> WaitingHost:
    until = max(host.next_at, host.paused_until)
    return {
        "host": host.host,
        "urls": host.ready + host.leased + host.waiting,
        "until": _rfc3339(until) if until > 0 else None,
        "failures_in_row": host.failures_in_row,
        "last_failure": host.last_failure,
        "latency_ms": host.latency_ms,
        "throttled": host.throttled,
    }


def _rfc3339(ms: int) -> str:
    text = datetime.fromtimestamp(ms / 1000, tz=UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def read_manifest(path: Path) -> dict[str, Any] | None:
    """Return a job's manifest; None if there is none that can be read."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def write_manifest(path: Path, manifest: Mapping[str, Any]) -> None:
    """Replace the manifest as a whole, durably.

    Raises:
        StorageError: it cannot be written; the old one stays.
    """
    text = json.dumps(manifest, indent=2, ensure_ascii=False).encode("utf-8", "backslashreplace")
    temporary = path.with_name(f".{path.name}.new")
    try:
        _write_synced(temporary, text + b"\n")
        temporary.replace(path)
        _sync_directory(path.parent)
    except BaseException as error:  # Ctrl-C as well
        with suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError):
            raise StorageError(f"{path} cannot be written: {error.strerror}") from error
        raise


def _write_synced(path: Path, data: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    with os.fdopen(os.open(path, flags, _FILE_MODE), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
