"""What is said again and again is counted, not written: a log that grows by gigabytes is not read.

Counts are of one process, by event and logger; what a library says counts by its sentence before
values are put into it.
"""

import logging
from collections.abc import Iterator
from typing import NamedTuple

WINDOW_S = 10.0
MOST_WARNINGS = 20
"""Of one name in a window; an error is a warning here."""
MOST_INFOS = 200
SELDOM: dict[str, tuple[float, int | None]] = {"part_ship_failed": (60.0, 3)}
"""What an outage has said of each part that meets it, for as long as it lasts: its window, and how
many of it are written then."""
_OFTEN: tuple[float, int | None] = (WINDOW_S, None)
"""Of all others; how many goes by the level."""
_MOST_NAMES = 1000


class Dropped(NamedTuple):
    """Events of one name that were not written."""

    name: str
    logger: str
    level: int
    times: int
    for_s: float


class _Seen:
    __slots__ = ("began", "count", "level", "most", "window_s")

    def __init__(self, began: float, name: str) -> None:
        self.began = began
        self.window_s, self.most = SELDOM.get(name, _OFTEN)
        self.count = 0
        self.level = 0


class Repeats:
    """Says of each event whether it is written; times are seconds of a monotonic clock."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], _Seen] = {}
        self._looked_at = 0.0

    def is_written(self, logger: str, name: str, level: int, now: float) -> bool:
        """Count one event."""
        if level < logging.INFO:
            return True  # who wants debug events wants them all
        seen = self._seen.get((logger, name))
        if seen is None:
            if len(self._seen) >= _MOST_NAMES:
                return True  # names with values in them: not ours to count
            seen = self._seen[(logger, name)] = _Seen(now, name)
        elif now - seen.began >= seen.window_s and not _dropped(seen):
            seen.began, seen.count = now, 0
        seen.count += 1
        seen.level = max(seen.level, level)
        return not _dropped(seen)

    def ended(self, now: float, *, all_of_them: bool = False) -> Iterator[Dropped]:
        """Yield what was dropped in windows that are over, once; call it before `is_written`."""
        if now - self._looked_at < 1 and not all_of_them:
            return
        self._looked_at = now
        for (logger, name), seen in list(self._seen.items()):
            if now - seen.began < seen.window_s and not all_of_them:
                continue
            del self._seen[(logger, name)]
            if dropped := _dropped(seen):
                yield Dropped(name, logger, seen.level, dropped, round(now - seen.began, 1))


def _dropped(seen: _Seen) -> int:
    most = seen.most
    if most is None:
        most = MOST_WARNINGS if seen.level >= logging.WARNING else MOST_INFOS
    return max(0, seen.count - most)
