"""The newest lines of a job's log, also when it is moved aside for a new one meanwhile."""

import json
import os
from pathlib import Path
from typing import Any

MOST_BYTES = 64 << 10
"""Of what came since the last look no more is read: the view cannot show it anyway."""

_NEEDED = {"event", "level", "pid"}


class LogTail:
    """Reads what was appended since the last `read`; a missing file has no lines."""

    def __init__(self, path: Path, *, from_end: bool = False) -> None:
        """`from_end`: lines that are there now are old news."""
        self._path = path
        self._inode = 0
        self._offset = 0
        if from_end and (status := self._status()) is not None:
            self._inode, self._offset = status.st_ino, status.st_size

    def read(self) -> list[dict[str, Any]]:
        status = self._status()
        if status is None:
            return []
        if status.st_ino != self._inode or status.st_size < self._offset:
            self._inode, self._offset = status.st_ino, 0
        if status.st_size == self._offset:
            return []
        start = max(self._offset, status.st_size - MOST_BYTES)
        try:
            with self._path.open("rb") as file:
                file.seek(start)
                data = file.read(status.st_size - start)
        except OSError:
            return []
        if start > self._offset:
            data = data.partition(b"\n")[2]
        whole = data.rfind(b"\n") + 1
        self._offset = status.st_size - (len(data) - whole)
        return [event for line in data[:whole].splitlines() if (event := _event(line))]

    def _status(self) -> os.stat_result | None:
        try:
            return self._path.stat()
        except OSError:
            return None


def _event(line: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and event.keys() >= _NEEDED else None
