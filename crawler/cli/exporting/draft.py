"""A file in the making, beside the one that it becomes: gone whenever its command ends.

Only SIGKILL leaves one. It is locked while it is made, so that the next command for the same file
can tell what nobody makes any more, and remove it.
"""

import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from crawler.cli.unwinding import unwound_by_signals

_TOKEN_BYTES = 6
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def draft(path: Path) -> Iterator[Path]:
    """Give an empty file of the user's, with the user's umask.

    Raises:
        OSError: it cannot be made.
    """
    with unwound_by_signals():
        _remove_stale(path)
        made = path.with_name(f".{path.name}.{secrets.token_hex(_TOKEN_BYTES)}.tmp")
        lock: int | None = None
        try:
            lock = _locked(made)
            yield made
        finally:
            with suppress(OSError):
                made.unlink()
            if lock is not None:
                os.close(lock)


def _locked(made: Path) -> int:
    """Make a file that is ours; one that is taken for stale before it is locked is made again."""
    while True:
        descriptor = os.open(made, _NEW, 0o666)
        with suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            return descriptor
        os.close(descriptor)


def _remove_stale(path: Path) -> None:
    ours = re.compile(rf"\.{re.escape(path.name)}\.[0-9a-f]{{{_TOKEN_BYTES * 2}}}\.tmp")
    with suppress(OSError):
        for found in path.parent.iterdir():
            if ours.fullmatch(found.name):
                _remove_if_stale(found)


def _remove_if_stale(found: Path) -> None:
    try:
        descriptor = os.open(found, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        found.unlink()
    except OSError:
        return  # somebody makes it, or it is another user's
    finally:
        os.close(descriptor)
