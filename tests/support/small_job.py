"""A job made by hand: committed records, bytes that are not committed, known URLs."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from crawler.frontier.sqlite import SqliteFrontier
from crawler.model.result import Batch, PartMark
from crawler.model.work import Link
from crawler.ports import FrontierOptions, Part

OPTIONS = FrontierOptions(delay_ms=0, per_host=1, lease_ms=1000, window_ms=0, robots=True)
UNCOMMITTED = (
    b'{"url":"http://a.example/never","final_url":"http://a.example/never","status":200}\n{"u'
)


class SmallJob:
    """Adds to a job as a crawl does: bytes first, then their commit."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.pages = root / "pages"
        self.pages.mkdir(parents=True)
        self.parts: dict[str, tuple[Part, int]] = {}
        asyncio.run(self._run(lambda frontier: frontier.counters()))

    def know(self, *urls: str) -> None:
        """Let the frontier know URLs."""
        links = [Link(url, 1, None) for url in urls]
        asyncio.run(self._run(lambda frontier: frontier.add(links, now=1_000)))

    def commit(self, reader: str, records: Sequence[dict[str, Any]]) -> Path:
        """Append records to the part of a reader and commit them; then append what is not."""
        if reader not in self.parts:
            part = asyncio.run(self._run(lambda frontier: frontier.new_part(reader)))
            self.parts[reader] = part, 0
        part, size = self.parts[reader]
        path = self.pages / part.name
        lines = b"".join(orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE) for one in records)
        before = path.read_bytes()[:size] if path.exists() else b""
        path.write_bytes(before + lines + UNCOMMITTED)
        mark = PartMark(part.part_id, size, size + len(lines), len(records))
        asyncio.run(self._run(lambda frontier: frontier.commit(Batch(parts=[mark]), now=1_000)))
        self.parts[reader] = part, size + len(lines)
        return path

    async def _run(self, work: Any) -> Any:
        frontier = SqliteFrontier(self.root / "frontier.db", OPTIONS)
        await frontier.open()
        try:
            return await work(frontier)
        finally:
            await frontier.close()
