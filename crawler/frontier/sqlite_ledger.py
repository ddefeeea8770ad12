"""The ledger of one transaction: what it changes in the counts of hosts and of the whole store.

Every move of a URL is written down here once, and booked at the end with one statement per host and
per counter, so that `counters` and `hosts` always agree with the URLs.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from crawler.frontier.host_terms import TermsBook, first_limit, lease_limit
from crawler.model.result import HostNote
from crawler.ports import HostTerms


@dataclass(slots=True)
class HostChange:
    """What changes for one host; counts are differences."""

    ready: int = 0
    leased: int = 0
    asking: int = 0
    waiting: int = 0
    done: int = 0
    dead: int = 0
    pages: int = 0
    fails: int = 0
    settled: int = 0
    """1: the host's clock follows `started` (0: no request was made), not the claim's guess."""
    started: int = 0
    paused_until: int = 0
    freed_at: int = 0
    """Leases were freed then: a request may have been made, so a whole delay must pass."""
    answered: bool = False
    failed_at: int | None = None
    """After the last answer."""
    failure: str | None = None
    failures: int = 0
    noted_at: int = 0
    latency_ms: int | None = None
    throttled: int = 0
    again: int = 0
    """Of the ready ones, those that were visited before."""

    def note(self, note: HostNote, now: int) -> None:
        """Take in what a settled item says of its host; later notes are later in time."""
        self.settled = 1
        self.started = max(self.started, note.started_at or 0)
        self.paused_until = max(self.paused_until, note.paused_until or 0)
        if note.answered:
            self.answered, self.failed_at, self.failures = True, None, 0
        self.failures = max(self.failures, note.failures)
        if note.failed_at is not None and note.failed_at >= (self.failed_at or 0):
            self.failed_at, self.failure, self.noted_at = note.failed_at, note.failure, now
        if note.latency_ms is not None:
            self.latency_ms = note.latency_ms
        self.throttled += note.throttled


class Ledger:
    """Counts of one transaction; `book` writes them."""

    def __init__(self, sql: Mapping[str, str], book: TermsBook) -> None:
        self._sql = sql
        self._options = book.options
        self._book = book
        self.hosts: dict[int, HostChange] = {}
        self.counts: dict[str, int] = {}

    def host(self, host_id: int) -> HostChange:
        change = self.hosts.get(host_id)
        if change is None:
            change = self.hosts[host_id] = HostChange()
        return change

    def count(self, name: str, amount: int = 1) -> None:
        self.counts[name] = self.counts.get(name, 0) + amount

    def terms(self, connection: sqlite3.Connection, host_id: int) -> HostTerms:
        return self._book.of_id(connection, host_id)

    def add_hosts(self, connection: sqlite3.Connection, hosts: Mapping[int, str], now: int) -> None:
        """Make rows for hosts that have none yet; they queue up behind those that wait."""
        terms = [(host_id, host, self._book.of(host)) for host_id, host in hosts.items()]
        connection.executemany(
            self._sql["insert_host"],
            [
                (host_id, host, now, own.delay_ms, first_limit(own), own.max_pages)
                for host_id, host, own in terms
            ],
        )

    def book(self, connection: sqlite3.Connection) -> None:
        """Write all of it, once, before the commit."""
        ready = leased = waiting = done = dead = robots = again = 0
        rows = []
        if self._options.adaptive_factor > 0:
            self._adapt(connection)
        for host_id, c in self.hosts.items():
            ready += c.ready
            leased += c.leased
            robots += c.asking
            waiting += c.waiting
            done += c.done
            dead += c.dead
            again += c.again
            rows.append(
                (
                    host_id,
                    c.ready,
                    c.leased,
                    c.asking,
                    c.waiting,
                    c.done,
                    c.dead,
                    c.pages,
                    c.fails,
                    c.settled,
                    c.started,
                    c.paused_until,
                    c.freed_at,
                    c.answered,
                    c.failed_at,
                    c.failure,
                    c.noted_at,
                    c.latency_ms,
                    c.throttled,
                    c.failures,
                    c.again,
                )
            )
        connection.executemany(self._sql["change_host"], rows)
        self.count("ready", ready)
        self.count("leased", leased + robots)
        self.count("leased_robots", robots)
        self.count("waiting", waiting)
        self.count("done", done)
        self.count("dead", dead)
        self.count("again", again)
        connection.executemany(
            self._sql["add_counter"], [entry for entry in self.counts.items() if entry[1]]
        )

    def _adapt(self, connection: sqlite3.Connection) -> None:
        """Let delays follow the latency, before the hosts' clocks are set by them."""
        options = self._options
        for host_id, change in self.hosts.items():
            if change.latency_ms is None:
                continue
            leases = lease_limit(self._book.of_id(connection, host_id))
            connection.execute(
                self._sql["adapt_host"],
                (
                    host_id,
                    change.latency_ms,
                    options.adaptive_factor,
                    options.adaptive_cap_ms,
                    leases,
                ),
            )
            change.latency_ms = None
