"""A thread that ends what no event loop can: a reader whose loop is stuck, and the parent itself.

It keeps to the machine's monotonic clock, like the heartbeats that it reads. If it was itself
stopped (SIGSTOP to the group, a suspended machine), nobody could beat meanwhile: it starts anew.
"""

import contextvars
import faulthandler
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence

from crawler.dealer.handle import ReaderHandle

logger = logging.getLogger(__name__)

_LOOK_S = 0.25
_OVERSLEPT_S = 1.0


def monotonic_ms() -> int:
    return time.monotonic_ns() // 1_000_000


class Watchdog:
    """Looks at heartbeats four times a second."""

    def __init__(
        self,
        readers: Callable[[], Sequence[ReaderHandle]],
        *,
        reader_stuck_s: float,
        parent_stuck_s: float,
    ) -> None:
        self._readers = readers
        self._reader_stuck_ms = int(reader_stuck_s * 1000)
        self._parent_stuck_ms = int(parent_stuck_s * 1000)
        self._parent_beat_ms = monotonic_ms()
        self._ended = threading.Event()
        # What it logs has the run, as all events have.
        bound = contextvars.copy_context()
        self._thread = threading.Thread(
            target=bound.run, args=(self._watch,), name="watchdog", daemon=True
        )

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def parent_beat(self) -> None:
        """The parent's loop turns."""
        self._parent_beat_ms = monotonic_ms()

    def _watch(self) -> None:
        looked_ms = not_before_ms = monotonic_ms()
        while not self._ended.wait(_LOOK_S):
            now_ms = monotonic_ms()
            if now_ms - looked_ms > (_LOOK_S + _OVERSLEPT_S) * 1000:
                not_before_ms = now_ms
            looked_ms = now_ms
            if now_ms - max(self._parent_beat_ms, not_before_ms) > self._parent_stuck_ms:
                self._end_process()
            for reader in self._readers():
                beat_ms = max(reader.region.last_beat(), not_before_ms)
                if now_ms - beat_ms > self._reader_stuck_ms and reader.kill():
                    logger.error("reader_stuck", extra={"reader": reader.name})

    def _end_process(self) -> None:
        """The parent can do nothing any more; its readers die with it, a restart recovers."""
        logger.critical("parent_stuck")
        faulthandler.dump_traceback(file=sys.__stderr__ or 2, all_threads=True)
        os._exit(1)
