"""Folding the write-ahead log back into the database file.

Writers never do it themselves (`wal_autocheckpoint = 0`): inside a commit it costs tens of ms.
"""

import sqlite3

MAX_LOG_PAGES = 16_384
"""64 MiB of 4 KiB pages: above it, the log is made to start over, though that may hold writers."""

_RESET_WAIT_MS = 200
_NORMAL_WAIT_MS = 100


def fold_log(connection: sqlite3.Connection) -> None:
    """Copy what can be copied without waiting; cut a large log off once it is all copied."""
    _, logged, copied = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    if logged <= MAX_LOG_PAGES or copied < logged:
        return
    connection.execute(f"PRAGMA busy_timeout = {_RESET_WAIT_MS}")
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.execute(f"PRAGMA busy_timeout = {_NORMAL_WAIT_MS}")
