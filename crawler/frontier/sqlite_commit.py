"""Settling a batch: outcomes, links, host clocks, rules, counters, the part's end: all or nothing.

Every statement that ends a lease compares its id, and the number of rows that changed tells whether
all leases were still held; if not, the transaction is rolled back and the lost ones are named.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence

from crawler.errors import FrontierError
from crawler.frontier.host_terms import TermsBook, lease_limit
from crawler.frontier.sqlite_connection import immediate
from crawler.frontier.sqlite_counting import Before, count_done, count_record
from crawler.frontier.sqlite_items import LEADING, REQUISITE
from crawler.frontier.sqlite_ledger import Ledger
from crawler.frontier.sqlite_links import LinkBook
from crawler.frontier.sqlite_revisit import Revisits
from crawler.model.result import NO_SERVER, Batch, PartMark, Result, Rules
from crawler.ports import CommitResult

PASS_MS = 24 * 3_600_000
"""How long an origin passes whose robots.txt has been out of reach for too long."""


class _LeasesLostError(Exception):
    """Rolls the transaction back."""


class _PartsGoneError(Exception):
    """Rolls it back too: `parts` were pruned, and records were to point into them."""

    def __init__(self, parts: frozenset[int]) -> None:
        super().__init__()
        self.parts = parts


class Settling:
    """Commits batches to one store."""

    def __init__(
        self, sql: Mapping[str, str], book: TermsBook, links: LinkBook, revisits: Revisits
    ) -> None:
        self._sql = sql
        self._revisits = revisits
        self._options = book.options
        self._book = book
        self._links = links

    def commit(self, connection: sqlite3.Connection, batch: Batch, now: int) -> CommitResult:
        """Commit all of `batch`, or nothing if a lease is lost.

        Raises:
            FrontierError: a part is not ours any more, or a lease is settled twice.
        """
        grouped = self._links.group(batch.links)
        changed = self._revisits.changed(connection, grouped, now)
        links = self._links.drop_known(connection, grouped)
        ledger = Ledger(self._sql, self._book)
        try:
            with immediate(connection):
                self._extend_parts(connection, batch.parts, now)
                self._keep_bodies(connection, batch)
                self._settle(connection, batch, ledger)
                for rules in batch.rules:
                    self._settle_rules(connection, rules, ledger, now)
                new = self._links.insert(connection, links, ledger, now) if links else 0
                if batch.listed:
                    self._list(connection, batch.listed)
                if changed:
                    self._revisits.pull(connection, changed, now, ledger)
                for note in batch.notes:
                    ledger.host(note.host_hash).note(note, now)
                for name, amount in batch.counts.items():
                    ledger.count(name, amount)
                for root in batch.roots:
                    connection.execute(self._sql["add_root"], (root,))
                ledger.book(connection)
                self._hurry(connection, batch, now)
        except _LeasesLostError:
            return CommitResult(self._find_lost(connection, batch))
        except _PartsGoneError as error:
            return CommitResult(frozenset(), pruned=error.parts)
        return CommitResult(frozenset(), new)

    def _list(self, connection: sqlite3.Connection, urls: Sequence[str]) -> None:
        """Note that sitemaps name these pages, also those that were known before."""
        for host_id, keys in self._links.keyed(urls).items():
            connection.execute(self._sql["list_urls"], (host_id, json.dumps(keys)))

    def _hurry(self, connection: sqlite3.Connection, batch: Batch, now: int) -> None:
        """What a host must be asked or told next, whatever its clock says."""
        for note in batch.notes:
            if note.server_lost:
                window_ms = self._options.window_ms
                connection.execute(self._sql["expire_rules"], (note.host_hash, now, window_ms))
        for rules in batch.rules:
            if rules.verdict in NO_SERVER:
                connection.execute(self._sql["owe_verdict"], (rules.host_hash, now))

    def _extend_parts(
        self, connection: sqlite3.Connection, parts: Sequence[PartMark], now: int
    ) -> None:
        for mark in parts:
            moved = connection.execute(
                self._sql["extend_part"],
                (
                    mark.new_bytes,
                    mark.records,
                    mark.sealed,
                    mark.part_id,
                    mark.old_bytes,
                    mark.new_store_bytes,
                    mark.old_store_bytes,
                    now,
                    self._options.shipped_at_first,
                ),
            ).rowcount
            if moved != 1:
                raise FrontierError(
                    f"part {mark.part_id} is no longer this reader's at byte {mark.old_bytes}: "
                    "it was sealed, or another process wrote to it"
                )

    def _keep_bodies(self, connection: sqlite3.Connection, batch: Batch) -> None:
        if not batch.bodies and not batch.refers_to:
            return
        if batch.refers_to:
            others = json.dumps(list(batch.refers_to))
            gone = connection.execute(self._sql["pruned_among"], (others,)).fetchall()
            if gone:
                raise _PartsGoneError(frozenset(part for (part,) in gone))
        connection.executemany(self._sql["add_body"], [body[:6] for body in batch.bodies])
        part_id = batch.parts[0].part_id
        connection.executemany(
            self._sql["add_part_ref"], [(other, part_id) for other in batch.refers_to]
        )

    def _settle(self, connection: sqlite3.Connection, batch: Batch, ledger: Ledger) -> None:
        if not batch.results:
            return
        part = batch.parts[0].part_id if batch.parts else None
        refs = json.dumps([r.item_ref for r in batch.results])
        # Whether a URL is a seed may have changed since it was claimed.
        known = {
            row[0]: Before(*row) for row in connection.execute(self._sql["before_among"], (refs,))
        }
        again = self._promoted(connection, batch.results)
        promoted: list[tuple[int, int]] = []
        done: list[tuple[object, ...]] = []
        retry: list[tuple[object, ...]] = []
        dead: list[tuple[object, ...]] = []
        lease_ms, window_ms = self._options.lease_ms, self._options.window_ms
        for r in batch.results:
            before = known.get(r.item_ref)
            if r.item_ref in again:
                promoted.append((r.item_ref, r.lease_id))
                count_record(r, ledger, before)
                ledger.host(r.host_hash).ready += 1
            elif r.outcome == "done":
                done.append(
                    (
                        r.status,
                        r.reason,
                        r.is_page and r.kind == "page",
                        r.etag,
                        r.last_modified,
                        r.content_hash,
                        None if r.kind == "sitemap" else part,
                        (LEADING if r.leads_on else REQUISITE) if r.kind == "requisite" else None,
                        r.due_at,
                        r.interval_ms,
                        r.misses,
                        lease_ms,
                        window_ms,
                        r.item_ref,
                        r.lease_id,
                    )
                )
                count_done(r, ledger, before)
            elif r.outcome == "retry":
                retry.append(
                    (r.at or 0, lease_ms, window_ms, r.tries, r.reason, r.item_ref, r.lease_id)
                )
                ledger.host(r.host_hash).waiting += 1
                ledger.count("retries")
            else:
                dead.append((r.reason, r.item_ref, r.lease_id))
                ledger.host(r.host_hash).dead += 1
                ledger.count(f"dead:{r.reason}")
                if before is not None and before.seed and not before.again:
                    ledger.count("seeds_final")
            ledger.host(r.host_hash).leased -= 1
        for name, rows in (
            ("settle_done", done),
            ("settle_promoted", promoted),
            ("settle_retry", retry),
            ("settle_dead", dead),
        ):
            if rows and connection.executemany(self._sql[name], rows).rowcount != len(rows):
                raise _LeasesLostError

    def _promoted(
        self, connection: sqlite3.Connection, results: Sequence[Result]
    ) -> frozenset[int]:
        """Return those that were claimed as requisites, became pages since, and lead on."""
        refs = [r.item_ref for r in results if r.leads_on and r.outcome == "done"]
        if not refs:
            return frozenset()
        rows = connection.execute(self._sql["promoted_among"], (json.dumps(refs),))
        return frozenset(ref for (ref,) in rows)

    def _settle_rules(
        self, connection: sqlite3.Connection, rules: Rules, ledger: Ledger, now: int
    ) -> None:
        lease_ms, window_ms = self._options.lease_ms, self._options.window_ms
        if rules.verdict in ("rules", "allow"):
            cursor = connection.execute(
                self._sql["settle_rules"],
                (
                    rules.item_ref,
                    rules.lease_id,
                    rules.verdict,
                    rules.status,
                    rules.body,
                    now,
                    rules.expires_at,
                    lease_ms,
                    window_ms,
                    rules.crawl_delay_ms or 0,
                ),
            )
        else:
            cursor = connection.execute(
                self._sql["settle_obstacle"],
                (
                    rules.item_ref,
                    rules.lease_id,
                    rules.verdict,
                    rules.status,
                    now,
                    rules.due or 0,
                    lease_ms,
                    window_ms,
                    rules.verdict in NO_SERVER,
                ),
            )
        if cursor.rowcount != 1:
            raise _LeasesLostError
        if rules.verdict in ("rules", "allow"):
            self._set_crawl_delay(connection, rules.host_hash)
        elif rules.verdict == "defer":
            row = (rules.item_ref, now, self._options.unreachable_robots_ms, now + PASS_MS)
            passed = connection.execute(self._sql["pass_unreachable"], row).rowcount
            ledger.count("robots:unreachable_allowed", passed)
        ledger.host(rules.host_hash).asking -= 1
        ledger.count(f"robots:{rules.verdict}")

    def _set_crawl_delay(self, connection: sqlite3.Connection, host_id: int) -> None:
        """Before the host's clock is set: the delay holds from this very request on."""
        options = self._options
        connection.execute(
            self._sql["set_crawl_delay"],
            (
                host_id,
                options.adaptive_factor,
                options.adaptive_cap_ms,
                lease_limit(self._book.of_id(connection, host_id)),
            ),
        )

    def _find_lost(self, connection: sqlite3.Connection, batch: Batch) -> frozenset[int]:
        lost = {
            r.lease_id
            for r in batch.results
            if not connection.execute(self._sql["holds_url"], (r.item_ref, r.lease_id)).fetchone()
        }
        lost |= {
            r.lease_id
            for r in batch.rules
            if not connection.execute(
                self._sql["holds_origin"], (r.item_ref, r.lease_id)
            ).fetchone()
        }
        if not lost:
            raise FrontierError("a batch settles one lease twice")
        return frozenset(lost)
