"""Links that were refused as out of scope come back when the scope has become wider.

A redirected seed, or a seed that a later run brings, adds a scope root. Pages that were read before
have been judged without it, but their links are in our own records: when nothing else is left to
do, the committed records are read again, and what only the old scope refused is added.
"""

import asyncio
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from crawler.errors import StorageError
from crawler.logs import get_logger
from crawler.model.plan import Plan
from crawler.model.result import Batch
from crawler.model.work import Link
from crawler.policy.admission import Admission
from crawler.policy.scope import Scope
from crawler.ports import Frontier, Now

ROOTS_SCANNED = "roots_scanned"
"""Name in the frontier's meta table: how many scope roots all records so far were judged with."""

_PIECE_BYTES = 1 << 20
"""The loop is given back after so much: signals and heartbeats come through."""
_SLICE_PIECES = 32
_LINKS_PER_COMMIT = 5_000


@dataclass(slots=True)
class _Rest:
    """What is still to be read of one part."""

    path: Path
    at: int
    end: int


async def roots_of_new_crawl(frontier: Frontier) -> dict[str, str]:
    """Return what to store after seeding: no record was judged yet, so none without these roots."""
    if (await frontier.counters()).get("records", 0):
        return {}
    return {ROOTS_SCANNED: str(len(await frontier.roots()))}


class Widening:
    """Reads records again, a slice per call, while roots are there that they were not judged by."""

    def __init__(self, plan: Plan, frontier: Frontier, now: Now) -> None:
        self._plan = plan
        self._frontier = frontier
        self._now = now
        self._log = get_logger("crawler.widening")
        self._rests: deque[_Rest] = deque()
        self._roots = 0
        """How many roots the reading that has begun is about; 0: none has."""
        self._links = 0
        self._old: Scope
        self._new: Admission

    async def step(self) -> bool:
        """Read on, called when the crawl looks over; False if there is nothing to read (any more).

        Raises:
            StorageError: a part cannot be read.
        """
        # With these every link of the scope is known by itself: it is a seed, or nothing is out.
        if self._plan.scope in ("page", "any") or (not self._roots and not await self._begin()):
            return False
        for _ in range(_SLICE_PIECES):
            if not self._rests:
                await self._end()
                break
            await self._add(self._read_piece(self._rests[0]))
            if self._rests[0].at >= self._rests[0].end:
                self._rests.popleft()
            await asyncio.sleep(0)
        return True

    async def _begin(self) -> bool:
        roots = await self._frontier.roots()
        scanned = int((await self._frontier.meta()).get(ROOTS_SCANNED, "0"))
        if len(roots) <= scanned:
            return False
        plan = self._plan
        self._old = Scope(plan.scope, roots[:scanned], plan.include, plan.exclude)
        if not any(self._old.refusal(root) == "scope" for root in roots[scanned:]):
            await self._frontier.set_meta({ROOTS_SCANNED: str(len(roots))})
            return False
        self._new = Admission(Scope(plan.scope, roots, plan.include, plan.exclude), self._now())
        self._roots, self._links = len(roots), 0
        self._rests.extend(
            _Rest(plan.output / part.name, 0, part.bytes)
            for part in await self._frontier.parts()
            if part.bytes
        )
        self._log.info("scope_widened", roots=len(roots) - scanned, parts=len(self._rests))
        return True

    async def _end(self) -> None:
        await self._frontier.set_meta({ROOTS_SCANNED: str(self._roots)})
        self._log.info("records_reread", links=self._links)
        self._roots = 0

    def _read_piece(self, rest: _Rest) -> list[Link]:
        """Read whole lines; return their links that only the old scope has refused."""
        size = _PIECE_BYTES
        try:
            with rest.path.open("rb") as file:
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
        # A page is linked from many of its site; one link is enough.
        found: dict[str, Link] = {}
        for line in data[:end].splitlines():
            for link in self._links_of(orjson.loads(line)):
                first = found.setdefault(link.url, link)
                if link.depth < first.depth:
                    found[link.url] = link
        return list(found.values())

    def _links_of(self, record: Mapping[str, Any]) -> Iterator[Link]:
        """Yield what this record leads to now, as the reader of its page would have judged it."""
        status, depth = record["status"] or 0, record["depth"]
        if 200 <= status < 300:
            if not {"nofollow", "none"}.isdisjoint((record["robots"] or "").split(", ")):
                return
            forbidden = set(record.get("nofollow", ()))
            for url in record["links"]:
                if self._is_new(url, depth + 1) and url not in forbidden:
                    yield Link(url, depth + 1, None)
        elif 300 <= status < 400 and record["error"] is None and record["final_url"]:
            target = record["final_url"]
            if target != record["url"] and self._is_new(target, depth):
                yield Link(target, depth, None, chain=(*record["redirects"], record["url"]))

    def _is_new(self, url: str, depth: int) -> bool:
        return self._old.refusal(url) == "scope" and self._new.refusal(url, depth) is None

    async def _add(self, links: list[Link]) -> None:
        for start in range(0, len(links), _LINKS_PER_COMMIT):
            batch = Batch(links=links[start : start + _LINKS_PER_COMMIT])
            self._links += (await self._frontier.commit(batch, now=self._now())).new_links
