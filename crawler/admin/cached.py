"""Answers that are made at most once a second, however often they are asked for."""

import asyncio
from collections.abc import Awaitable, Callable

from crawler.admin.answer import Answer

FRESH_S = 1.0
_MOST = 64


class Cache:
    """Answers by key. What is being made is waited for, not made twice."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[float, asyncio.Future[Answer]]] = {}

    async def get(self, key: str, make: Callable[[], Awaitable[Answer]]) -> Answer:
        now = asyncio.get_running_loop().time()
        held = self._made.get(key)
        if held is not None and (not held[1].done() or now - held[0] < FRESH_S):
            return await asyncio.shield(held[1])
        if len(self._made) >= _MOST:
            self._made = {k: v for k, v in self._made.items() if not v[1].done()}
        making = asyncio.ensure_future(make())
        self._made[key] = (now, making)
        return await asyncio.shield(making)
