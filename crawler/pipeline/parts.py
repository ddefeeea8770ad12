"""Which part a reader process writes to, and when it opens the next one."""

from pathlib import Path

from crawler.model.result import Batch, PartMark
from crawler.ports import Frontier, Now
from crawler.sink.jsonl import PartFile


class PartRotation:
    """Opens a part when the first record comes, and the next one by size or age.

    A reader that never writes a record leaves no empty file behind.
    """

    def __init__(
        self,
        frontier: Frontier,
        directory: Path,
        reader: str,
        now: Now,
        *,
        max_bytes: int,
        max_age_ms: int,
    ) -> None:
        self._frontier = frontier
        self._directory = directory
        self._reader = reader
        self._now = now
        self._max_bytes = max_bytes
        self._max_age_ms = max_age_ms
        self._opened_at = 0
        self._part: PartFile | None = None
        self.part_id = 0

    async def current(self) -> PartFile:
        """Return the part that the next batch goes to.

        Raises:
            CrawlerError: the part cannot be registered or made.
        """
        part = self._part
        if part is not None and not self._is_old(part):
            return part
        if part is not None:
            await self._seal(part)
        row = await self._frontier.new_part(self._reader)
        self._part = part = PartFile(self._directory / row.name)
        self.part_id = row.part_id
        self._opened_at = self._now()
        return part

    def _is_old(self, part: PartFile) -> bool:
        return part.size >= self._max_bytes or (
            part.size > 0 and self._now() - self._opened_at >= self._max_age_ms
        )

    async def _seal(self, part: PartFile) -> None:
        part.sync()
        mark = PartMark(self.part_id, part.size, part.size, 0, sealed=True)
        await self._frontier.commit(Batch(parts=[mark]), now=self._now())
        part.close()

    async def seal(self) -> None:
        """Seal the open part, if there is one: a clean end of the reader."""
        if self._part is not None:
            await self._seal(self._part)
            self._part = None
