"""Which hosts may be asked now, within the budgets of pages and beside them."""

import sqlite3
from collections.abc import Mapping
from typing import Any

from crawler.frontier.host_terms import TermsBook, lease_limit
from crawler.policy.health import PROBE_FROM

_SPARE_HOSTS = 64
_NO_LIMIT = 1 << 31

HostRow = tuple[Any, ...]
"""A row of `due_hosts` or `due_requisite_hosts` (`sqlite_items.DueHost`)."""


class DueHosts:
    """Looks at the hosts of one store for a claim."""

    def __init__(self, sql: Mapping[str, str], book: TermsBook) -> None:
        self._sql = sql
        self._options = book.options
        self.book = book

    def has_any(self, connection: sqlite3.Connection, now: int) -> bool:
        """Tell whether a claim may find anything."""
        if connection.execute(self._sql["due_hosts"], (now, 1, PROBE_FROM)).fetchone():
            return True
        return bool(self.of_requisites(connection, now, 1, is_spent=True))

    def page_budget(self, connection: sqlite3.Connection) -> int:
        """Return how many pages may still be leased.

        What is visited again is a page already; while it is leased it counts twice, so that the
        budget is never overdrawn.
        """
        if self._options.max_pages is None:
            return _NO_LIMIT
        counters = dict(connection.execute(self._sql["read_counters"]).fetchall())
        leased = counters["leased"] - counters["leased_robots"]
        return int(self._options.max_pages - counters["pages"] - leased)

    def of_pages(self, connection: sqlite3.Connection, now: int, limit: int) -> list[HostRow]:
        """Return hosts that have URLs of any kind to give, enough for `limit` of them."""
        if limit <= 0:
            return []
        row = (now, limit + _SPARE_HOSTS, PROBE_FROM)
        return connection.execute(self._sql["due_hosts"], row).fetchall()

    def again(self, connection: sqlite3.Connection, now: int, limit: int) -> list[HostRow]:
        """Return hosts that have URLs to visit again: no budget of pages holds those."""
        row = (now, limit + _SPARE_HOSTS, PROBE_FROM)
        return connection.execute(self._sql["due_hosts_again"], row).fetchall()

    def of_requisites(
        self, connection: sqlite3.Connection, now: int, limit: int, *, is_spent: bool
    ) -> list[HostRow]:
        """Return hosts that have requisites to give while their pages are held by a budget.

        `is_spent`: the pages of all hosts are.
        """
        if not self._options.requisites or not (is_spent or self.book.limits_pages):
            return []
        row = (now, limit + _SPARE_HOSTS, PROBE_FROM, not is_spent)
        return connection.execute(self._sql["due_requisite_hosts"], row).fetchall()


class LeaseLimits:
    """How far hosts without delay are leased ahead, where that differs from their terms."""

    def __init__(self, book: TermsBook) -> None:
        self._book = book
        self.wanted: dict[int, int] = {}
        """As the store has them, by host hash."""

    def changes(
        self, connection: sqlite3.Connection, ahead: Mapping[int, int]
    ) -> tuple[dict[int, int], list[tuple[int, int]]]:
        """How far hosts without delay may be leased ahead, and whose limit changes for that."""
        book = self._book
        default = {
            host_id: lease_limit(book.of_id(connection, host_id))
            for host_id in self.wanted.keys() | ahead.keys()
        }
        wanted = {host_id: count for host_id, count in ahead.items() if count > default[host_id]}
        changes = [
            (host_id, wanted.get(host_id, default[host_id]))
            for host_id in self.wanted.keys() | wanted.keys()
            if self.wanted.get(host_id) != wanted.get(host_id)
        ]
        return wanted, changes
