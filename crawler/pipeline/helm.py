"""What a person has asked for, as a running crawl takes it in: once for each order, at a look."""

import json
from collections.abc import Mapping, MutableSet

from crawler.logs import get_logger
from crawler.model.control import Steering
from crawler.ports import Frontier

OPERATOR = "operator"
"""In `holds`: a person has paused the crawl."""


class Helm:
    """Follows the orders in one store."""

    def __init__(self, frontier: Frontier, holds: MutableSet[str]) -> None:
        """`holds` gets and loses `OPERATOR`."""
        self._frontier = frontier
        self._holds = holds
        self._order = -1
        self._halted: frozenset[str] = frozenset()
        self._roots = 0
        self._named: frozenset[str] = frozenset()
        self._steering: Steering | None = None
        self._log = get_logger("crawler.helm")

    async def begin(self) -> None:
        """Take in how things stand, before the first claim."""
        await self.hear(await self._frontier.counters())
        self._steering = None  # no reader is there that would have to be told

    async def hear(self, counters: Mapping[str, int]) -> None:
        """Take in what has been asked for since the last call; reads no more if nothing was."""
        order = counters.get("orders", 0)
        if order == self._order:
            return
        self._order = order
        paused = bool(counters.get("paused"))
        if paused != (OPERATOR in self._holds):
            if paused:
                self._holds.add(OPERATOR)
                self._log.warning("crawl_paused", by="a person", until="crawler resume")
            else:
                self._holds.discard(OPERATOR)
                self._log.warning("crawl_resumed")
        halted = frozenset(await self._frontier.control.halted())
        if halted != self._halted:
            self._log.info("hosts_halted", hosts=len(halted), first=sorted(halted)[:20])
        roots = await self._frontier.roots()
        meta = await self._frontier.meta()
        named = frozenset(json.loads(meta.get("named_origins", "[]")))
        before = self._steering or Steering()
        self._steering = Steering(
            all_back=before.all_back or paused,
            hosts=before.hosts | (halted - self._halted),
            roots=(*before.roots, *roots[self._roots :]),
            named=(*before.named, *sorted(named - self._named)),
        )
        self._halted, self._roots, self._named = halted, len(roots), named
        if order:
            await self._frontier.control.heard(order)

    def told(self) -> Steering | None:
        """Return what the process manager has to do, once."""
        steering, self._steering = self._steering, None
        return steering
