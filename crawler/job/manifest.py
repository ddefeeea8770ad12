"""The manifest: the receipt of a crawl, for people and for what reads the parts afterwards.

It is written when a run ends and replaced as a whole, so a reader finds the old one or the new one.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, TypedDict

from crawler.errors import StorageError
from crawler.model.view import HostState
from crawler.ports import Part

FORMAT = 1
_CHUNK_BYTES = 1 << 20
Open = Callable[[Path], BinaryIO]
_FILE_MODE = 0o600


class FileEntry(TypedDict):
    """A file that belongs to a part: its bodies (what follows `bytes` may vanish), or it packed."""

    name: str
    bytes: int
    sha256: str | None


class PartEntry(TypedDict):
    """One part: what counts is its first `bytes`; what follows may vanish."""

    name: str
    bytes: int
    records: int
    sha256: str | None
    """Of those bytes, packed or not; null where the run had no time left to read them."""
    warc: FileEntry | None
    """null where no bodies were kept."""
    packed: FileEntry | None
    """The file that holds those bytes now, where it was packed."""
    shipped: bool | None
    """null where no command was to take it."""
    pruned: bool
    """Its files are gone; what is said of them is what they were."""


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


def hash_parts(
    parts: Iterable[Part],
    directory: Path,
    *,
    previous: Mapping[str, Any] | None = None,
    deadline_s: float | None = None,
    open_part: Open | None = None,
) -> Iterator[PartEntry]:
    """Yield the parts with the SHA-256 of their committed bytes, each when it was read.

    Args:
        parts: as the frontier knows them.
        directory: where they are.
        previous: the last manifest; a part that has not grown since is not read again.
        deadline_s: monotonic time after which no further byte is read (a stop must not take long).
        open_part: opens the lines of a part, packed or not.

    Raises:
        StorageError: a part is missing, too short or cannot be read.
    """
    known = _known_hashes(previous)
    opener = open_part or _open_plain

    def hash_file(name: str, size: int, *, gone: bool = False) -> str | None:
        found = known.get((name, size))
        if found is None and not gone:
            return _sha256(directory / name, size, deadline_s, opener)
        return found

    def packed_file(part: Part) -> FileEntry | None:
        if part.packed is None or part.pruned:
            return None
        path = directory / part.file_name
        try:
            size = path.stat().st_size
        except OSError as error:
            raise StorageError(f"{path} cannot be read: {error.strerror}") from error
        found = known.get((path.name, size)) or _sha256(path, size, deadline_s, _open_plain)
        return {"name": path.name, "bytes": size, "sha256": found}

    for part in parts:
        warc: FileEntry | None = None
        if part.store_bytes:
            name, size = part.store_name, part.store_bytes
            warc = {"name": name, "bytes": size, "sha256": hash_file(name, size, gone=part.pruned)}
        yield {
            "name": part.name,
            "bytes": part.bytes,
            "records": part.records,
            "sha256": hash_file(part.name, part.bytes, gone=part.pruned),
            "warc": warc,
            "packed": packed_file(part),
            "shipped": part.shipped,
            "pruned": part.pruned,
        }


def _known_hashes(previous: Mapping[str, Any] | None) -> dict[tuple[str, int], str]:
    try:
        parts = (previous or {}).get("parts", [])
        files = [*parts, *(part[k] for k in ("warc", "packed") for part in parts if part.get(k))]
        return {(e["name"], e["bytes"]): e["sha256"] for e in files if e["sha256"]}
    except (KeyError, TypeError, AttributeError):
        return {}


def _open_plain(path: Path) -> BinaryIO:
    return path.open("rb")


def _sha256(path: Path, count: int, deadline_s: float | None, opener: Open) -> str | None:
    digest = hashlib.sha256()
    left = count
    try:
        with opener(path) as file:
            while left:
                if deadline_s is not None and time.monotonic() >= deadline_s:
                    return None
                chunk = file.read(min(left, _CHUNK_BYTES))
                if not chunk:
                    raise StorageError(f"{path} is {left} bytes too short")
                digest.update(chunk)
                left -= len(chunk)
    except FileNotFoundError:
        if count == 0:
            return digest.hexdigest()
        raise StorageError(f"{path} is missing") from None
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}") from error
    return digest.hexdigest()


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
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}") from error


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
