"""What a person does to one store: pauses, other tries, a look at the hosts.

Any process may do it at any time. Long work goes in steps of bounded size, each of which holds by
itself, so that no claim or commit waits for long.
"""

import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping
from functools import partial
from typing import Any, Protocol, TypeVar

from crawler.frontier.host_terms import TermsBook
from crawler.frontier.keys import Keys
from crawler.frontier.sqlite_connection import immediate
from crawler.frontier.sqlite_ledger import Ledger
from crawler.model.control import (
    RETRIABLE_REASONS,
    Choice,
    Failure,
    Halted,
    HostRow,
    HostSort,
    OriginRules,
)
from crawler.model.view import HostState

_READY, _DONE, _WAITING, _DEAD = 0, 2, 3, 4
_ROWS_PER_STEP = 20_000
_T = TypeVar("_T")


class _Run(Protocol):
    """Runs work on the connection's thread."""

    def __call__(self, work: Callable[[sqlite3.Connection], _T], /) -> Awaitable[_T]: ...


class SqliteControl:
    """A `crawler.model.control.Control`."""

    def __init__(self, run: _Run, sql: Mapping[str, str], book: TermsBook, keys: Keys) -> None:
        self._run = run
        self._sql = sql
        self._book = book
        self._keys = keys

    async def pause(self, *, paused: bool) -> bool:
        return await self._run(partial(self._pause, paused=paused))

    def _pause(self, connection: sqlite3.Connection, *, paused: bool) -> bool:
        row = connection.execute(self._sql["read_counter"], ("paused",)).fetchone()
        if bool(row and row[0]) == paused:
            return False  # without the write lock
        with immediate(connection):
            connection.execute(self._sql["set_counter"], ("paused", paused)).fetchall()
            connection.execute(self._sql["count_order"]).fetchall()
        return True

    async def halt(self, hosts: Collection[str], *, halted: bool) -> Halted:
        return await self._run(partial(self._halt, hosts=hosts, halted=halted))

    def _halt(
        self, connection: sqlite3.Connection, hosts: Collection[str], *, halted: bool
    ) -> Halted:
        keys = {host: self._keys.host(host) for host in hosts}
        knows = self._sql["knows_host"]
        unknown = [h for h, key in keys.items() if not connection.execute(knows, (key,)).fetchone()]
        found = Halted([], unknown)
        if unknown:
            return found
        with immediate(connection):
            for host, key in keys.items():
                if connection.execute(self._sql["halt_host"], (key, halted)).rowcount:
                    found.changed.append(host)
            if found.changed:
                connection.execute(self._sql["count_order"]).fetchall()
        return found

    async def halted(self) -> list[str]:
        rows = await self._run(lambda one: one.execute(self._sql["halted_hosts"]).fetchall())
        return [host for (host,) in rows]

    async def has_host(self, pattern: str) -> bool:
        glob = pattern.replace("[", "[[]")  # brackets of an IPv6 address
        rows = await self._rows("has_host", (glob,))
        return bool(rows)

    async def order(self) -> int:
        def count(connection: sqlite3.Connection) -> int:
            with immediate(connection):
                number: int = connection.execute(self._sql["count_order"]).fetchall()[0][0]
            return number

        return await self._run(count)

    async def heard(self, order: int) -> None:
        def note(connection: sqlite3.Connection) -> None:
            with immediate(connection):
                connection.execute(self._sql["hear_orders"], (order,))

        await self._run(note)

    # -- another try -----------------------------------------------------------------------------

    async def failures(self, host: str | None = None) -> dict[Failure, int]:
        counts: Counter[Failure] = Counter()
        async for span in self._spans():
            row = (*span, self._host_id(host))
            rows = await self._rows("count_failed_between", row)
            for state, reason, status, count in rows:
                if state == _DEAD:
                    if reason in RETRIABLE_REASONS:
                        counts[Failure("reason", reason)] += count
                elif reason is not None:
                    counts[Failure("error", reason)] += count
                else:
                    counts[Failure("status", str(status))] += count
        return dict(counts)

    async def retry(self, choice: Choice, *, now: int) -> int:
        moved = 0
        async for span in self._spans():
            rows = await self._rows("failed_between", (*span, self._host_id(choice.host)))
            chosen = [row for row in rows if choice.has(row[4], row[5], is_dead=row[2] == _DEAD)]
            if chosen:
                moved += await self._run(partial(self._retry, rows=chosen, now=now))
        return moved

    def _retry(
        self, connection: sqlite3.Connection, rows: Iterable[tuple[Any, ...]], now: int
    ) -> int:
        ledger = Ledger(self._sql, self._book)
        window_ms = self._book.options.window_ms
        moved = 0
        hosts: set[int] = set()
        robots: set[int] = set()
        with immediate(connection):
            for ref, host_id, state, seed, reason, _, visited_at, at, again in rows:
                if state == _DEAD:
                    moves = connection.execute(self._sql["revive_dead"], (ref, now + window_ms))
                else:
                    due = (visited_at or 0) + window_ms
                    then = (_WAITING, due) if due > now else (_READY, now)
                    moves = connection.execute(self._sql["revisit_url"], (ref, *then))
                if not moves.rowcount:
                    continue  # somebody else was faster
                moved += 1
                hosts.add(host_id)
                change = ledger.host(host_id)
                if state == _DEAD:
                    change.dead -= 1
                    change.waiting += 1
                    ledger.count(f"dead:{reason}", -1)
                    ledger.count("seeds_final", 0 if again else -seed)
                    if reason == "robots":
                        robots.add(host_id)
                    continue
                change.done -= 1
                is_ready = then[0] == _READY
                change.ready += is_ready
                change.again += is_ready
                change.waiting += not is_ready
                ledger.count("later", -(at is not None))
            connection.executemany(self._sql["pardon_origins"], [(host,) for host in hosts])
            asked = [(host, now, window_ms) for host in hosts]
            connection.executemany(self._sql["ask_origins_again"], asked)
            asked = [(host, now, window_ms) for host in robots]
            connection.executemany(self._sql["expire_rules"], asked)
            if moved:
                connection.execute(self._sql["count_order"]).fetchall()
            ledger.book(connection)
        return moved

    async def _spans(self) -> AsyncIterator[tuple[int, int]]:
        """Yield the first and last row of each step."""
        last: int = (await self._rows("last_url", ()))[0][0]
        for start in range(1, last + 1, _ROWS_PER_STEP):
            yield start, start + _ROWS_PER_STEP - 1

    # -- a look ----------------------------------------------------------------------------------

    async def table(
        self, *, now: int, sort: HostSort, limit: int, only_waiting: bool = False
    ) -> list[HostRow]:
        def read(connection: sqlite3.Connection) -> list[HostRow]:
            row = (sort, limit, now, only_waiting)
            found = []
            for host_id, dead, *state in connection.execute(self._sql["table_of_hosts"], row):
                origins = connection.execute(self._sql["origins_of_host"], (host_id,)).fetchall()
                rules = tuple(
                    OriginRules(one[0], one[1], one[2], one[3], gone=bool(one[4]))
                    for one in origins
                )
                state[-1] = bool(state[-1])
                found.append(HostRow(HostState(*state), dead, rules))
            return found

        return await self._run(read)

    async def _rows(self, name: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        return await self._run(lambda one: one.execute(self._sql[name], values).fetchall())

    def _host_id(self, host: str | None) -> int | None:
        return None if host is None else self._keys.host(host)
