"""Part files as the store knows them: numbers, owners, committed ends, bodies."""

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from crawler.frontier.host_terms import TermsBook
from crawler.frontier.sqlite_connection import immediate
from crawler.frontier.sqlite_ledger import Ledger
from crawler.model.result import KeptBody
from crawler.ports import Part, Reopened

_DONE, _WAITING = 2, 3


class Parts:
    """Registers, seals and reopens the parts of one node."""

    def __init__(self, sql: Mapping[str, str], book: TermsBook, node: str) -> None:
        self._sql = sql
        self._book = book
        self._node = node
        self._shipped = book.options.shipped_at_first

    def new(self, connection: sqlite3.Connection, reader: str) -> Part:
        """Register the next part; survives a power loss, so its number is never given again."""
        with synced(connection), immediate(connection):
            part_id: int = connection.execute(self._sql["last_part"]).fetchone()[0] + 1
            name = f"part-{part_id:06d}.jsonl"
            connection.execute(self._sql["insert_part"], (part_id, name, self._node, reader))
        return Part(part_id, name, 0, 0, sealed=False)

    def seal(self, connection: sqlite3.Connection, reader: str, now: int) -> list[Part]:
        """Seal the open parts of one reader."""
        with immediate(connection):
            rows = connection.execute(
                self._sql["seal_parts_of"], (reader, now, self._shipped)
            ).fetchall()
        return [to_part(row) for row in rows]

    def all(self, connection: sqlite3.Connection) -> list[Part]:
        """Return all parts."""
        return [to_part(row) for row in connection.execute(self._sql["read_parts"]).fetchall()]

    def reopen(self, connection: sqlite3.Connection, part: Part) -> Reopened:
        """Make all URLs of a part, and of those that lean on it, ready again."""
        ledger = Ledger(self._sql, self._book)
        urls = 0
        with immediate(connection):
            rows = connection.execute(self._sql["parts_leaning_on"], (part.part_id,)).fetchall()
            parts = [to_part(row) for row in rows]
            for one in parts:
                urls += self._empty(connection, one.part_id, ledger)
            ledger.book(connection)
        return Reopened(urls, parts)

    def _empty(self, connection: sqlite3.Connection, part_id: int, ledger: Ledger) -> int:
        count = self._uncount_urls(connection, part_id, ledger)
        self._uncount_records(connection, part_id, ledger)
        for statement in ("reopen_urls", "empty_part", "drop_bodies", "drop_part_refs"):
            connection.execute(self._sql[statement], (part_id,))
        return count

    def _uncount_urls(self, connection: sqlite3.Connection, part_id: int, ledger: Ledger) -> int:
        """Let the URLs whose last record is in a part be ready in the counts of their hosts."""
        count = 0
        hosts = connection.execute(self._sql["part_hosts"], (part_id,)).fetchall()
        for host_id, state, found, pages, failures, later, again in hosts:
            change = ledger.host(host_id)
            if state == _DONE:
                change.done -= found
            elif state == _WAITING:
                change.waiting -= found
            else:  # ready for their next visit, all of them
                change.ready -= found
                change.again -= found
            change.ready += found
            change.again += again
            change.pages -= pages
            change.fails -= failures
            ledger.count("later", -later)
            ledger.count("pages", -pages)
            ledger.count("failures", -failures)
            count += found
        return count

    def _uncount_records(
        self, connection: sqlite3.Connection, part_id: int, ledger: Ledger
    ) -> None:
        """Take a part's records back from the counters."""
        # Of visits before the last one only the number is known.
        records: int = connection.execute(self._sql["part_records"], (part_id,)).fetchone()[0]
        ledger.count("records", -records)
        groups = connection.execute(self._sql["part_counts"], (part_id,)).fetchall()
        for status, reason, seed, is_requisite, again, found in groups:
            if is_requisite:
                ledger.count("requisites", -found)
            if status is not None:
                ledger.count(f"status:{status}", -found)
            if reason is not None:
                ledger.count(f"error:{reason}", -found)
            if seed:
                ledger.count("seeds_final", 0 if again else -found)
                if status is not None:
                    ledger.count("seeds_answered", -found)

    def bodies(
        self, connection: sqlite3.Connection, hashes: Collection[bytes]
    ) -> dict[bytes, KeptBody]:
        """Return where bodies were stored first, by hash."""
        find = self._sql["find_body"]
        rows = (connection.execute(find, (one,)).fetchone() for one in hashes)
        return {row[0]: KeptBody(*row) for row in rows if row is not None}


def to_part(row: tuple[Any, ...]) -> Part:
    """Return the part of a row of the store."""
    part_id, name, size, records, sealed, store_bytes = row[:6]
    sealed_at, packed, shipped, pruned, ship_tries = row[6:]
    return Part(
        part_id,
        name,
        size,
        records,
        bool(sealed),
        store_bytes,
        sealed_at,
        packed,
        None if shipped is None else bool(shipped),
        bool(pruned),
        ship_tries,
    )


@contextmanager
def synced(connection: sqlite3.Connection) -> Iterator[None]:
    """Let a commit reach the disk before it returns."""
    connection.execute("PRAGMA synchronous = FULL")
    try:
        yield
    finally:
        connection.execute("PRAGMA synchronous = NORMAL")
