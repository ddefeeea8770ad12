"""Parts that are sealed: what was packed, shipped and pruned."""

import itertools
import json
import sqlite3
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import TypeVar

from crawler.frontier.sqlite_connection import immediate
from crawler.frontier.sqlite_parts import synced, to_part
from crawler.model.part import Part, Pruned, Shipping

_SLICES = 256
_END = b"\xff" * 33
_T = TypeVar("_T")
Work = Callable[[sqlite3.Connection], object]


class SqliteSealedParts:
    """A `crawler.ports.SealedParts` of one store; `run` brings work to its connection."""

    def __init__(
        self,
        sql: Mapping[str, str],
        run: Callable[[Work], Awaitable[object]],
    ) -> None:
        self._sql = sql
        self._run_any = run

    async def _run(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        return await self._run_any(work)  # type: ignore[return-value]

    async def unpacked(self, *, after: int = 0, limit: int = 1) -> list[Part]:
        return await self._select("unpacked_parts", (after, limit))

    async def set_packed(self, part_id: int, ending: str | None) -> bool:
        return await self._write("set_packed", (part_id, ending)) == 1

    async def to_ship(
        self, *, now: int, packed: bool = False, after: int = 0, limit: int = 1
    ) -> list[Part]:
        return await self._select("unshipped_parts", (now, packed, after, limit))

    async def set_shipped(self, part_id: int, *, gone: bool = False) -> None:
        await self._write("set_shipped", (part_id, gone))

    async def set_ship_failed(self, part_id: int, *, error: str, due: int) -> int:
        def write(connection: sqlite3.Connection) -> int:
            with immediate(connection):
                rows = connection.execute(
                    self._sql["set_ship_failed"], (part_id, error, due)
                ).fetchall()
            return int(rows[0][0]) if rows else 0

        return await self._run(write)

    async def shipping(self) -> Shipping:
        def read(connection: sqlite3.Connection) -> Shipping:
            waiting, failed, due = connection.execute(self._sql["shipping"]).fetchone()
            trouble = connection.execute(self._sql["ship_trouble"]).fetchone() or (0, None)
            return Shipping(waiting, failed, due, *trouble)

        return await self._run(read)

    async def prune(self, part_ids: Collection[int], *, dry: bool = False) -> Pruned:
        def prune(connection: sqlite3.Connection) -> Pruned:
            with synced(connection), immediate(connection):
                asked = json.dumps(sorted(part_ids))
                sealed = connection.execute(self._sql["sealed_among"], (asked,)).fetchall()
                refs = connection.execute(self._sql["refs_into"], (asked,)).fetchall()
                going = without_needed([part for (part,) in sealed], refs)
                if not dry:
                    connection.execute(self._sql["prune_parts"], (json.dumps(sorted(going)),))
            return Pruned(frozenset(going), frozenset(part_ids) - going)

        return await self._run(prune)

    async def forget_bodies(self, part_ids: Collection[int]) -> int:
        ids = json.dumps(sorted(part_ids))
        bounds = [bytes([n]) for n in range(_SLICES)] + [_END]
        count = 0
        for start, end in itertools.pairwise(bounds):
            count += await self._write("forget_bodies", (ids, start, end))
        return count

    async def _select(self, statement: str, values: tuple[object, ...]) -> list[Part]:
        rows = await self._run(
            lambda connection: connection.execute(self._sql[statement], values).fetchall()
        )
        return [to_part(row) for row in rows]

    async def _write(self, statement: str, values: tuple[object, ...]) -> int:
        def write(connection: sqlite3.Connection) -> int:
            with immediate(connection):
                return connection.execute(self._sql[statement], values).rowcount

        return await self._run(write)


def without_needed(part_ids: Collection[int], refs: Collection[tuple[int, int]]) -> set[int]:
    """Return the parts that none but themselves point into: `refs` are (into, from)."""
    going = set(part_ids)
    while needed := {into for into, other in refs if into in going and other not in going}:
        going -= needed
    return going
