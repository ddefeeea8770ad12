"""What is done becomes ready again: a visit is due, or a sitemap says that it has changed."""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from crawler.frontier.host_terms import TermsBook
from crawler.frontier.sqlite_connection import immediate
from crawler.frontier.sqlite_ledger import Ledger
from crawler.frontier.sqlite_links import Grouped

OPTIONS_META = "store.revisits"
"""Name in the meta table: by which times the visits of what is done are due."""

_ROWS_PER_STEP = 20_000


def bury(
    connection: sqlite3.Connection,
    sql: Mapping[str, str],
    ledger: Ledger,
    host_id: int,
    rows: Sequence[tuple[int, int, bool]],
    *,
    now: int,
) -> None:
    """Let ready URLs die with their origin, which has been given up; `rows`: id, seed, again.

    What was visited before is done again instead, and due after its host's usual time: a server
    that is down for a day must not end the visits of its pages.
    """
    recrawl_ms = ledger.terms(connection, host_id).recrawl_ms
    due = None if recrawl_ms is None else now + recrawl_ms
    dead = [row for row in rows if not row[2]]
    again = len(rows) - len(dead)
    connection.executemany(sql["bury_url"], [(row[0],) for row in dead])
    connection.executemany(sql["postpone_url"], [(due, row[0]) for row in rows if row[2]])
    change = ledger.host(host_id)
    change.ready -= len(rows)
    change.again -= again
    change.dead += len(dead)
    change.done += again
    ledger.count("later", 0 if due is None else again)
    ledger.count("dead:origin_unreachable", len(dead))
    ledger.count("seeds_final", sum(row[1] for row in dead))


class Pull(NamedTuple):
    """A URL that changed after its last visit."""

    ref: int
    least_ms: int
    """The next one is not sooner after the last."""


class Revisits:
    """Wakes what is done in one store."""

    def __init__(self, sql: Mapping[str, str], book: TermsBook) -> None:
        self._sql = sql
        self._book = book
        self._is_on = book.options.recrawl_ms is not None or bool(book.options.recrawl_by)

    def wake(
        self, connection: sqlite3.Connection, until: int | None, limit: int, ledger: Ledger
    ) -> int:
        """Make URLs ready whose visit was due by then; return how many."""
        if until is None:
            return 0
        woken = connection.execute(self._sql["wake_again"], (until, limit)).fetchall()
        self._note(connection, [host_id for (host_id,) in woken], ledger)
        return len(woken)

    def changed(self, connection: sqlite3.Connection, grouped: Grouped, now: int) -> list[Pull]:
        """Return URLs that changed after their last visit; reads only, no lock."""
        found: list[Pull] = []
        if not self._is_on:
            return found
        for host_id, urls in grouped.items():
            dates = [(key, link.modified_at) for key, link in urls.items() if link.modified_at]
            if dates:
                least_ms = self._least_of(connection, host_id)
                row = (host_id, json.dumps(dates), now, least_ms)
                rows = connection.execute(self._sql["changed_since"], row).fetchall()
                found += [Pull(ref, least_ms) for (ref,) in rows]
        return found

    def pull(
        self, connection: sqlite3.Connection, pulls: Sequence[Pull], now: int, ledger: Ledger
    ) -> None:
        """Let them be visited now, or as soon after their last visit as a page may be."""
        hosts: list[int] = []
        for ref, least_ms in pulls:
            row = connection.execute(self._sql["pull_visit"], (ref, now, least_ms)).fetchone()
            if row is not None and row[1] <= now:
                connection.execute(self._sql["wake_url"], (ref,))
                hosts.append(row[0])
        self._note(connection, hosts, ledger)

    def _note(self, connection: sqlite3.Connection, hosts: Iterable[int], ledger: Ledger) -> None:
        woken = 0
        for host_id in hosts:
            change = ledger.host(host_id)
            change.done -= 1
            change.ready += 1
            change.again += 1
            woken += 1
        ledger.count("later", -woken)
        # An origin that was given up would bury what is to be visited.
        connection.executemany(self._sql["pardon_origins"], [(host_id,) for host_id in set(hosts)])

    def reschedule(self, connection: sqlite3.Connection) -> None:
        """Let the times of this run hold for what is done, if they are others than before.

        In steps, so that the log stays small; what a kill interrupts is begun anew.
        """
        times = self._book.options.recrawl_by or str(self._book.default.recrawl_ms or "")
        meta = dict(connection.execute(self._sql["read_meta"]))
        if meta.get(OPTIONS_META, "") == times:
            return
        default = self._book.default.recrawl_ms
        last: int = connection.execute(self._sql["last_url"]).fetchone()[0]
        for start in range(1, last + 1, _ROWS_PER_STEP):
            span = (start, start + _ROWS_PER_STEP - 1)
            with immediate(connection):
                connection.execute(self._sql["reschedule"], (*span, default))
                if not self._book.are_equal:
                    rows = connection.execute(self._sql["done_of_hosts"], span).fetchall()
                    own = [(ref, self._recrawl_ms(connection, host_id)) for ref, host_id in rows]
                    connection.executemany(
                        self._sql["reschedule_url"], [row for row in own if row[1] != default]
                    )
        with immediate(connection):
            connection.execute(self._sql["count_later"])
            connection.execute(self._sql["write_meta"], (OPTIONS_META, times))

    def _least_of(self, connection: sqlite3.Connection, host_id: int) -> int:
        """Return how soon after a visit the next may be; a host's time may be below the least."""
        options = self._book.options
        least_ms = min(options.recrawl_min_ms, self._recrawl_ms(connection, host_id) or 0)
        return max(least_ms, options.window_ms)

    def _recrawl_ms(self, connection: sqlite3.Connection, host_id: int) -> int | None:
        return self._book.of_id(connection, host_id).recrawl_ms
