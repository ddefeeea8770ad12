"""Stops the claims before the disk is full, and lets them go on once there is space again.

A full disk would end the crawl (exit code 3), and may hurt what else runs on the machine.
"""

import os
from collections.abc import Callable
from pathlib import Path

from crawler.logs import get_logger

GO_ON_SHARE = 1.1
"""So much of the least must be free again: readers that finish their pages would else turn it."""
HOLD = "disk"


def free_bytes(path: Path) -> int | None:
    """Return what an ordinary user may still write there; None where the system does not say."""
    try:
        found = os.statvfs(path)
    except OSError:
        return None
    return found.f_bavail * found.f_frsize


class DiskGuard:
    """Looks at the disks of one job."""

    def __init__(
        self,
        paths: tuple[Path, ...],
        min_free_bytes: int,
        *,
        measure: Callable[[Path], int | None] = free_bytes,
    ) -> None:
        """`min_free_bytes`: 0 looks at nothing."""
        self._paths = paths
        self._min_free_bytes = min_free_bytes
        self._measure = measure
        self._log = get_logger("crawler.node")
        self.full: Path | None = None
        """The one that has too little space."""

    def look(self, holds: set[str]) -> None:
        """Put `disk` among the holds, or take it away."""
        if not self._min_free_bytes:
            return
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
