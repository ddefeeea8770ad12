"""The job's log: appended to by all processes of a node, begun anew at a size, old ones kept.

Whoever finds the file full renames it, under a lock on that file; the others notice that what they
have open is full, find another file under its name, and open that. Nobody waits.
"""

import fcntl
import os
import time
from pathlib import Path

from crawler.errors import StorageError

_FILE_MODE = 0o600
_AFTER_ERROR_S = 5.0
_WRITING_S = 0.05


class LogFile:
    """One descriptor opened for appending."""

    def __init__(self, path: Path, *, max_bytes: int, keep: int) -> None:
        """Open it.

        Raises:
            StorageError: it cannot be opened.
        """
        self.path = path
        self._max_bytes = max_bytes
        self._keep = keep
        self._not_before = 0.0
        self._may_be_torn = True
        """Looked at before the first line, and after one that could not be written whole."""
        try:
            self._file = self._open()
        except OSError as error:
            raise StorageError(f"{path} cannot be written: {error.strerror}") from error

    def append(self, line: bytes) -> None:
        """Write one line, in one write: lines of several processes never mix.

        A full disk costs log lines here; where it costs records it is an error of its own.
        """
        if self._not_before and time.monotonic() < self._not_before:
            return
        try:
            if os.fstat(self._file).st_size + len(line) > self._max_bytes:
                self._begin_anew()
            if self._may_be_torn and self._is_torn():
                line = b"\n" + line
            written = os.write(self._file, line)
            self._may_be_torn = written < len(line)
            if self._may_be_torn:
                self._take_back(line[:written])
            self._not_before = 0.0
        except OSError:
            self._may_be_torn = True
            self._not_before = time.monotonic() + _AFTER_ERROR_S

    def _is_torn(self) -> bool:
        """Whether the disk was full, or the power cut, in the middle of the last line."""
        size = os.fstat(self._file).st_size
        if size == 0 or os.pread(self._file, 1, size - 1) == b"\n":
            return False
        time.sleep(_WRITING_S)  # of a line that another process writes, half may be seen
        return os.fstat(self._file).st_size == size

    def _take_back(self, begun: bytes) -> None:
        """Cut off what a full disk took of a line: who reads the log as JSON would stop there."""
        at = os.fstat(self._file).st_size - len(begun)
        if os.pread(self._file, len(begun), at) == begun:
            os.ftruncate(self._file, at)

    def close(self) -> None:
        os.close(self._file)

    def _open(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        return os.open(self.path, flags, _FILE_MODE)

    def _begin_anew(self) -> None:
        # Opened for the lock alone: our descriptor is shared with all that were forked from one
        # process, and so would be a lock on it.
        named = self._open()
        try:
            try:
                fcntl.flock(named, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return  # another process is at it: this line still goes to the full one
            full, found = os.fstat(self._file), os.fstat(named)
            is_ours = (full.st_dev, full.st_ino) == (found.st_dev, found.st_ino)
            # A line may be longer than a file. And who had the lock before has renamed this one.
            if is_ours and found.st_size and self._is_named(found):
                self._shift()
        finally:
            os.close(named)
        new = self._open()
        os.close(self._file)
        self._file = new

    def _is_named(self, found: os.stat_result) -> bool:
        try:
            return os.path.samestat(self.path.lstat(), found)
        except FileNotFoundError:
            return False

    def _shift(self) -> None:
        if self._keep == 0:
            self.path.unlink()
            return
        free = 1
        while free < self._keep and self._numbered(free).exists():
            free += 1
        for number in range(free, 1, -1):
            self._numbered(number - 1).replace(self._numbered(number))
        self.path.replace(self._numbered(1))

    def _numbered(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")
