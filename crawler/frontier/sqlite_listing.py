"""Everything a frontier knows, row by row, for tables of it: read-only, in bounded memory.

Each piece is a short read of its own, which never holds back the log of a running crawl; so
rows of different pieces may be of different moments.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

from crawler.frontier.sqlite_connection import Database
from crawler.frontier.sqlite_items import KINDS
from crawler.frontier.sqlite_schema import DIALECT, open_store
from crawler.frontier.statements import load_statements

URL_COLUMNS = (
    *("url", "host", "kind", "state", "reason", "status", "depth", "parent", "seed", "priority"),
    *("tries", "visits", "crashes", "visited_at", "due_at", "lease_until", "content_hash"),
)
"""Of a row of `urls`. Times are RFC 3339."""
HOST_COLUMNS = (
    *("host", "ready", "leased", "waiting", "done", "dead", "pages", "failures", "delay_ms"),
    *("crawl_delay_ms", "page_limit", "halted", "next_at", "paused_until", "failures_in_row"),
    *("last_failure", "latency_ms", "throttled"),
)
"""Of a row of `hosts`."""
STATES = ("ready", "leased", "done", "waiting", "dead")
ROWS = 5_000
"""Of one piece."""
_FIRST = -(1 << 63)
Row = Sequence[Any]


class FrontierListing:
    """Reads one store; `close` it."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, read_only=True)
        self._path = path
        self._sql = load_statements(DIALECT)

    async def open(self) -> None:
        """Look whether the store can be read.

        Raises:
            FrontierError: it cannot.
        """
        await self._database.run(
            lambda connection: open_store(connection, self._path, read_only=True)
        )

    async def close(self) -> None:
        await self._database.close()

    async def urls(self) -> AsyncIterator[list[Row]]:
        """Yield rows of `URL_COLUMNS`, in pieces."""
        async for rows in self._pieces("every_url", _url_row):
            yield rows

    async def hosts(self) -> AsyncIterator[list[Row]]:
        """Yield rows of `HOST_COLUMNS`, in pieces."""
        async for rows in self._pieces("every_host", _host_row):
            yield rows

    async def states(self) -> tuple[dict[str, int], dict[str, int]]:
        """Return how many URLs are in each state, and why how many are dead."""
        counters = await self._rows("read_counters")
        dead = await self._rows("dead_reasons")
        found = {str(name): int(value) for name, value in counters}
        states = {state: found.get(state, 0) for state in STATES}
        return states, {str(reason): int(count) for reason, count in dead}

    async def _pieces(self, name: str, made: Callable[[Row], Row]) -> AsyncIterator[list[Row]]:
        after = _FIRST
        while rows := await self._rows(name, after, ROWS):
            yield [made(row) for row in rows]
            after = rows[-1][-1]

    async def _rows(self, name: str, *values: int) -> list[Row]:
        statement = self._sql[name]
        return await self._database.run(
            lambda connection: connection.execute(statement, values).fetchall()
        )


def _url_row(row: Row) -> Row:
    url, host, kind, state, reason, status, depth, parent, seed, *rest, _ = row
    known = (url, host, KINDS[kind], STATES[state], reason, status, depth, parent, bool(seed))
    *others, content_hash = rest
    return (*known, *others, content_hash or None)


def _host_row(row: Row) -> Row:
    *before, halted, next_at, paused_until, streak, failure, latency, throttled, _ = row
    return (*before, bool(halted), next_at, paused_until, streak, failure, latency, throttled)
