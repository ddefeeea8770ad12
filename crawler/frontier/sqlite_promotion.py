"""One URL, two kinds: a requisite that is linked as a page, a page that is needed as a requisite.

A page is more than a requisite: its links are followed. So a link makes a requisite a page, unless
it is too deep; the other way round nothing happens, but that what depth has refused as a page is
fetched as a requisite.
"""

import json
import sqlite3
from collections.abc import Mapping

from crawler.frontier.sqlite_items import LEADING
from crawler.frontier.sqlite_ledger import Ledger
from crawler.model.work import Link

READY, _LEASED, DONE, _WAITING, DEAD = range(5)
_STANDING = frozenset({"robots", "origin_unreachable"})
"""Refusals that hold for any kind."""


def merged(first: Link, second: Link, limit: int | None) -> Link:
    """Return what two links to one URL come to; `limit` is the greatest depth of pages there."""
    if first.kind == second.kind:
        nearer = second if second.depth < first.depth else first
        changed_at = max(first.modified_at or 0, second.modified_at or 0) or None
        return nearer._replace(seed=first.seed or second.seed, modified_at=changed_at)
    page, requisite = (first, second) if first.kind == "page" else (second, first)
    if limit is not None and page.depth > limit:
        return requisite
    return page._replace(priority=min(page.priority, requisite.priority))


class Promotion:
    """Changes the kind of URLs of one store."""

    def __init__(self, sql: Mapping[str, str]) -> None:
        self._sql = sql

    def to_page(
        self,
        connection: sqlite3.Connection,
        host_id: int,
        row: tuple[int, int, int, str | None],
        link: Link,
        ledger: Ledger,
    ) -> int:
        """Let a requisite be the page of `link`; return its state then.

        Args:
            connection: inside a transaction.
            host_id: host hash.
            row: row id, state, kind, reason.
            link: to the page, near enough.
            ledger: of the transaction.
        """
        ref, state, kind, reason = row
        if state == DONE and kind != LEADING:
            return DONE  # it would lead nowhere as a page, and has been fetched
        is_revived = state == DONE or (state == DEAD and reason not in _STANDING)
        then = READY if is_revived else state
        chain = json.dumps(link.chain) if link.chain else None
        connection.execute(
            self._sql["promote_url"], (ref, then, link.priority, link.depth, link.parent, chain)
        )
        if is_revived:
            change = ledger.host(host_id)
            change.ready += 1
            if state == DONE:
                change.done -= 1
            else:
                change.dead -= 1
                ledger.count(f"dead:{reason}", -1)
        return then

    def to_requisite(
        self, connection: sqlite3.Connection, host_id: int, ref: int, link: Link, ledger: Ledger
    ) -> None:
        """Let a page that depth has refused be the requisite of `link`."""
        chain = json.dumps(link.chain) if link.chain else None
        row = (ref, link.priority, link.depth, link.parent, chain)
        connection.execute(self._sql["make_requisite"], row)
        change = ledger.host(host_id)
        change.ready += 1
        change.dead -= 1
        ledger.count("dead:depth", -1)
        ledger.count("requisites_found")
