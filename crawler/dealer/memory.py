"""How much memory readers have, and the end of one that has too much.

A reader beyond the limit ends in order: it finishes or gives back what it has, another one takes
its place meanwhile, nobody is blamed. One that grows on to twice the limit is killed as if it had
crashed: what it was at work on may be to blame, and must not do the same to the next one for ever.
"""

import logging
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from crawler.dealer.handle import ReaderHandle
from crawler.dealer.messages import Down

logger = logging.getLogger(__name__)

LOOK_S = 1.0
_KILL_TIMES = 2
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def resident_bytes(pid: int | None) -> int | None:
    """Return the resident memory of a process; None where the system does not say (not Linux)."""
    try:
        fields = Path(f"/proc/{pid}/statm").read_bytes().split()
        return int(fields[1]) * _PAGE_BYTES
    except (OSError, IndexError, ValueError):
        return None


class MemoryGuard:
    """Looks at the readers once a second."""

    def __init__(
        self,
        limit_bytes: int | None,
        now_s: Callable[[], float],
        grace_s: float,
        *,
        measure: Callable[[int | None], int | None] = resident_bytes,
    ) -> None:
        """`grace_s`: how long a reader may take to end in order."""
        self._limit_bytes = limit_bytes
        self._now_s = now_s
        self._grace_s = grace_s
        self._measure = measure
        self._look_at = 0.0
        self._ends_at: dict[str, float] = {}

    def look(self, readers: Iterable[ReaderHandle]) -> None:
        """End readers that have too much; does nothing if the last look is not a second ago."""
        now = self._now_s()
        if self._limit_bytes is None or now < self._look_at:
            return
        self._look_at = now + LOOK_S
        kept = {}
        for reader in readers:
            size = self._measure(reader.process.pid) or 0
            ends_at = self._ends_at.get(reader.name)
            if ends_at is not None:
                kept[reader.name] = ends_at
            if size > _KILL_TIMES * self._limit_bytes:
                # Even where it was asked to end: what it does now is what costs the memory.
                reader.ended_on_purpose = False
                if reader.kill():
                    self._say(reader, size, killed=True)
            elif ends_at is None and size > self._limit_bytes and not reader.retiring:
                reader.retire()
                reader.sink.send((Down.STOP.value,))
                kept[reader.name] = now + self._grace_s
                self._say(reader, size, killed=False)
            elif ends_at is not None and now >= ends_at:
                reader.kill()
        self._ends_at = kept

    def _say(self, reader: ReaderHandle, size: int, *, killed: bool) -> None:
        reader.outgrew = True
        extra = {
            "reader": reader.name,
            "reader_pid": reader.process.pid,
            "resident_bytes": size,
            "limit_bytes": self._limit_bytes,
            "killed": killed,
        }
        logger.warning("reader_outgrew", extra=extra)
