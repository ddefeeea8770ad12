"""The frontier in one SQLite file: one machine, any number of processes.

Each method is one hop to the connection's thread and one transaction there. The parent claims,
ticks and releases; each reader commits its own batches.
"""

import functools
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from crawler.errors import FrontierError
from crawler.frontier.host_terms import TermsBook
from crawler.frontier.keys import Keys
from crawler.frontier.sqlite_claim import Claiming
from crawler.frontier.sqlite_commit import Settling
from crawler.frontier.sqlite_connection import Database, immediate
from crawler.frontier.sqlite_control import SqliteControl
from crawler.frontier.sqlite_ledger import Ledger
from crawler.frontier.sqlite_links import LinkBook
from crawler.frontier.sqlite_parts import Parts
from crawler.frontier.sqlite_rejudge import Rejudging
from crawler.frontier.sqlite_revisit import Revisits
from crawler.frontier.sqlite_schema import (
    DIALECT,
    OWN_META,
    apply_options,
    check_store,
    create_file,
    open_store,
)
from crawler.frontier.sqlite_sealed import SqliteSealedParts
from crawler.frontier.sqlite_upkeep import Upkeep
from crawler.frontier.sqlite_views import Views
from crawler.frontier.sqlite_wal import fold_log
from crawler.frontier.statements import load_statements
from crawler.model.result import Batch, KeptBody
from crawler.model.view import Explanation, HostReport, HostState, Outlook, Undone
from crawler.model.work import Item, Link
from crawler.ports import (
    AddResult,
    CommitResult,
    FrontierOptions,
    Part,
    Reopened,
    SealedParts,
    StoredRules,
)

_LINKS_PER_TRANSACTION = 5_000
HALTED_MS = 60_000
"""After which who wants the turn of a host that a person halted may ask for it again."""
_T = TypeVar("_T")


