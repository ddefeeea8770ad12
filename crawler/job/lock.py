"""The lock of a job: a `flock` that the parent takes and every reader inherits over the fork.

It is free only when the last process of a node is gone, so two nodes never write one job. The file
says who holds it; it stays behind, since removing a lock file lets two processes hold two files.
"""

import errno
import fcntl
import json
import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from crawler.errors import ConfigError, FrontierError, JobLocked, StorageError

FILE_NAME = "lock"
WAIT_FOR_READERS_S = 10.0
"""Readers of a dead parent end within this time."""
GLANCE_S = 1.0
"""A holder on another machine is looked for once more: somebody may just have asked for it."""
_POLL_S = 0.05
_FILE_MODE = 0o600
_FULL = (errno.ENOSPC, errno.EDQUOT)


class Holder(NamedTuple):
    """Who took the lock, as its file says."""

    pid: int
    host: str
    started: str
    """UTC, for a person."""
    birth: str
    """Start of that process as the kernel counts it: a pid alone may be used again."""

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host} since {self.started}"

    def is_here(self) -> bool:
        """Whether it is on this machine; a container is one of its own."""
        return self.host == socket.gethostname()

    def is_alive(self) -> bool:
        """Whether the process still runs; one on another machine is believed to."""
        if not self.is_here():
            return True
        state = _state(self.pid)
        if state in (None, "Z"):
            return False
        return state == "?" or _birth(self.pid) == self.birth


class JobLock:
    """A held lock. Closing it frees the job once no other process holds it too."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def release(self) -> None:
        """Let go in this process; readers that inherited the lock keep it."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def acquire(job: Path, *, wait_s: float = WAIT_FOR_READERS_S) -> JobLock:
    """Take the lock of a job.

    Args:
        job: the directory; it must exist.
        wait_s: how long to wait for the readers of a parent that is dead. A living holder is not
            waited for, or for a glance if it is on another machine.

    Raises:
        JobLocked: another crawler holds it; the message names it.
        StorageError: the file cannot be made.
    """
    path = job / FILE_NAME
    began_s = time.monotonic()
    while True:
        descriptor = _open(path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            _wait_or_refuse(path, time.monotonic() - began_s, wait_s)
            continue
        except OSError as error:
            os.close(descriptor)
            raise StorageError(f"{path} cannot be locked: {error.strerror}") from error
        if _is_same_file(descriptor, path):
            try:
                _write_holder(descriptor, path)
            except StorageError:
                os.close(descriptor)
                raise
            return JobLock(descriptor)
        os.close(descriptor)  # the job was moved aside between open and lock


def holder(job: Path) -> Holder | None:
    """Return who holds the job now, or None; never disturbs a crawl that is starting.

    Of one on another machine, as each container is, nothing but the lock itself says whether it
    still runs. It is taken for a moment then; `acquire` does not give up for that.

    Raises:
        FrontierError: its file may not be read, so that nobody can tell.
    """
    path = job / FILE_NAME
    found = _read_holder(path)
    if found is None or not found.is_alive() or (not found.is_here() and _is_free(path)):
        return None
    return found


def _is_free(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def _wait_or_refuse(path: Path, waited_s: float, wait_s: float) -> None:
    found = _read_holder(path)
    patience_s = 0.0 if found is None or found.is_here() else min(GLANCE_S, wait_s)
    if found is not None and found.is_alive() and waited_s >= patience_s:
        raise JobLocked(f"{path.parent} is in use by {found}")
    # Dead, or it has just taken the lock and not yet written its name.
    if waited_s >= wait_s:
        who = (
            f"readers of {found}, which is dead or in another container"
            if found
            else "an unknown process"
        )
        raise JobLocked(f"{path.parent} is in use by {who}")
    time.sleep(_POLL_S)


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, _FILE_MODE)
    except (NotADirectoryError, IsADirectoryError):
        raise ConfigError(f"{path} is not where a lock can be") from None
    except OSError as error:
        raise _refusal(path, error) from error


def _is_same_file(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _write_holder(descriptor: int, path: Path) -> None:
    pid = os.getpid()
    started = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    holding = Holder(pid, socket.gethostname(), started, _birth(pid))
    text = json.dumps(holding._asdict()).encode() + b"\n"
    try:
        os.pwrite(descriptor, text, 0)
        os.ftruncate(descriptor, len(text))
    except OSError as error:
        raise _refusal(path, error) from error


def _refusal(path: Path, error: OSError) -> StorageError:
    help_text = "; free some and start again" if error.errno in _FULL else ""
    return StorageError(f"{path} cannot be written: {error.strerror}{help_text}")


def _read_holder(path: Path) -> Holder | None:
    try:
        said = json.loads(path.read_bytes())
    except PermissionError:
        raise FrontierError(
            f"whether a crawl runs in {path.parent} cannot be told: "
            f"{path} may be read by its owner alone; run this as that user"
        ) from None
    except (OSError, ValueError):
        return None
    if not isinstance(said, Mapping):
        return None
    try:
        return Holder(int(said["pid"]), str(said["host"]), str(said["started"]), str(said["birth"]))
    except (KeyError, TypeError, ValueError):
        return None


def _stat_fields(pid: int) -> list[str] | None:
    """Return the fields of /proc/PID/stat after the name, which may hold anything."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return stat.rpartition(")")[2].split()


def _state(pid: int) -> str | None:
    """Return the state letter of a process, None if there is none; `?` without /proc."""
    fields = _stat_fields(pid)
    if fields:
        return fields[0]
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except OSError:
        return "?"
    return "?" if not Path("/proc/self/stat").exists() else None


def _birth(pid: int) -> str:
    """Return boot and start tick of a process, empty where the system does not say."""
    fields = _stat_fields(pid)
    if not fields:
        return ""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        boot = ""
    return f"{boot}:{fields[19]}"
