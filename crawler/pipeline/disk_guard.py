"""Stops the claims before the disk is full, and lets them go on once there is space again.

A full disk would end the crawl (exit code 3), and may hurt what else runs on the machine.
"""

import os
from collections.abc import Callable
from pathlib import Path

from crawler.errors import StorageError
from crawler.logs import get_logger
from crawler.ports import Frontier

GO_ON_SHARE = 1.1
"""So much of the least must be free again: readers that finish their pages would else turn it."""
HOLD = "disk"
FULL = "disk_full"
"""Name in the store's meta of the path that has too little space, for those who ask how it goes."""


def free_bytes(path: Path) -> int | None:
    """Return what an ordinary user may still write there; None where the system does not say."""
    try:
        found = os.statvfs(path)
    except OSError:
        return None
    return found.f_bavail * found.f_frsize


def refuse_gone(output: Path) -> None:
    """Raise StorageError once a directory is gone: what is crawled would go nowhere."""
    try:
        output.stat()
    except FileNotFoundError:
        raise StorageError(
            f"{output} is gone, with the parts in it: put it back, or begin anew with --fresh"
        ) from None
    except OSError:
        return  # of a disk that has its moments; a write says more


class DiskGuard:
    """Looks at the disks of one job."""

    def __init__(
        self,
        paths: tuple[Path, ...],
        min_free_bytes: int,
        frontier: Frontier,
        *,
        measure: Callable[[Path], int | None] = free_bytes,
    ) -> None:
        """`min_free_bytes`: 0 looks at nothing. The frontier says to others which disk is full."""
        self._paths = paths
        self._min_free_bytes = min_free_bytes
        self._frontier = frontier
        self._measure = measure
        self._log = get_logger("crawler.node")
        self.full: Path | None = None
        """The one that has too little space."""

    async def begin(self) -> None:
        """Take back what a run that was killed has noted."""
        if (await self._frontier.meta()).get(FULL):
            await self._frontier.set_meta({FULL: ""})

    async def look(self, holds: set[str]) -> None:
        """Put `disk` among the holds, or take it away."""
        before = self.full
        if self._min_free_bytes:
            self._judge(holds)
        if self.full != before:
            await self._frontier.set_meta({FULL: str(self.full or "")})

    def _judge(self, holds: set[str]) -> None:
        paths = self._paths if self.full is None else (self.full, *self._paths)
        for path in paths:
            free = self._measure(path)
            if free is None:
                continue
            if self.full is None and free < self._min_free_bytes:
                self.full = path
                holds.add(HOLD)
                self._log.warning(
                    "disk_filled",
                    path=str(path),
                    free_bytes=free,
                    min_free_bytes=self._min_free_bytes,
                )
                return
            if path == self.full and free < self._min_free_bytes * GO_ON_SHARE:
                return
            if path == self.full:
                self._log.info("disk_freed", path=str(path), free_bytes=free)
                self.full = None
                holds.discard(HOLD)
