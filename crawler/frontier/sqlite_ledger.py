"""The ledger of one transaction: what it changes in the counts of hosts and of the whole store.

Every move of a URL is written down here once, and booked at the end with one statement per host and
per counter, so that `counters` and `hosts` always agree with the URLs.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from crawler.frontier.sqlite_schema import lease_limit
from crawler.ports import FrontierOptions


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


class Ledger:
    """Counts of one transaction; `book` writes them."""

    def __init__(self, sql: Mapping[str, str], options: FrontierOptions) -> None:
        self._sql = sql
        self._options = options
        self.hosts: dict[int, HostChange] = {}
        self.counts: dict[str, int] = {}

    def host(self, host_id: int) -> HostChange:
        change = self.hosts.get(host_id)
        if change is None:
            change = self.hosts[host_id] = HostChange()
        return change

    def count(self, name: str, amount: int = 1) -> None:
        self.counts[name] = self.counts.get(name, 0) + amount

    def add_hosts(self, connection: sqlite3.Connection, hosts: Mapping[int, str], now: int) -> None:
        """Make rows for hosts that have none yet; they queue up behind those that wait."""
        options = self._options
        limit = 1 if options.delay_ms > 0 else lease_limit(options)
        connection.executemany(
            self._sql["insert_host"],
            [
                (host_id, host, now, options.delay_ms, limit, options.max_pages_per_host)
                for host_id, host in hosts.items()
            ],
        )

    def book(self, connection: sqlite3.Connection) -> None:
        """Write all of it, once, before the commit."""
        ready = leased = waiting = done = dead = robots = 0
        rows = []
        for host_id, c in self.hosts.items():
            ready += c.ready
            leased += c.leased
            robots += c.asking
            waiting += c.waiting
            done += c.done
            dead += c.dead
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
                )
            )
        connection.executemany(self._sql["change_host"], rows)
        self.count("ready", ready)
        self.count("leased", leased + robots)
        self.count("leased_robots", robots)
        self.count("waiting", waiting)
        self.count("done", done)
        self.count("dead", dead)
        connection.executemany(
            self._sql["add_counter"], [entry for entry in self.counts.items() if entry[1]]
        )
