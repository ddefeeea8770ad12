"""Copies a store while others write to it.

All steps read one snapshot: otherwise SQLite begins anew after each commit of the crawl. With a
write-ahead log a reader holds up no writer; only the log grows meanwhile.
"""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from crawler.errors import FrontierError
from crawler.frontier.sqlite_connection import damaged

_STEP_PAGES = 1024
_REST_S = 0.002
"""Between two steps, so that the disk is not the copy's alone."""


def copy_store(source: Path, target: Path, on_step: Callable[[int, int], None]) -> None:
    """Copy a store as it is at this moment into a new file, and look for damage in that.

    Args:
        source: must exist; it may be in use.
        target: must not exist; it has mode 0600.
        on_step: told how many pages are copied, and of how many.

    Raises:
        FrontierError: it cannot be read or written.
        FrontierDamaged: the copy is not whole.
    """
    target.touch(mode=0o600, exist_ok=False)

    def step(_status: int, left: int, total: int) -> None:
        on_step(total - left, total)
        time.sleep(_REST_S)

    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True)) as live,
            closing(sqlite3.connect(target)) as copy,
        ):
            live.isolation_level = None
            live.execute("PRAGMA query_only = ON")
            live.execute("BEGIN")
            live.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the snapshot is of now
            live.backup(copy, pages=_STEP_PAGES, progress=step)
            live.execute("ROLLBACK")
            answer = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        raise FrontierError(f"cannot copy the frontier {source}: {error}") from error
    if answer != "ok":
        raise damaged(source, str(answer))
