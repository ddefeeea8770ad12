"""What can be read from a store without changing it."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from crawler.frontier.keys import Keys
from crawler.frontier.sqlite_items import KINDS
from crawler.model.origin import OriginState
from crawler.model.url import origin
from crawler.model.view import Explanation, HostReport, HostState, HostUrl, Outlook, Undone
from crawler.policy.health import PROBE_FROM
from crawler.ports import FrontierOptions, StoredRules

MOST_HOSTS = 1000
"""`outlook` counts at most so many hosts: it is asked often, and asks whether any is left."""
MOST_AHEAD = 1000
_MOST_PARENTS = 100
_MOST_ORIGINS = 20
_STATES = ("ready", "leased", "done", "waiting", "dead")


class Views:
    """Reads one store."""

    def __init__(self, sql: Mapping[str, str], options: FrontierOptions, keys: Keys) -> None:
        self._sql = sql
        self._options = options
        self._keys = keys

    def counters(self, connection: sqlite3.Connection) -> dict[str, int]:
        return dict(connection.execute(self._sql["read_counters"]).fetchall())

    def outlook(self, connection: sqlite3.Connection, now: int) -> Outlook:
        counters = self.counters(connection)
        paused, pause_ends = connection.execute(self._sql["paused_hosts"], (now,)).fetchone()
        first_waiting = connection.execute(self._sql["first_waiting"]).fetchone()[0]
        dues = [due for due in (pause_ends, first_waiting) if due is not None]
        later = counters.get("later", 0)
        max_pages = self._options.max_pages
        leased_pages = counters["leased"] - counters["leased_robots"]
        claimable, next_at = 0, None
        is_spent = max_pages is not None and counters["pages"] + leased_pages >= max_pages
        if is_spent:
            held = counters["ready"] - counters["again"]
            if counters["again"]:
                claimable, next_at = connection.execute(
                    self._sql["claimable_hosts_again"], (now, MOST_HOSTS, PROBE_FROM)
                ).fetchone()
        else:
            claimable, next_at = connection.execute(
                self._sql["claimable_hosts"], (now, MOST_HOSTS, PROBE_FROM)
            ).fetchone()
            held = connection.execute(self._sql["held_hosts"], (MOST_HOSTS,)).fetchone()[0]
        if self._options.requisites and held:
            # Budgets of pages hold no requisites.
            row = (now, MOST_HOSTS, PROBE_FROM, not is_spent)
            hosts, first = connection.execute(
                self._sql["claimable_requisite_hosts"], row
            ).fetchone()
            claimable += hosts
            next_at = min((at for at in (next_at, first) if at is not None), default=None)
            count = self._sql["ready_requisites_count"]
            held -= connection.execute(count, (not is_spent,)).fetchone()[0]
            if is_spent and counters["pages"] >= (max_pages or 0):
                first = connection.execute(self._sql["first_waiting_requisite"]).fetchone()[0]
                dues = [due for due in (pause_ends, first) if due is not None]
        return Outlook(
            ready=counters["ready"],
            leased=counters["leased"],
            claimable=claimable,
            next_at=next_at,
            next_due=min(dues, default=None),
            held_by_budget=int(held),
            waiting=counters["waiting"] + int(paused),
            later=later,
            halted=int(connection.execute(self._sql["halted_ready"]).fetchone()[0]),
            next_visit=connection.execute(self._sql["next_visit"]).fetchone()[0] if later else None,
        )

    def hosts(
        self, connection: sqlite3.Connection, now: int, limit: int, *, only_waiting: bool
    ) -> list[HostState]:
        if only_waiting:
            rows = connection.execute(self._sql["list_waiting_hosts"], (limit, now))
        else:
            rows = connection.execute(self._sql["list_hosts"], (limit,))
        return [HostState(*row) for row in rows.fetchall()]

    def host(self, connection: sqlite3.Connection, name: str, limit: int) -> HostReport | None:
        host_id = self._keys.host(name)
        row = connection.execute(self._sql["host_report"], (host_id,)).fetchone()
        if row is None:
            return None
        dead, pages, page_limit, crawl_delay_ms, *host = row
        origins = connection.execute(self._sql["report_origins"], (host_id, _MOST_ORIGINS))
        urls = connection.execute(self._sql["stuck_urls"], (host_id, limit))
        return HostReport(
            host=HostState(*host),
            dead=dead,
            pages=pages,
            page_limit=page_limit,
            crawl_delay_ms=crawl_delay_ms,
            origins=tuple((name, _gate_of(gate)) for name, *gate in origins.fetchall()),
            urls=tuple(
                HostUrl(url, KINDS[kind], _STATES[state], reason, at, tries, depth)
                for url, kind, state, reason, at, tries, depth in urls.fetchall()
            ),
        )

    def undone(self, connection: sqlite3.Connection, after: int, limit: int) -> list[Undone]:
        rows = connection.execute(self._sql["undone"], (after, limit)).fetchall()
        return [
            Undone(ref, url, KINDS[kind], depth, bool(seed), reason)
            for ref, url, kind, depth, seed, reason in rows
        ]

    def listed(
        self, connection: sqlite3.Connection, after: int, limit: int
    ) -> list[tuple[int, str]]:
        return connection.execute(self._sql["listed_urls"], (after, limit)).fetchall()

    def rules(self, connection: sqlite3.Connection, key: str) -> StoredRules | None:
        row = connection.execute(self._sql["origin_rules"], (key,)).fetchone()
        if row is None or row[0] is None:
            return None
        return StoredRules(*row)

    def explain(self, connection: sqlite3.Connection, url: str) -> Explanation:
        host_id, url_hash = self._keys.of(url)
        host_row = connection.execute(self._sql["one_host"], (host_id,)).fetchone()
        pages, leased, *host = host_row or (0, 0)
        gate = connection.execute(self._sql["one_origin"], (origin(url),)).fetchone()
        state = _gate_of(gate) if gate else None
        known = Explanation(
            url=url,
            state=None,
            host=HostState(*host) if host else None,
            host_pages=pages,
            host_leased=leased,
            origin_verdict=(state.obstacle or state.verdict) if state else None,
            origin_due=(state.due or None) if state else None,
            origin=state,
        )
        for key in (url_hash, self._keys.sitemap(url)):
            row = connection.execute(self._sql["one_url"], (host_id, key)).fetchone()
            if row is not None:
                return self._with_url(connection, known, host_id, row)
        return known

    def _with_url(
        self, connection: sqlite3.Connection, known: Explanation, host_id: int, row: tuple[Any, ...]
    ) -> Explanation:
        number, reason, at, depth, tries, visits, status, crashes, parent, *rest = row
        seed, chain, ref, priority, kind, visited_at, interval_ms, misses = rest
        state = _STATES[number]
        ahead = 0
        if state == "ready":
            key = (host_id, priority, ref, MOST_AHEAD, at)
            ahead = connection.execute(self._sql["ready_before"], key).fetchone()[0]
        return known._replace(
            state=state,
            reason=reason,
            due_at=at if state == "waiting" else None,
            lease_until=at if state == "leased" else None,
            depth=depth,
            tries=tries,
            visits=visits,
            status=status,
            crashes=crashes,
            parents=self._parents(connection, parent),
            seed=bool(seed),
            kind=KINDS[kind],
            visited_at=visited_at,
            visit_due_at=at if state == "done" else None,
            interval_ms=interval_ms,
            misses=misses,
            chain=tuple(json.loads(chain)) if chain else (),
            ahead=ahead,
        )

    def _parents(self, connection: sqlite3.Connection, ref: int | None) -> tuple[str, ...]:
        parents: list[str] = []
        seen: set[int] = set()
        while ref is not None and ref not in seen and len(parents) < _MOST_PARENTS:
            seen.add(ref)
            row = connection.execute(self._sql["one_parent"], (ref,)).fetchone()
            if row is None:
                break
            parents.append(row[0])
            ref = row[1]
        return tuple(parents)


def _gate_of(row: Sequence[Any]) -> OriginState:
    return OriginState(*row)._replace(gone=bool(row[7]))
