"""Work of DuckDB's that a signal can end: done on a thread beside the one that hears signals."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import duckdb

_T = TypeVar("_T")
_TELL_S = 0.05


class Interruptible:
    """Does all work of one connection on a thread of its own.

    DuckDB looks for signals now and then while it works on the main thread, and not at all while it
    waits there for threads of its own; what a signal's handler raised meanwhile it drops.
    """

    def __init__(self, connection: "duckdb.DuckDBPyConnection") -> None:
        self._connections = [connection]
        self._pool = ThreadPoolExecutor(1)
        # A pool whose first thread is interrupted while it starts makes a second one later.
        self._pool.submit(int).result()

    def __call__(self, work: Callable[[], _T]) -> _T:
        return self._pool.submit(work).result()

    def cursor(self) -> "duckdb.DuckDBPyConnection":
        """Return a second connection to the same database, which is told to end as well."""
        cursor = self._connections[0].cursor()
        self._connections.append(cursor)
        return cursor

    def close_cursor(self, cursor: "duckdb.DuckDBPyConnection") -> None:
        """Give back what a cursor holds, once all was fetched."""
        self(cursor.close)
        self._connections.remove(cursor)

    def close(self) -> None:
        """End what still runs, and the connections.

        Whatever was interrupted here, the work may be anywhere between handed over and done, and
        what DuckDB has not begun cannot be told to end: so it is told until all has ended.
        """
        self._tell()
        closing = self._pool.submit(self._close_all)
        while not wait([closing], _TELL_S).done:
            self._tell()
        self._pool.shutdown()
        closing.result()

    def _close_all(self) -> None:
        for connection in reversed(self._connections):
            connection.close()

    def _tell(self) -> None:
        import duckdb

        for connection in self._connections:
            with suppress(duckdb.ConnectionException):  # closed since it was looked at
                connection.interrupt()
