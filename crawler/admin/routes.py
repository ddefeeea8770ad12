"""What the server has: an address, and what makes its answer."""

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote

from crawler.admin.answer import Answer, json_answer, text_answer
from crawler.admin.cached import Cache
from crawler.admin.pages import PageFile, page_files
from crawler.admin.state import state_of
from crawler.admin.watch import Watch

if TYPE_CHECKING:
    from crawler.admin.hosts import Hosts
    from crawler.admin.metrics import Disks, Metrics

_LIMIT = 100
_MOST_HOSTS = 1000
_HOST = "/api/hosts/"
_COMPRESS_FROM = 10_000


class Routes:
    """Answers requests that were let in; paths are as they came, percent-encoded."""

    def __init__(self, watch: Watch, disks: "Disks", *, hosts: "Hosts", metrics: "Metrics") -> None:
        self._watch = watch
        self._disks = disks
        self._hosts = hosts
        self._metrics = metrics
        self._cache = Cache()
        self._files = page_files()
        self._read: dict[str, Answer] = {}
        self._made: dict[str, Callable[[], Awaitable[Answer]]] = {
            "/metrics": self._show_metrics,
            "/api/state": self._show_state,
        }

    async def answer(self, path: str, query: str) -> Answer:
        made = self._made.get(path)
        if made is not None:
            return await self._cache.get(path, made)
        if (page := self._files.get(path)) is not None:
            return await self._show_page(path, page)
        if path.startswith("/api/hosts"):
            return await self._show_hosts(path, query)
        return self._show_health(path)

    def _show_health(self, path: str) -> Answer:
        if path == "/healthz":
            return text_answer("alive")
        if path == "/readyz":
            verdict = self._watch.verdict()
            return text_answer(verdict.why, status=200 if verdict.moving else 503)
        return text_answer("there is nothing here", status=404)

    async def _show_hosts(self, path: str, query: str) -> Answer:
        host = unquote(path.removeprefix(_HOST)) if path.startswith(_HOST) else ""
        if host:
            return await self._cache.get(f"host {host}", lambda: self._hosts.one(host))
        limit = _limit(query)
        if path != "/api/hosts" or limit is None:
            return text_answer(f"limit must be a number from 1 to {_MOST_HOSTS}", status=400)
        return await self._cache.get(f"hosts {limit}", lambda: self._hosts.some(limit))

    async def _show_metrics(self) -> Answer:
        return await self._metrics.answer()

    async def _show_state(self) -> Answer:
        return json_answer(state_of(self._watch, self._disks.job))

    async def _show_page(self, path: str, page: PageFile) -> Answer:
        """Read a file once; it is part of an installed package and does not change."""
        answer = self._read.get(path)
        if answer is None:
            answer = self._read[path] = await asyncio.to_thread(_read, page)
        return answer


def _read(page: PageFile) -> Answer:
    body = page.place.read_bytes()
    return Answer(
        body=body,
        content_type=page.content_type,
        headers={"Cache-Control": f"private, max-age={page.max_age_s}"},
        gzipped=gzip.compress(body, 6) if len(body) >= _COMPRESS_FROM else None,
    )


def _limit(query: str) -> int | None:
    text = parse_qs(query).get("limit", [str(_LIMIT)])[0]
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        return None
    return int(text) if 1 <= int(text) <= _MOST_HOSTS else None
