"""Which part a reader process writes to, and when it opens the next one."""

from collections.abc import Callable
from pathlib import Path

from crawler.model.result import Batch
from crawler.ports import Frontier, Now, Part
from crawler.sink.part import OpenPart


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
        max_store_bytes: int = 0,
        head: Callable[[Part], bytes] | None = None,
    ) -> None:
        """Make the rotation; with `head`, which a file of bodies begins with, there are such."""
        self._frontier = frontier
        self._directory = directory
        self._reader = reader
        self._now = now
        self._max_bytes = max_bytes
        self._max_age_ms = max_age_ms
        self._max_store_bytes = max_store_bytes
        self._head = head
        self._opened_at = 0
        self._part: OpenPart | None = None

    async def current(self) -> OpenPart:
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
        head = None if self._head is None else self._head(row)
        self._part = part = OpenPart(self._directory, row, head)
        self._opened_at = self._now()
        return part

    def _is_old(self, part: OpenPart) -> bool:
        if self._head is not None and part.store_size >= self._max_store_bytes and part.size > 0:
            return True
        return part.size >= self._max_bytes or (
            part.size > 0 and self._now() - self._opened_at >= self._max_age_ms
        )

    async def _seal(self, part: OpenPart) -> None:
        part.sync()
        await self._frontier.commit(Batch(parts=[part.mark(0, sealed=True)]), now=self._now())
        part.close()

    async def seal(self) -> None:
        """Seal the open part, if there is one: a clean end of the reader."""
        if self._part is not None:
            await self._seal(self._part)
            self._part = None
