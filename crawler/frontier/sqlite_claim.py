"""Claiming: fair over hosts, each with its own clock, robots.txt first.

One transaction of index seeks. Hosts are taken in the order in which they became due, so that each
gets its turn however much another one has waiting.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from crawler.frontier.host_terms import TermsBook
from crawler.frontier.keys import Keys
from crawler.frontier.sqlite_connection import immediate
from crawler.frontier.sqlite_due import DueHosts, HostRow, LeaseLimits
from crawler.frontier.sqlite_items import (
    FIRST_PRIORITY_AGAIN,
    REQUISITE,
    ROW_KIND,
    ROW_SEED,
    SITEMAP,
    DueHost,
    GateOrigin,
    Terms,
    UrlRow,
    is_again,
    page_item,
    robots_item,
)
from crawler.frontier.sqlite_ledger import Ledger
from crawler.frontier.sqlite_revisit import bury
from crawler.model.url import origin
from crawler.model.work import Item

MOVES_PER_HOST = 100
"""URLs of deferred or dead origins that one claim puts aside at one host."""

_MAX_MOVES = 1000

_Taken = tuple[UrlRow, GateOrigin | None, str | None]
"""Row of the URL, its origin, its verdict."""
_Deferred = tuple[int, str | None, int, bool]
"""Until when, why, row id, whether it is visited again."""


class _Claim:
    """What one claim has done so far."""

    def __init__(self, terms: Terms, next_lease: int, ledger: Ledger) -> None:
        self.terms = terms
        self.ledger = ledger
        self.items: list[Item] = []
        self.moves = 0
        self.only_requisites = False
        """Budgets of pages are used up."""
        self._next_lease = next_lease

    def lease_id(self) -> int:
        lease_id = self._next_lease
        self._next_lease += 1
        return lease_id


class Claiming:
    """Claims items of one store; the parent process only."""

    def __init__(self, sql: Mapping[str, str], book: TermsBook, keys: Keys) -> None:
        self._sql = sql
        self._options = book.options
        self._keys = keys
        self._due = DueHosts(sql, book)
        self._limits = LeaseLimits(book)

    def claim(
        self, connection: sqlite3.Connection, limit: int, now: int, ahead: Mapping[int, int]
    ) -> list[Item]:
        """Lease at most `limit` items."""
        wanted, changes = self._limits.changes(connection, ahead)
        if not changes and not self._due.has_any(connection, now):
            return []  # without the write lock
        with immediate(connection):
            connection.executemany(self._sql["set_lease_limit"], changes)
            items = self._claim(connection, limit, now)
        self._limits.wanted = wanted
        return items

    def _claim(self, connection: sqlite3.Connection, limit: int, now: int) -> list[Item]:
        budget = min(limit, self._due.page_budget(connection))
        is_spent = budget <= 0
        if is_spent:
            budget, hosts = limit, self._due.again(connection, now, limit)
        else:
            hosts = self._due.of_pages(connection, now, budget)
        others = self._due.of_requisites(connection, now, limit, is_spent=is_spent)
        served = {row[0] for row in hosts}
        others = [row for row in others if row[0] not in served]  # a host has one turn
        if limit <= 0 or not (hosts or others):
            return []
        last: int = connection.execute(self._sql["take_leases"], (limit,)).fetchone()[0]
        claim = _Claim(
            Terms(now, now + self._options.lease_ms),
            last - limit,
            Ledger(self._sql, self._due.book),
        )
        self._serve_all(connection, hosts, budget, claim)
        claim.only_requisites = True
        self._serve_all(connection, others, limit, claim)
        claim.ledger.book(connection)
        return claim.items

    def _serve_all(
        self,
        connection: sqlite3.Connection,
        hosts: Sequence[HostRow],
        limit: int,
        claim: _Claim,
    ) -> None:
        """Take from each host its share, until `limit` items are there."""
        for index, row in enumerate(hosts):
            left = limit - len(claim.items)
            if left <= 0:
                break
            turns = max(1, min(len(hosts), limit) - index)
            self._serve(connection, DueHost(*row), -(-left // turns), claim)

    def _serve(
        self, connection: sqlite3.Connection, host: DueHost, share: int, claim: _Claim
    ) -> None:
        """Take what one host may give now."""
        now = claim.terms.now
        origins: dict[str, GateOrigin] = {}
        if self._options.robots:
            rows = connection.execute(self._sql["host_origins"], (host.host_id, now)).fetchall()
            origins = {row[1]: GateOrigin(*row) for row in rows}
        # A host whose budget of pages is used up is here for what it has to visit again.
        is_held = host.page_budget is not None and host.page_budget <= 0
        lowest = FIRST_PRIORITY_AGAIN if is_held else 0
        if host.owed and self._pay(connection, host, origins.values(), claim, lowest):
            return
        want = min(share, host.free_leases)
        if host.page_budget is not None and not is_held:
            want = min(want, host.page_budget)
        items_before, moves_before = len(claim.items), claim.moves
        size = want
        query = self._sql["ready_requisites" if claim.only_requisites else "ready_urls"]
        while want > 0:
            rows = connection.execute(query, (host.host_id, size, lowest)).fetchall()
            taken, goes_on = self._judge(connection, host, rows, origins, claim, want=want)
            want -= taken
            put_aside = claim.moves - moves_before
            if not goes_on or len(rows) < size or put_aside >= MOVES_PER_HOST:
                break
            size = max(want, MOVES_PER_HOST - put_aside)
        if len(claim.items) > items_before:
            connection.execute(self._sql["host_claimed"], (host.host_id, now + host.delay_ms))
        elif claim.moves > moves_before:
            connection.execute(self._sql["host_claimed"], (host.host_id, now))

    def _pay(
        self,
        connection: sqlite3.Connection,
        host: DueHost,
        origins: Iterable[GateOrigin],
        claim: _Claim,
        lowest: int,
    ) -> bool:
        """Hand out the URL that gets an origin's verdict; True if the host's turn is over."""
        paid = False
        for entry in origins:
            if not entry.owes:
                continue
            least_kind = REQUISITE if claim.only_requisites else 0
            key = (host.host_id, entry.origin + "/", least_kind, lowest)
            row = connection.execute(self._sql["ready_url_of_origin"], key).fetchone()
            if row is None and (claim.only_requisites or lowest):
                continue  # a page may get it yet
            connection.execute(self._sql["origin_paid"], (entry.ref,))
            if row is not None:
                self._lease(connection, host, [(row, entry, entry.obstacle)], claim)
                paid = True
                break
        connection.execute(self._sql["host_paid"], (host.host_id,))
        rests_until = host.last_start + host.delay_ms if host.delay_ms else 0
        return paid or max(rests_until, host.paused_until) > claim.terms.now

    def _judge(
        self,
        connection: sqlite3.Connection,
        host: DueHost,
        rows: Sequence[UrlRow],
        origins: dict[str, GateOrigin],
        claim: _Claim,
        *,
        want: int,
    ) -> tuple[int, bool]:
        """Lease, put aside or bury URLs by their origin; return (leased, more may be taken)."""
        if not self._options.robots:
            self._lease(connection, host, [(row, None, None) for row in rows[:want]], claim)
            return min(len(rows), want), False
        taken: list[_Taken] = []
        deferred: list[_Deferred] = []
        buried: list[UrlRow] = []
        missing: GateOrigin | None = None
        for row in rows:
            key = origin(row[1])
            entry = origins.get(key)
            if entry is None:
                entry = origins[key] = self._new_origin(connection, host, key)
            if entry.gone:
                buried.append(row)
            elif entry.is_valid:
                taken.append((row, entry, None))
                if len(taken) == want:
                    break
            elif entry.is_deferred:
                deferred.append((entry.due, entry.obstacle, row[0], is_again(row)))
            else:
                missing = entry
                break
        self._lease(connection, host, taken, claim)
        self._put_aside(connection, host, deferred, buried, claim)
        if missing is not None and not taken:
            self._ask(connection, host, missing, claim)
        return len(taken), missing is None and claim.moves < _MAX_MOVES

    def _new_origin(self, connection: sqlite3.Connection, host: DueHost, key: str) -> GateOrigin:
        ref: int = connection.execute(self._sql["insert_origin"], (host.host_id, key)).fetchone()[0]
        return GateOrigin(ref, key, 0, 0, 0, 0, None, 0, 0, 0, 0)

    def _put_aside(
        self,
        connection: sqlite3.Connection,
        host: DueHost,
        deferred: Sequence[_Deferred],
        buried: Sequence[UrlRow],
        claim: _Claim,
    ) -> None:
        """Let URLs wait for their origin, or die with it."""
        if not deferred and not buried:
            return
        claim.moves += len(deferred) + len(buried)
        connection.executemany(self._sql["defer_url"], [entry[:3] for entry in deferred])
        change = claim.ledger.host(host.host_id)
        change.ready -= len(deferred)
        change.waiting += len(deferred)
        change.again -= sum(entry[3] for entry in deferred)
        rows = [(row[0], row[ROW_SEED], is_again(row)) for row in buried]
        bury(connection, self._sql, claim.ledger, host.host_id, rows, now=claim.terms.now)

    def _ask(
        self, connection: sqlite3.Connection, host: DueHost, entry: GateOrigin, claim: _Claim
    ) -> None:
        """Lease an origin's robots.txt; nothing else of the host until that is settled."""
        lease_id = claim.lease_id()
        url = entry.origin + "/robots.txt"
        connection.execute(
            self._sql["lease_origin"], (lease_id, claim.terms.lease_until, entry.ref)
        )
        claim.ledger.host(host.host_id).asking += 1
        claim.items.append(
            robots_item(
                host,
                entry,
                url=url,
                url_hash=self._keys.url(url),
                lease_id=lease_id,
                terms=claim.terms,
            )
        )

    def _lease(
        self,
        connection: sqlite3.Connection,
        host: DueHost,
        taken: Sequence[_Taken],
        claim: _Claim,
    ) -> None:
        """Lease URLs and make their items."""
        if not taken:
            return
        url_hash, sitemap_hash = self._keys.url, self._keys.sitemap
        items = [
            page_item(
                host,
                row,
                entry,
                verdict,
                url_hash=(sitemap_hash if row[ROW_KIND] == SITEMAP else url_hash)(row[1]),
                lease_id=claim.lease_id(),
                terms=claim.terms,
            )
            for row, entry, verdict in taken
        ]
        claim.items += items
        until = claim.terms.lease_until
        connection.executemany(
            self._sql["lease_url"], [(item.lease_id, until, item.ref) for item in items]
        )
        change = claim.ledger.host(host.host_id)
        change.ready -= len(items)
        change.again -= sum(item.priority >= FIRST_PRIORITY_AGAIN for item in items)
        change.leased += len(items)
