"""One SQLite connection on one thread of its own, safe over forks.

Only that thread runs SQL, one hop per transaction, so the event loop never waits for the disk. A
child that inherits an open SQLite connection inherits its lock table too, and then nobody can trust
either; so connections are closed before each fork and opened again when next used, by parent and
child alike.
"""

import asyncio
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from crawler.errors import (
    CrawlerError,
    FrontierBusy,
    FrontierDamaged,
    FrontierError,
    SchemaMismatch,
    StorageError,
)

BUSY_SECONDS = 10.0
"""How long another writer is waited for."""

_ATTEMPT_SECONDS = 0.1
_CACHE_KIB = 24_000
_ROOM_BYTES = 1 << 20
"""With less than this free a store cannot be opened for writing: an index of its log is 32 kB."""
_T = TypeVar("_T")

_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_REFUSED = frozenset({sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM})
_FULL = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})

_open: "weakref.WeakSet[Database]" = weakref.WeakSet()
_hooks = {"registered": False}
_held: "list[Database]" = []


class Database:
    """Runs functions on the connection, on its thread; one after the other."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self._read_only = read_only
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._executor: ThreadPoolExecutor | None = None
        self._closed = False
        if not _hooks["registered"]:
            _hooks["registered"] = True
            os.register_at_fork(
                before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_in_child
            )
        _open.add(self)

    async def run(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        """Run `work` on the thread; it is run again from its start while others hold the lock.

        Raises:
            FrontierBusy: others held it for 10 s.
            FrontierDamaged, SchemaMismatch, FrontierError: the file cannot be used.
            StorageError: the disk is full or fails.
        """
        if self._closed:
            raise FrontierError(f"the frontier {self.path} has been closed")
        if self._executor is None:
            self._executor = ThreadPoolExecutor(1, thread_name_prefix="frontier")
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._call, work)

    async def close(self) -> None:
        """Close the connection and end the thread; what runs is finished first."""
        if self._closed:
            return
        self._closed = True
        _open.discard(self)
        executor = self._executor
        if executor is None:
            return
        await asyncio.get_running_loop().run_in_executor(executor, self._disconnect)
        executor.shutdown(wait=True)
        self._executor = None

    def _call(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        deadline = time.monotonic() + BUSY_SECONDS
        while True:
            with self._lock:
                try:
                    connection = self._connection
                    if connection is None:
                        connection = self._connection = self._connect()
                    return work(connection)
                except sqlite3.Error as error:
                    self._roll_back()
                    if not is_busy(error) or time.monotonic() >= deadline:
                        raise self.translated(error) from error
                except BaseException:
                    self._roll_back()
                    raise
            # The lock is free meanwhile, so that a fork need not wait for us.
            time.sleep(0.005)

    def _roll_back(self) -> None:
        connection = self._connection
        if connection is not None and connection.in_transaction:
            connection.rollback()

    def _connect(self) -> sqlite3.Connection:
        path = self.path.absolute()
        mode = "rw"
        if self._read_only and not os.access(path, os.W_OK):
            mode = "ro&immutable=1"
        connection = sqlite3.connect(
            f"{path.as_uri()}?mode={mode}",
            uri=True,
            timeout=_ATTEMPT_SECONDS,
            isolation_level=None,
            check_same_thread=False,  # closed by whichever thread forks, under our lock
            cached_statements=256,
        )
        try:
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA wal_autocheckpoint = 0")
            connection.execute("PRAGMA temp_store = MEMORY")
            connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            connection.execute("PRAGMA journal_size_limit = 67108864")
            if self._read_only:
                connection.execute("PRAGMA query_only = ON")
        except BaseException:
            connection.close()
            raise
        return connection

    def _disconnect(self) -> None:
        with self._lock:
            self.close_now()

    def close_now(self) -> None:
        """Close the connection; the caller holds the lock."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def before_fork(self) -> None:
        self._lock.acquire()
        self.close_now()

    def after_fork(self) -> None:
        self._lock.release()

    def after_in_child(self) -> None:
        self._lock = threading.Lock()
        self._executor = None  # its thread lives in the parent only

    def translated(self, error: sqlite3.Error) -> CrawlerError:
        """Return our error for SQLite's; says which file, and what to do."""
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _BUSY:
            return FrontierBusy(f"{self.path} was locked by another process for {BUSY_SECONDS:g} s")
        if code == sqlite3.SQLITE_NOTADB:
            return SchemaMismatch(
                f"{self.path} is not a frontier (or its first page is damaged); nothing was changed"
            )
        if code == sqlite3.SQLITE_CORRUPT:
            return damaged(self.path, str(error))
        if code in _FULL:
            return self._no_space(code, error)
        refused = self._refused() if code in _REFUSED else None
        if refused is None:
            return FrontierError(f"cannot use the frontier {self.path}: {error}")
        return FrontierError(
            f"cannot use the frontier: this user may not write {refused}; "
            "run this as its owner, or give it back its mode"
        )

    def _no_space(self, code: int, error: sqlite3.Error) -> StorageError:
        if code == sqlite3.SQLITE_FULL or _is_disk_full(self.path):
            where = f"writing the frontier {self.path}"
            return StorageError(f"no space left while {where}; free some and start again")
        return StorageError(f"cannot write the frontier {self.path}: {error}")

    def _refused(self) -> Path | None:
        """Return which of the store's files this user may not use."""
        for ending in ("", "-wal", "-shm"):
            file = self.path.with_name(self.path.name + ending)
            if file.exists() and not os.access(file, os.R_OK | os.W_OK):
                return file
        return None


@contextmanager
def immediate(connection: sqlite3.Connection) -> Iterator[None]:
    """One write transaction: committed at the end, rolled back by any exception."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.rollback()
        raise


def _is_disk_full(path: Path) -> bool:
    """Whether SQLite's "disk I/O error" is a lack of space; of shared memory it says no more."""
    try:
        disk = os.statvfs(path.parent)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < _ROOM_BYTES


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another process held the lock."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _BUSY


def damaged(path: Path, detail: str) -> FrontierDamaged:
    """Return the error for a damaged file."""
    return FrontierDamaged(
        f"the frontier {path} is damaged ({detail}); nothing was changed. "
        "Restore it from a copy, or start anew: --fresh moves the old job aside"
    )


def _before_fork() -> None:
    _held[:] = sorted(_open, key=id)  # one order for all forking threads
    for database in _held:
        database.before_fork()


def _after_fork() -> None:
    for database in _held:
        database.after_fork()
    _held.clear()


def _after_in_child() -> None:
    for database in _held:
        database.after_in_child()
    _held.clear()
