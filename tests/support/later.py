"""Let time pass for a stored crawl that does not run: all that its frontier waits for comes nearer.

What a test would have to sit out, half a minute to an hour, lies in the store as due times.
"""

import sqlite3
import time
from pathlib import Path

_HOSTS = "next_at = max(0, next_at - ?1), paused_until = max(0, paused_until - ?1)"


def rest_ends(job: Path) -> int:
    """Let the longest rest of a host be over now; return how long it was to be, in ms.

    It is counted from the start of the request that failed, so that it does not matter how long
    the test took to get here; the request itself adds a little.
    """
    store = sqlite3.connect(job / "frontier.db", isolation_level=None)
    try:
        until, failed_at = store.execute(
            "SELECT max(paused_until), failed_at FROM hosts"
        ).fetchone()
        left = until - time.time_ns() // 1_000_000
        if left > 0:
            _shift(store, left)
        return int(until - failed_at)
    finally:
        store.close()


def time_passes(job: Path, ms: int) -> None:
    """Let so much time be over."""
    store = sqlite3.connect(job / "frontier.db", isolation_level=None)
    try:
        _shift(store, ms)
    finally:
        store.close()


def _shift(store: sqlite3.Connection, ms: int) -> None:
    store.execute("BEGIN IMMEDIATE")
    store.execute(
        f"UPDATE hosts SET {_HOSTS}, last_start = last_start - ?1, failed_at = failed_at - ?1",
        (ms,),
    )
    store.execute("UPDATE urls SET at = at - ?1 WHERE state = 3", (ms,))
    store.execute(
        "UPDATE origins SET due = max(0, due - ?1), expires_at = max(0, expires_at - ?1), "
        "fetched_at = fetched_at - ?1, failing_since = failing_since - ?1",
        (ms,),
    )
    store.execute("COMMIT")
