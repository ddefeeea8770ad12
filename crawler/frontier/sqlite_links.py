"""Adding URLs: most are known already, so those are found without a lock, before the transaction.

Inside it, the answer still holds if nobody else committed meanwhile (`data_version`); else the few
that are left are looked up again.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping

from crawler.frontier.host_terms import TermsBook
from crawler.frontier.keys import Keys
from crawler.frontier.sqlite_items import KINDS, REQUISITE
from crawler.frontier.sqlite_ledger import Ledger
from crawler.frontier.sqlite_promotion import Promotion, merged
from crawler.model.url import host_key
from crawler.model.work import Link

Grouped = dict[int, dict[int, Link]]
"""Links by host hash, then by URL hash."""

_READY, _DONE, _DEAD = 0, 2, 4
_FINAL = (_DONE, _DEAD)
_NEAREST = 1 << 40
"""Where depth does not matter no sighting is nearer than this depth."""


class LinkBook:
    """Adds links to one store."""

    def __init__(self, sql: Mapping[str, str], book: TermsBook, keys: Keys) -> None:
        self._sql = sql
        self._book = book
        self._max_sitemaps = book.options.max_sitemaps_per_host
        self._keys = keys
        self._version = -1
        self._promotion = Promotion(sql)
        self._may_have_requisites = book.options.requisites
        """Else the first look at the store tells: an earlier run may have added some."""
        self._has_looked = book.options.requisites

    def group(self, links: Iterable[Link]) -> Grouped:
        """Key the links; the nearer of two sightings counts, and either makes it a seed.

        A sitemap is never a seed: seeds are counted by the records they end in.
        """
        of, of_sitemap = self._keys.of, self._keys.of_sitemap
        grouped: Grouped = {}
        for link in links:
            if link.kind == "sitemap":
                host_id, url_hash = of_sitemap(link.url)
                link = link._replace(seed=False)  # noqa: PLW2901 - the only change to it
            else:
                host_id, url_hash = of(link.url)
            urls = grouped.get(host_id)
            if urls is None:
                urls = grouped[host_id] = {}
            first = urls.get(url_hash)
            if first is None:
                urls[url_hash] = link
            else:
                limit = None if first.kind == link.kind else self._depth_limit(urls)
                urls[url_hash] = merged(first, link, limit)
        return grouped

    def keyed(self, urls: Iterable[str]) -> dict[int, list[int]]:
        """Return the keys of URLs by host hash."""
        keys: dict[int, list[int]] = {}
        for url in urls:
            host_id, url_hash = self._keys.of(url)
            keys.setdefault(host_id, []).append(url_hash)
        return keys

    def drop_known(self, connection: sqlite3.Connection, grouped: Grouped) -> Grouped:
        """Return those that may change the store; reads only, no lock."""
        self._version = _data_version(connection)
        if not self._has_looked:
            self._has_looked = True
            counters = dict(connection.execute(self._sql["read_counters"]).fetchall())
            self._may_have_requisites = counters.get("requisites_found", 0) > 0
        left: Grouped = {}
        for host_id, urls in grouped.items():
            limit = self._depth_limit(urls)
            if self._may_have_requisites:
                query = self._sql["unknown_or_otherwise"]
                keys = json.dumps(
                    [
                        (key, _NEAREST if limit is None else link.depth, link.kind == "requisite")
                        for key, link in urls.items()
                    ]
                )
            elif limit is None:
                query, keys = self._sql["unknown_hashes"], json.dumps(list(urls))
            else:
                query = self._sql["unknown_or_deeper"]
                keys = json.dumps([(url_hash, link.depth) for url_hash, link in urls.items()])
            found = connection.execute(query, (host_id, keys)).fetchall()
            if len(found) == len(urls):
                left[host_id] = urls
                continue
            kept = {url_hash: urls[url_hash] for (url_hash,) in found}
            kept |= {url_hash: link for url_hash, link in urls.items() if link.seed}
            if kept:
                left[host_id] = kept
        return left

    def insert(
        self, connection: sqlite3.Connection, grouped: Grouped, ledger: Ledger, now: int
    ) -> int:
        """Add what `drop_known` left, inside the transaction; return how many are new."""
        is_unchanged = _data_version(connection) == self._version
        next_id: int = connection.execute(self._sql["last_url"]).fetchone()[0] + 1
        seen: list[tuple[int, int, int]] = []
        rows: list[tuple[object, ...]] = []
        hosts: dict[int, str] = {}
        for host_id, urls in grouped.items():
            limit = self._depth_limit(urls)
            fresh: Mapping[int, Link] = urls
            is_sure = is_unchanged and limit is None and not self._may_have_requisites
            if not is_sure or any(link.seed for link in urls.values()):
                fresh = self._update_known(connection, host_id, urls, limit, ledger)
            fresh = self._drop_excess(connection, host_id, fresh, ledger)
            if not fresh:
                continue
            hosts[host_id] = host_key(next(iter(fresh.values())).url)
            dead = seeds = requisites = 0
            for url_hash, link in fresh.items():
                is_dead = not _is_near(link, limit)
                dead += is_dead
                seeds += link.seed
                requisites += link.kind == "requisite"
                seen.append((host_id, url_hash, next_id))
                rows.append(
                    (
                        next_id,
                        host_id,
                        _DEAD if is_dead else _READY,
                        link.priority,
                        link.depth,
                        link.seed,
                        link.parent,
                        link.url,
                        "depth" if is_dead else None,
                        json.dumps(link.chain) if link.chain else None,
                        KINDS.index(link.kind),
                    )
                )
                next_id += 1
                if is_dead and link.seed:
                    ledger.count("seeds_final")
            change = ledger.host(host_id)
            change.ready += len(fresh) - dead
            if dead:
                change.dead += dead
                ledger.count("dead:depth", dead)
            if seeds:
                ledger.count("seeds", seeds)
            if requisites:
                ledger.count("requisites_found", requisites)
        if rows:
            ledger.add_hosts(connection, hosts, now)
            # In key order: neighbours share pages of the tree.
            seen.sort()
            connection.executemany(self._sql["insert_seen"], seen)
            connection.executemany(self._sql["insert_url"], rows)
        return len(rows)

    def _depth_limit(self, urls: Mapping[int, Link]) -> int | None:
        """The greatest depth of pages on the host of these links."""
        if self._book.are_equal:
            return self._book.default.max_depth
        return self._book.of(host_key(next(iter(urls.values())).url)).max_depth

    def _drop_excess(
        self,
        connection: sqlite3.Connection,
        host_id: int,
        fresh: Mapping[int, Link],
        ledger: Ledger,
    ) -> Mapping[int, Link]:
        """Return the links without the sitemaps that are one too many for their host."""
        sitemaps = [key for key, link in fresh.items() if link.kind == "sitemap"]
        if not sitemaps:
            return fresh
        known: int = connection.execute(self._sql["count_sitemaps"], (host_id,)).fetchone()[0]
        excess = set(sitemaps[max(0, self._max_sitemaps - known) :])
        ledger.count("refused:sitemap_count", len(excess))
        return {key: link for key, link in fresh.items() if key not in excess}

    def _update_known(
        self,
        connection: sqlite3.Connection,
        host_id: int,
        urls: Mapping[int, Link],
        limit: int | None,
        ledger: Ledger,
    ) -> dict[int, Link]:
        """Lower depths and make seeds of those that are known; return the rest."""
        fresh = dict(urls)
        known = connection.execute(
            self._sql["known_hashes"], (host_id, json.dumps(list(urls)))
        ).fetchall()
        for url_hash, ref, state, depth, reason, seed, status, kind, again in known:
            link = fresh.pop(url_hash)
            if link.kind == "requisite":
                if state == _DEAD and reason == "depth":
                    self._promotion.to_requisite(connection, host_id, ref, link, ledger)
                    ledger.count("seeds_final", -seed)
                continue
            if kind >= REQUISITE:
                if _is_near(link, limit):
                    row = (ref, state, kind, reason)
                    after = self._promotion.to_page(connection, host_id, row, link, ledger)
                    if link.seed and not seed:
                        self._make_seed(connection, ref, after, status, ledger)
                continue
            if link.depth < depth and (limit is not None or link.seed):
                connection.execute(self._sql["lower_depth"], (link.depth, link.parent, ref))
            is_revived = (
                state == _DEAD
                and reason == "depth"
                and link.depth < depth
                and _is_near(link, limit)
            )
            if is_revived:
                self._revive(connection, host_id, ref, ledger, is_seed=bool(seed), again=again)
            if link.seed and not seed:
                after = _READY if is_revived else state
                self._make_seed(connection, ref, _DONE if again else after, status, ledger)
        return fresh

    def _make_seed(
        self,
        connection: sqlite3.Connection,
        ref: int,
        state: int,
        status: int | None,
        ledger: Ledger,
    ) -> None:
        """Let a known URL be a seed, which has this state now and had this status.

        One that is visited again counts as done.
        """
        connection.execute(self._sql["make_seed"], (ref,))
        ledger.count("seeds")
        if state in _FINAL:
            ledger.count("seeds_final")
            if status is not None:
                ledger.count("seeds_answered")

    def _revive(
        self,
        connection: sqlite3.Connection,
        host_id: int,
        ref: int,
        ledger: Ledger,
        *,
        is_seed: bool,
        again: int,
    ) -> None:
        connection.execute(self._sql["revive_url"], (ref,))
        change = ledger.host(host_id)
        change.ready += 1
        change.again += again
        change.dead -= 1
        ledger.count("dead:depth", -1)
        if is_seed and not again:
            ledger.count("seeds_final", -1)


def _is_near(link: Link, limit: int | None) -> bool:
    return limit is None or link.depth <= limit or link.kind != "page"


def _data_version(connection: sqlite3.Connection) -> int:
    """Return a number that changes when another connection has committed."""
    version: int = connection.execute("PRAGMA data_version").fetchone()[0]
    return version
