"""Leases that end without an outcome, what becomes due, and the start after a crash."""

import sqlite3
from collections.abc import Collection, Mapping

from crawler.frontier.host_terms import TermsBook
from crawler.frontier.sqlite_connection import immediate
from crawler.frontier.sqlite_items import FIRST_PRIORITY_AGAIN
from crawler.frontier.sqlite_ledger import Ledger
from crawler.frontier.sqlite_revisit import Revisits, bury
from crawler.model.work import Item

MAX_FUTURE_MS = 31 * 24 * 3_600_000
"""No stored time is further away; one that is comes from a wrong clock."""

_READY, _WAITING = 0, 3


class Upkeep:
    """Frees and wakes in one store."""

    def __init__(self, sql: Mapping[str, str], book: TermsBook, revisits: Revisits) -> None:
        self._sql = sql
        self._revisits = revisits
        self._options = book.options
        self._book = book

    def release(
        self,
        connection: sqlite3.Connection,
        items: Collection[Item],
        now: int,
        due: int | None,
        crashed: Collection[int],
    ) -> int:
        """Free leases that are still held; return how many."""
        ledger = Ledger(self._sql, self._book)
        freed = 0
        with immediate(connection):
            for item in items:
                has_crashed = item.lease_id in crashed
                if item.kind == "robots":
                    freed += self._free_origin(
                        connection, item, now, due or 0, ledger, has_crashed=has_crashed
                    )
                else:
                    freed += self._free_url(
                        connection, item, now, due, ledger, has_crashed=has_crashed
                    )
            ledger.book(connection)
        return freed

    def _free_url(
        self,
        connection: sqlite3.Connection,
        item: Item,
        now: int,
        due: int | None,
        ledger: Ledger,
        *,
        has_crashed: bool,
    ) -> int:
        is_waiting = has_crashed or (due is not None and due > now)
        if has_crashed:
            cursor = connection.execute(self._sql["crash_url"], (now, item.ref, item.lease_id))
        else:
            state, at = (_WAITING, due) if is_waiting else (_READY, None)
            cursor = connection.execute(self._sql["free_url"], (state, at, item.ref, item.lease_id))
        if not cursor.rowcount:
            return 0
        change = ledger.host(item.host_hash)
        change.leased -= 1
        change.waiting += is_waiting
        change.ready += not is_waiting
        change.again += not is_waiting and item.priority >= FIRST_PRIORITY_AGAIN
        change.freed_at = now
        return 1

    def _free_origin(
        self,
        connection: sqlite3.Connection,
        item: Item,
        now: int,
        due: int,
        ledger: Ledger,
        *,
        has_crashed: bool,
    ) -> int:
        if has_crashed:
            cursor = connection.execute(self._sql["crash_origin"], (now, item.ref, item.lease_id))
        else:
            cursor = connection.execute(self._sql["free_origin"], (due, item.ref, item.lease_id))
        if not cursor.rowcount:
            return 0
        change = ledger.host(item.host_hash)
        change.asking -= 1
        change.freed_at = now
        return 1

    def tick(
        self, connection: sqlite3.Connection, now: int, limit: int, visits_until: int | None
    ) -> int:
        """Free what expired, wake what is due, bury what is unreachable; return how many rows."""
        if not connection.execute(self._sql["has_upkeep"], (now, visits_until)).fetchone()[0]:
            return 0  # without the write lock
        ledger = Ledger(self._sql, self._book)
        with immediate(connection):
            moved = self._expire(connection, now, limit, ledger)
            woken = connection.execute(self._sql["wake_urls"], (now, limit)).fetchall()
            for host_id, again in woken:
                change = ledger.host(host_id)
                change.waiting -= 1
                change.ready += 1
                change.again += again
            moved += len(woken) + self._revisits.wake(connection, visits_until, limit, ledger)
            moved += self._bury(connection, limit, now, ledger)
            ledger.book(connection)
        return moved

    def _expire(self, connection: sqlite3.Connection, now: int, limit: int, ledger: Ledger) -> int:
        lease_ms, window_ms = self._options.lease_ms, self._options.window_ms
        rows = connection.execute(
            self._sql["expired_urls"], (now, lease_ms, window_ms, limit)
        ).fetchall()
        for ref, host_id, at, again in rows:
            is_waiting = at > now
            state = _WAITING if is_waiting else _READY
            connection.execute(self._sql["end_lease"], (state, at if is_waiting else None, ref))
            change = ledger.host(host_id)
            change.leased -= 1
            change.waiting += is_waiting
            change.ready += not is_waiting
            change.again += again and not is_waiting
            change.freed_at = now
        origins = connection.execute(
            self._sql["expired_origins"], (now, lease_ms, window_ms)
        ).fetchall()
        for (host_id,) in origins:
            change = ledger.host(host_id)
            change.asking -= 1
            change.freed_at = now
        return len(rows) + len(origins)

    def _bury(self, connection: sqlite3.Connection, limit: int, now: int, ledger: Ledger) -> int:
        buried = 0
        for ref, host_id, prefix in connection.execute(
            self._sql["burying_origins"], (limit,)
        ).fetchall():
            rows = connection.execute(
                self._sql["ready_of_origin"], (host_id, prefix, limit - buried)
            ).fetchall()
            bury(connection, self._sql, ledger, host_id, rows, now=now)
            buried += len(rows)
            if buried >= limit:
                break
            connection.execute(self._sql["origin_buried"], (ref,))
        return buried

    def recover(self, connection: sqlite3.Connection, now: int) -> None:
        """Start over after whatever happened: new lease ids, no lease held, no part open."""
        ledger = Ledger(self._sql, self._book)
        cap = now + MAX_FUTURE_MS
        with immediate(connection):
            connection.execute(self._sql["next_epoch"])
            connection.execute(self._sql["cap_hosts"], (now, cap))
            connection.execute(self._sql["cap_waiting"], (cap,))
            connection.execute(self._sql["cap_visits"], (now, now + self._options.recrawl_max_ms))
            connection.execute(self._sql["cap_origins"], (cap,))
            connection.execute(self._sql["cap_failures"], (now,))
            connection.execute(self._sql["cap_failing"], (now,))
            for host_id, again in connection.execute(self._sql["free_all_urls"]).fetchall():
                change = ledger.host(host_id)
                change.leased -= 1
                change.ready += 1
                change.again += again
                change.freed_at = now
            for (host_id,) in connection.execute(self._sql["free_all_origins"]).fetchall():
                change = ledger.host(host_id)
                change.asking -= 1
                change.freed_at = now
            connection.execute(self._sql["seal_all_parts"], (now, self._options.shipped_at_first))
            ledger.book(connection)
