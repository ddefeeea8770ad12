"""What becomes of sealed parts, for the frontier in memory."""

from collections.abc import Collection

from crawler.frontier.sqlite_sealed import without_needed
from crawler.model.part import Part, Pruned, Shipping


class MemorySealedParts:
    def __init__(self, frontier) -> None:
        self.frontier = frontier
        self.failures: dict[int, tuple[int, str, int]] = {}

    def rows(self) -> list[Part]:
        return [part for _, part in self.frontier.part_rows.values() if part.sealed and part.bytes]

    def change(self, part_id: int, **values) -> None:
        reader, part = self.frontier.part_rows[part_id]
        self.frontier.part_rows[part_id] = (reader, part._replace(**values))

    async def unpacked(self, *, after: int = 0, limit: int = 1) -> list[Part]:
        rows = (p for p in self.rows() if p.packed is None and not p.pruned and p.part_id > after)
        return list(rows)[:limit]

    async def set_packed(self, part_id: int, ending: str | None) -> bool:
        part = self.frontier.part_rows[part_id][1]
        if part.pruned or not part.sealed:
            return False
        self.change(part_id, packed=ending)
        return True

    async def to_ship(
        self, *, now: int, packed: bool = False, after: int = 0, limit: int = 1
    ) -> list[Part]:
        return [
            part
            for part in self.rows()
            if part.shipped is False
            and not part.pruned
            and part.part_id > after
            and self.failures.get(part.part_id, (0, "", 0))[2] <= now
            and (part.packed is not None or not packed)
        ][:limit]

    async def set_shipped(self, part_id: int, *, gone: bool = False) -> None:
        self.change(part_id, shipped=True, pruned=gone)

    async def set_ship_failed(self, part_id: int, *, error: str, due: int) -> int:
        tries = self.failures.get(part_id, (0, "", 0))[0] + 1
        self.failures[part_id] = (tries, error, due)
        self.change(part_id, ship_tries=tries)
        return tries

    async def shipping(self) -> Shipping:
        waiting = [part.part_id for part in self.rows() if part.shipped is False]
        failed = [self.failures[one] for one in waiting if one in self.failures]
        worst = max(failed, default=(0, None, 0), key=lambda one: one[0])
        dues = [self.failures.get(one, (0, "", 0))[2] for one in waiting]
        return Shipping(len(waiting), len(failed), min(dues, default=None), worst[0], worst[1])

    async def prune(self, part_ids: Collection[int], *, dry: bool = False) -> Pruned:
        rows = self.frontier.part_rows
        refs = [pair for pair in self.frontier.part_refs if not rows[pair[1]][1].pruned]
        going = without_needed([p for p in part_ids if rows[p][1].sealed], refs)
        for part_id in () if dry else going:
            self.change(part_id, pruned=True, shipped=rows[part_id][1].shipped or None)
        return Pruned(frozenset(going), frozenset(part_ids) - going)

    async def forget_bodies(self, part_ids: Collection[int]) -> int:
        rows = self.frontier.part_rows
        old = {k for k, b in self.frontier.kept.items() if b.part_id in part_ids}
        old |= {k for k, b in self.frontier.kept.items() if rows[b.part_id][1].pruned}
        for key in old:
            del self.frontier.kept[key]
        return len(old)
