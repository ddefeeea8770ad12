"""Part files: append whole batches, cut back to a committed offset."""

import errno
import os
from collections.abc import Mapping
from pathlib import Path

import orjson

from crawler.errors import StorageError

_FULL = {errno.ENOSPC, errno.EDQUOT}


def _refusal(error: OSError, path: Path, doing: str) -> StorageError:
    if error.errno in _FULL:
        return StorageError(f"no space left while {doing} {path}; free some and start again")
    return StorageError(f"cannot go on {doing} {path}: {error.strerror}")


def with_warc(line: bytes, mark: str, warc: Mapping[str, object] | None) -> bytes:
    """Return the line of a record whose body has found its place.

    A line is encoded while its page is worked on, with a mark as its `warc`: to encode a whole
    batch once that is known would be one long step.

    Args:
        line: of the record.
        mark: what stands there, a word that no page could know.
        warc: what is to stand there.
    """
    head, found, tail = line.rpartition(b'"' + mark.encode() + b'"')
    if not found:
        raise ValueError("the record has no mark where its body was to be named")
    return head + orjson.dumps(warc) + tail


class PartFile:
    """The open part of one reader process; `size` is where its next batch begins."""

    def __init__(self, path: Path) -> None:
        """Create the file; numbers are never reused, so an existing one is somebody else's.

        Raises:
            StorageError: the file exists, or cannot be made.
        """
        self.path = path
        self.size = 0
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            self._fd = os.open(path, flags, 0o600)
        except OSError as error:
            raise _refusal(error, path, "creating") from error

    def append(self, lines: bytes) -> None:
        """Append complete lines; on failure the file is as it was.

        Raises:
            StorageError: disk full, or the file system failed.
        """
        start = self.size
        view = memoryview(lines)
        try:
            while view:
                view = view[os.write(self._fd, view) :]
        except OSError as error:
            os.ftruncate(self._fd, start)
            raise _refusal(error, self.path, "writing") from error
        self.size = start + len(lines)

    def cut(self, size: int) -> None:
        """Take back what was appended after `size`."""
        os.ftruncate(self._fd, size)
        self.size = size

    def sync(self) -> None:
        """Make what was appended survive a power cut.

        Raises:
            StorageError: the file system failed.
        """
        try:
            os.fdatasync(self._fd)
        except OSError as error:
            raise _refusal(error, self.path, "syncing") from error

    def close(self) -> None:
        os.close(self._fd)


def cut_file(path: Path, size: int) -> int:
    """Cut a part that nobody writes any more to its committed size; return the bytes cut.

    A negative answer says how many committed bytes the file lacks; then nothing was done.

    Raises:
        StorageError: the file is missing although records of it were committed, or cannot be cut.
    """
    try:
        found = path.stat().st_size
    except FileNotFoundError:
        if size == 0:
            return 0
        raise StorageError(
            f"part missing: {path} holds {size} committed bytes; "
            "put it back, or begin anew with --fresh"
        ) from None
    except OSError as error:
        raise _refusal(error, path, "reading") from error
    if found > size:
        try:
            os.truncate(path, size)
        except OSError as error:
            raise _refusal(error, path, "cutting") from error
    return found - size
