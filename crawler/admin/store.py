"""The server's own way to the store: a frontier that can only read, one question at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from crawler.errors import CrawlerError
from crawler.ports import Frontier

TIMEOUT_S = 3.0
_T = TypeVar("_T")


class StoreSilent(Exception):
    """No answer now: busy, not there yet, or out of order; the text is for a person."""


class Store:
    """Asks the store on a connection and a thread of its own, so that nobody waits for it."""

    def __init__(self, open_store: Callable[[], Awaitable[Frontier]]) -> None:
        self._open_store = open_store
        self._frontier: Frontier | None = None
        self._turn = asyncio.Lock()

    async def ask(self, read: Callable[[Frontier], Awaitable[_T]]) -> _T:
        """Return what `read` finds.

        Raises:
            StoreSilent: it took too long, or failed.
        """
        try:
            async with asyncio.timeout(TIMEOUT_S), self._turn:
                if self._frontier is None:
                    self._frontier = await self._open_store()
                return await read(self._frontier)
        except TimeoutError:
            raise StoreSilent("the store is busy; ask again") from None
        except CrawlerError as error:
            raise StoreSilent(str(error)) from error

    async def close(self) -> None:
        if self._frontier is not None:
            await self._frontier.close()
