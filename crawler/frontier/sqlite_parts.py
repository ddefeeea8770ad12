"""Part files as the store knows them: numbers, owners, committed ends."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from crawler.frontier.host_terms import TermsBook
from crawler.frontier.sqlite_connection import immediate
from crawler.frontier.sqlite_ledger import Ledger
from crawler.ports import Part


class Parts:
    """Registers, seals and reopens the parts of one node."""

    def __init__(self, sql: Mapping[str, str], book: TermsBook, node: str) -> None:
        self._sql = sql
        self._book = book
        self._node = node

    def new(self, connection: sqlite3.Connection, reader: str) -> Part:
        """Register the next part; survives a power loss, so its number is never given again."""
        with _synced(connection), immediate(connection):
            part_id: int = connection.execute(self._sql["last_part"]).fetchone()[0] + 1
            name = f"part-{part_id:06d}.jsonl"
            connection.execute(self._sql["insert_part"], (part_id, name, self._node, reader))
        return Part(part_id, name, 0, 0, sealed=False)

    def seal(self, connection: sqlite3.Connection, reader: str) -> list[Part]:
        """Seal the open parts of one reader."""
        with immediate(connection):
            rows = connection.execute(self._sql["seal_parts_of"], (reader,)).fetchall()
        return [_part(row) for row in rows]

    def all(self, connection: sqlite3.Connection) -> list[Part]:
        """Return all parts."""
        return [_part(row) for row in connection.execute(self._sql["read_parts"]).fetchall()]

    def reopen(self, connection: sqlite3.Connection, part: Part) -> int:
        """Make all URLs of a part ready again."""
        ledger = Ledger(self._sql, self._book)
        count = 0
        with immediate(connection):
            hosts = connection.execute(self._sql["part_hosts"], (part.part_id,)).fetchall()
            for host_id, done, pages, failures in hosts:
                change = ledger.host(host_id)
                change.done -= done
                change.ready += done
                change.pages -= pages
                change.fails -= failures
                ledger.count("records", -done)
                ledger.count("pages", -pages)
                ledger.count("failures", -failures)
                count += done
            groups = connection.execute(self._sql["part_counts"], (part.part_id,)).fetchall()
            for status, reason, seed, is_requisite, done in groups:
                if is_requisite:
                    ledger.count("requisites", -done)
                if status is not None:
                    ledger.count(f"status:{status}", -done)
                if reason is not None:
                    ledger.count(f"error:{reason}", -done)
                if seed:
                    ledger.count("seeds_final", -done)
                    if status is not None:
                        ledger.count("seeds_answered", -done)
            connection.execute(self._sql["reopen_urls"], (part.part_id,))
            connection.execute(self._sql["empty_part"], (part.part_id,))
            ledger.book(connection)
        return count


def _part(row: tuple[int, str, int, int, int]) -> Part:
    part_id, name, size, records, sealed = row
    return Part(part_id, name, size, records, bool(sealed))


@contextmanager
def _synced(connection: sqlite3.Connection) -> Iterator[None]:
    """Let a commit reach the disk before it returns."""
    connection.execute("PRAGMA synchronous = FULL")
    try:
        yield
    finally:
        connection.execute("PRAGMA synchronous = NORMAL")