class SqliteFrontier:
    """A `crawler.ports.Frontier` in one file.

    `recover` looks for damage and applies the run's delay and budgets to the hosts it knows: the
    parent's business, so that a reader opens fast. `check=True` looks for damage at `open` already.
    """

    def __init__(
        self,
        path: Path,
        options: FrontierOptions,
        *,
        node: str = "local",
        read_only: bool = False,
        check: bool = False,
    ) -> None:
        self._path = path
        self._options = options
        self._node = node
        self._read_only = read_only
        self._check = check
        self._database = Database(path, read_only=read_only)
        # Folding the log waits for the disk: on a connection of its own, so that no claim waits.
        self._folder = Database(path)
        self._sql = load_statements(DIALECT)

    async def open(self) -> None:
        if not self._read_only:
            create_file(self._path)
        elif not self._path.exists():
            raise FrontierError(f"there is no frontier at {self._path}")
        opened = await self._database.run(self._open)
        sql, options = self._sql, self._options
        keys = Keys(opened)
        self._keys = keys
        self._book = book = TermsBook(sql, options)
        self._links = LinkBook(sql, book, keys)
        self._claiming = Claiming(sql, book, keys)
        self._revisits = Revisits(sql, book)
        self._settling = Settling(sql, book, self._links, self._revisits)
        self._upkeep = Upkeep(sql, book, self._revisits)
        self._rejudging = Rejudging(sql, book)
        self._parts = Parts(sql, book, self._node)
        self._views = Views(sql, options, keys)
        self._control = SqliteControl(self._run, sql, book, keys)
        self.sealed: SealedParts = SqliteSealedParts(sql, self._run)

    @property
    def control(self) -> SqliteControl:
        return self._control

    def _open(self, connection: sqlite3.Connection) -> int:
        opened = open_store(connection, self._path, read_only=self._read_only)
        if self._check and not self._read_only:
            check_store(connection, self._path)
        return opened

    async def close(self) -> None:
        await self._folder.close()
        await self._database.close()

    async def _run(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        return await self._database.run(work)

    async def add(self, links: Sequence[Link], *, now: int) -> AddResult:
        new = 0
        for start in range(0, len(links), _LINKS_PER_TRANSACTION):
            chunk = links[start : start + _LINKS_PER_TRANSACTION]
            new += await self._run(functools.partial(self._add, links=chunk, now=now))
        return AddResult(new, len(links) - new)

    def _add(self, connection: sqlite3.Connection, links: Sequence[Link], now: int) -> int:
        grouped = self._links.drop_known(connection, self._links.group(links))
        if not grouped:
            return 0
        ledger = Ledger(self._sql, self._book)
        with immediate(connection):
            new = self._links.insert(connection, grouped, ledger, now)
            ledger.book(connection)
        return new

    async def claim(
        self, limit: int, *, now: int, ahead: Mapping[int, int] | None = None
    ) -> list[Item]:
        return await self._run(
            lambda connection: self._claiming.claim(connection, limit, now, ahead or {})
        )

    async def commit(self, batch: Batch, *, now: int) -> CommitResult:
        return await self._run(lambda connection: self._settling.commit(connection, batch, now))

    async def release(
        self,
        items: Collection[Item],
        *,
        now: int,
        due: int | None = None,
        crashed: Collection[int] = (),
    ) -> int:
        if not items:
            return 0
        return await self._run(
            lambda connection: self._upkeep.release(connection, items, now, due, crashed)
        )

    async def reserve(self, host: str, *, now: int) -> int | None:
        return await self._run(lambda connection: self._reserve(connection, host, now))

    def _reserve(self, connection: sqlite3.Connection, host: str, now: int) -> int | None:
        host_id = self._keys.host(host)
        with immediate(connection):
            Ledger(self._sql, self._book).add_hosts(connection, {host_id: host}, now)
            next_at, paused_until, delay_ms, leased, halted = connection.execute(
                self._sql["host_turn"], (host_id,)
            ).fetchone()
            if halted:
                return now + HALTED_MS
            if delay_ms == 0:
                # Requests run side by side there: only a pause is in the way.
                return int(paused_until) if paused_until > now else None
            if next_at > now or leased:
                return int(max(next_at, now + delay_ms) if leased else next_at)
            connection.execute(self._sql["take_turn"], (host_id, now))
        return None

    async def tick(self, *, now: int, limit: int = 1000, visits_until: int | None = None) -> int:
        return await self._run(
            lambda connection: self._upkeep.tick(connection, now, limit, visits_until)
        )

    async def new_part(self, reader: str) -> Part:
        return await self._run(lambda connection: self._parts.new(connection, reader))

    async def seal(self, reader: str, *, now: int) -> list[Part]:
        return await self._run(lambda connection: self._parts.seal(connection, reader, now))

    async def recover(self, *, now: int) -> list[Part]:
        return await self._run(lambda connection: self._recover(connection, now))

    def _recover(self, connection: sqlite3.Connection, now: int) -> list[Part]:
        if not self._check:
            check_store(connection, self._path)
        apply_options(connection, self._options, self._book)
        self._upkeep.recover(connection, now)
        self._revisits.reschedule(connection)
        return self._parts.all(connection)

    async def reopen(self, part: Part, *, now: int) -> Reopened:  # noqa: ARG002 - ready at once
        return await self._run(lambda connection: self._parts.reopen(connection, part))

    async def bodies(self, hashes: Collection[bytes]) -> dict[bytes, KeptBody]:
        return await self._run(lambda connection: self._parts.bodies(connection, hashes))

    async def parts(self) -> list[Part]:
        return await self._run(self._parts.all)

    async def rules(self, origin: str) -> StoredRules | None:
        return await self._run(lambda connection: self._views.rules(connection, origin))

    async def roots(self) -> list[str]:
        rows = await self._run(
            lambda connection: connection.execute(self._sql["read_roots"]).fetchall()
        )
        return [url for (url,) in rows]

    async def replace_roots(self, roots: Sequence[str]) -> None:
        def replace(connection: sqlite3.Connection) -> None:
            with immediate(connection):
                connection.execute(self._sql["drop_roots"])
                connection.executemany(self._sql["add_root"], [(root,) for root in roots])

        await self._run(replace)

    async def seeds(self, *, after: int, limit: int) -> list[tuple[int, str]]:
        return await self._run(
            lambda connection: connection.execute(
                self._sql["read_seeds"], (after, limit)
            ).fetchall()
        )

    async def counters(self) -> dict[str, int]:
        return await self._run(self._views.counters)

    async def outlook(self, *, now: int) -> Outlook:
        return await self._run(lambda connection: self._views.outlook(connection, now))

    async def hosts(self, *, now: int, limit: int, only_waiting: bool = False) -> list[HostState]:
        return await self._run(
            lambda connection: self._views.hosts(connection, now, limit, only_waiting=only_waiting)
        )

    async def host(self, name: str, *, limit: int) -> HostReport | None:
        return await self._run(lambda connection: self._views.host(connection, name, limit))

    async def dead_reasons(self) -> dict[str, int]:
        rows = await self._run(
            lambda connection: connection.execute(self._sql["dead_reasons"]).fetchall()
        )
        return dict(rows)

    async def undone(self, *, after: int, limit: int) -> list[Undone]:
        return await self._run(lambda connection: self._views.undone(connection, after, limit))

    async def listed(self, *, after: int, limit: int) -> list[tuple[int, str]]:
        return await self._run(lambda connection: self._views.listed(connection, after, limit))

    async def rejudge(self, verdicts: Mapping[int, str | None], *, now: int) -> int:  # noqa: ARG002 - ready at once
        return await self._run(lambda connection: self._rejudging.rejudge(connection, verdicts))

    async def explain(self, url: str) -> Explanation:
        return await self._run(lambda connection: self._views.explain(connection, url))

    async def meta(self) -> dict[str, str]:
        rows = await self._run(
            lambda connection: connection.execute(self._sql["read_meta"]).fetchall()
        )
        return {name: value for name, value in rows if not name.startswith(OWN_META)}

    async def set_meta(self, values: Mapping[str, str]) -> None:
        rows = list(values.items())

        def write(connection: sqlite3.Connection) -> None:
            with immediate(connection):
                connection.executemany(self._sql["write_meta"], rows)

        await self._run(write)

    async def checkpoint(self) -> None:
        await self._folder.run(fold_log)
