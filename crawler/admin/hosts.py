"""`GET /api/hosts` and `/api/hosts/{host}`: read from the store on a connection of their own."""

import asyncio
from collections.abc import Awaitable, Callable

from crawler.admin.answer import Answer, json_answer
from crawler.admin.state import host_row
from crawler.errors import CrawlerError
from crawler.ports import Frontier, Now

TIMEOUT_S = 3.0


class Hosts:
    """Hosts of the store; `open_store` gives a frontier that can only read."""

    def __init__(self, open_store: Callable[[], Awaitable[Frontier]], now: Now) -> None:
        self._open_store = open_store
        self._now = now
        self._frontier: Frontier | None = None
        self._turn = asyncio.Lock()

    async def close(self) -> None:
        if self._frontier is not None:
            await self._frontier.close()

    async def some(self, limit: int) -> Answer:
        """Return those with most left to do."""

        async def read(frontier: Frontier) -> Answer:
            now = self._now()
            hosts = await frontier.hosts(now=now, limit=limit)
            return json_answer({"at": now, "hosts": [host_row(host, now) for host in hosts]})

        return await self._ask(read)

    async def one(self, host: str) -> Answer:
        """Return everything about one host."""
        return json_answer({"error": f"no host {host!r} is known"}, status=404)

    async def _ask(self, read: Callable[[Frontier], Awaitable[Answer]]) -> Answer:
        """Ask the store, one question at a time and no longer than it may take."""
        try:
            async with asyncio.timeout(TIMEOUT_S), self._turn:
                if self._frontier is None:
                    self._frontier = await self._open_store()
                return await read(self._frontier)
        except TimeoutError:
            return json_answer({"error": "the store is busy; ask again"}, status=503)
        except CrawlerError as error:
            return json_answer({"error": str(error)}, status=503)
