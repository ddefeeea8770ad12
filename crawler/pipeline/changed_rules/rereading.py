"""Reads our own committed records again, for links that are allowed now and were not before.

In pieces, so that signals and heartbeats come through. What was interrupted may begin anew at any
part: the store drops what it knows.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from crawler.errors import StorageError
from crawler.logs import get_logger
from crawler.model.plan import Plan
from crawler.model.result import Batch
from crawler.model.work import Link
from crawler.pipeline.known import KnownUrls
from crawler.ports import Frontier, Now
from crawler.sink.reading import open_part

_PIECE_BYTES = 1 << 20
_LINKS_PER_COMMIT = 5_000


@dataclass(slots=True)
class _Rest:
    """What is still to be read of one part."""

    part_id: int
    path: Path
    at: int
    end: int


class Rereading:
    """One reading of all parts as they are when it begins."""

    def __init__(
        self, plan: Plan, frontier: Frontier, now: Now, is_wanted: Callable[[str, int], bool]
    ) -> None:
        """`is_wanted(url, depth)` tells a link that is to be added."""
        self._output = plan.output
        self._frontier = frontier
        self._now = now
        self._is_wanted = is_wanted
        self._seen = KnownUrls(by_depth=plan.has_max_depth)
        self._rests: deque[_Rest] = deque()
        self.records = 0
        self.links = 0
        """Links that the store did not know."""

    async def begin(self, after: int = 0) -> None:
        """Take stock of the parts whose number is greater than `after`."""
        parts = [p for p in await self._frontier.parts() if p.bytes and p.part_id > after]
        self._rests.extend(
            _Rest(part.part_id, self._output / part.name, 0, part.bytes)
            for part in parts
            if not part.pruned
        )
        if gone := sum(part.pruned for part in parts):
            get_logger("crawler.rereading").warning("parts_not_reread", pruned=gone)

    @property
    def parts_left(self) -> int:
        return len(self._rests)

    async def step(self) -> int | None:
        """Read a piece of the next part; return the number of the part if it is all read now.

        Raises:
            StorageError: the part cannot be read.
        """
        rest = self._rests[0]
        await self._add(self._read_piece(rest))
        await asyncio.sleep(0)
        if rest.at < rest.end:
            return None
        return self._rests.popleft().part_id

    def _read_piece(self, rest: _Rest) -> list[Link]:
        """Read whole lines; return their links that are wanted and were not met yet."""
        size = _PIECE_BYTES
        try:
            with open_part(rest.path) as file:
                while True:
                    file.seek(rest.at)
                    data = file.read(min(size, rest.end - rest.at))
                    end = data.rfind(b"\n") + 1
                    if end:
                        break
                    if len(data) < size:
                        raise StorageError(f"{rest.path} is too short, or ends within a line")
                    size *= 2
        except OSError as error:
            raise StorageError(f"{rest.path} cannot be read: {error.strerror}") from error
        rest.at += end
        found: list[Link] = []
        for line in data[:end].splitlines():
            self.records += 1
            found += self._links_of(orjson.loads(line))
        return found

    def _links_of(self, record: Mapping[str, Any]) -> Iterator[Link]:
        """Yield what this record leads to now, as the reader of its page would have judged it."""
        if record.get("kind") == "requisite":
            return  # nothing is followed from it
        status, depth = record["status"] or 0, record["depth"]
        if 200 <= status < 300:
            if not {"nofollow", "none"}.isdisjoint((record["robots"] or "").split(", ")):
                return
            forbidden = set(record.get("nofollow", ()))
            links = [url for url in record["links"] if url not in forbidden]
            # A page is linked from many of its site; one link is enough.
            fresh = self._seen.fresh(links, depth + 1)
            self._seen.add(fresh, depth + 1)
            for url in fresh:
                if self._is_wanted(url, depth + 1):
                    yield Link(url, depth + 1, None)
        elif 300 <= status < 400 and record["error"] is None and record["final_url"]:
            target = record["final_url"]
            if target != record["url"] and self._is_wanted(target, depth):
                yield Link(target, depth, None, chain=(*record["redirects"], record["url"]))

    async def _add(self, links: list[Link]) -> None:
        new = 0
        for start in range(0, len(links), _LINKS_PER_COMMIT):
            batch = Batch(links=links[start : start + _LINKS_PER_COMMIT])
            new += (await self._frontier.commit(batch, now=self._now())).new_links
        if new:
            self.links += new
            await self._frontier.commit(Batch(counts={"refused_back": new}), now=self._now())
