"""The directory where a query keeps what does not fit: locked while it is used, gone afterwards."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crawler.cli.unwinding import unwound_by_signals

_PREFIX = "crawler-sql-"
_YOUNG_S = 60
"""One so young may be about to be locked."""


@contextmanager
def spill_directory() -> Iterator[Path]:
    """Give a new directory; those that killed queries left are removed."""
    with unwound_by_signals():
        spill = Path(tempfile.mkdtemp(prefix=_PREFIX))
        lock = os.open(spill, os.O_RDONLY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            _remove_stale(spill.parent, os.fstat(lock).st_mtime)
            yield spill
        finally:
            shutil.rmtree(spill, ignore_errors=True)
            os.close(lock)


def _remove_stale(folder: Path, now_s: float) -> None:
    for path in folder.glob(f"{_PREFIX}*"):
        try:
            lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            found = os.fstat(lock)
            if found.st_uid != os.getuid() or now_s - found.st_mtime < _YOUNG_S:
                continue
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path, ignore_errors=True)
        except OSError:
            continue  # a query uses it
        finally:
            os.close(lock)
