"""What can be read from a store without changing it."""

import sqlite3
from collections.abc import Mapping

from crawler.frontier.keys import Keys
from crawler.model.url import origin
from crawler.ports import Explanation, FrontierOptions, HostState, Outlook, StoredRules

MOST_HOSTS = 1000
"""`outlook` counts at most so many hosts: it is asked often, and asks whether any is left."""
_MOST_PARENTS = 100
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
        max_pages = self._options.max_pages
        leased_pages = counters["leased"] - counters["leased_robots"]
        claimable, next_at = 0, None
        if max_pages is not None and counters["pages"] + leased_pages >= max_pages:
            held = counters["ready"]
        else:
            claimable, next_at = connection.execute(
                self._sql["claimable_hosts"], (now, MOST_HOSTS)
            ).fetchone()
            held = connection.execute(self._sql["held_hosts"], (MOST_HOSTS,)).fetchone()[0]
        return Outlook(
            ready=counters["ready"],
            leased=counters["leased"],
            claimable=claimable,
            next_at=next_at,
            next_due=min(dues, default=None),
            held_by_budget=int(held),
            waiting=counters["waiting"] + int(paused),
        )

    def hosts(
        self, connection: sqlite3.Connection, now: int, limit: int, *, only_waiting: bool
    ) -> list[HostState]:
        if only_waiting:
            rows = connection.execute(self._sql["list_waiting_hosts"], (limit, now))
        else:
            rows = connection.execute(self._sql["list_hosts"], (limit,))
        return [HostState(*row) for row in rows.fetchall()]

    def rules(self, connection: sqlite3.Connection, key: str) -> StoredRules | None:
        row = connection.execute(self._sql["origin_rules"], (key,)).fetchone()
        if row is None or row[0] is None:
            return None
        return StoredRules(*row)

    def explain(self, connection: sqlite3.Connection, url: str) -> Explanation:
        host_id, url_hash = self._keys.of(url)
        host_row = connection.execute(self._sql["one_host"], (host_id,)).fetchone()
        host = HostState(*host_row) if host_row else None
        verdict, due = connection.execute(self._sql["one_origin"], (origin(url),)).fetchone() or (
            None,
            0,
        )
        row = connection.execute(self._sql["one_url"], (host_id, url_hash)).fetchone()
        if row is None:
            return Explanation(
                url=url, state=None, host=host, origin_verdict=verdict, origin_due=due or None
            )
        _, number, reason, at, depth, tries, visits, status, crashes, parent = row
        state = _STATES[number]
        return Explanation(
            url=url,
            state=state,
            reason=reason,
            due_at=at if state == "waiting" else None,
            lease_until=at if state == "leased" else None,
            depth=depth,
            tries=tries,
            visits=visits,
            status=status,
            crashes=crashes,
            host=host,
            origin_verdict=verdict,
            origin_due=due or None,
            parents=self._parents(connection, parent),
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
