"""Judging URLs anew: rules of the crawl have changed since they were added."""

import json
import sqlite3
from collections.abc import Mapping

from crawler.frontier.host_terms import TermsBook
from crawler.frontier.sqlite_connection import immediate
from crawler.frontier.sqlite_ledger import Ledger
from crawler.model.url import origin

_READY, _DEAD = 0, 4


class Rejudging:
    """Moves URLs of one store between dead and ready."""

    def __init__(self, sql: Mapping[str, str], book: TermsBook) -> None:
        self._sql = sql
        self._book = book

    def rejudge(self, connection: sqlite3.Connection, verdicts: Mapping[int, str | None]) -> int:
        """Let URLs die or live, by row id; return how many changed."""
        ledger = Ledger(self._sql, self._book)
        condemned: list[tuple[str, int]] = []
        pardoned: list[tuple[int]] = []
        origins: set[tuple[int, str]] = set()
        with immediate(connection):
            rows = connection.execute(self._sql["among"], (json.dumps(list(verdicts)),))
            for ref, host_id, state, seed, reason, again, lost_url in rows:
                verdict = verdicts[ref]
                change = ledger.host(host_id)
                if state == _DEAD and verdict is None:
                    pardoned.append((ref,))
                    change.dead -= 1
                    change.ready += 1
                    change.again += again
                    ledger.count(f"dead:{reason}", -1)
                    ledger.count("seeds_final", 0 if again else -seed)
                    if lost_url is not None:
                        origins.add((host_id, origin(lost_url)))
                elif state != _DEAD and verdict is not None:
                    condemned.append((verdict, ref))
                    change.dead += 1
                    if state == _READY:
                        change.ready -= 1
                        change.again -= again
                    else:
                        change.waiting -= 1
                    ledger.count(f"dead:{verdict}")
                    ledger.count("seeds_final", 0 if again else seed)
            connection.executemany(self._sql["condemn_url"], condemned)
            connection.executemany(self._sql["pardon_url"], pardoned)
            connection.executemany(self._sql["pardon_origin"], sorted(origins))
            ledger.book(connection)
        return len(condemned) + len(pardoned)
