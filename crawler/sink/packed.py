"""Packed parts: zstd frames of whole lines, and a table of them at the end.

Any zstd tool unpacks them. The table makes a byte in the middle cheap to reach: it stands in a
frame that such tools skip.

Format: https://github.com/facebook/zstd/blob/dev/contrib/seekable_format/zstd_seekable_compression_format.md
"""

import errno
import io
import os
import struct
from bisect import bisect_right
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

ENDING = ".zst"
FRAME_BYTES = 4 * 1024 * 1024
"""Of lines in one frame; the line that reaches over it is in it too. Reading holds one frame."""
LEVEL = 3

_SKIPPABLE, _SEEKABLE = 0x184D2A5E, 0x8F92EAB1
_HEADER = struct.Struct("<II")
_ENTRY = struct.Struct("<II")
_FOOTER = struct.Struct("<IBI")


class Frame(NamedTuple):
    """One frame: bytes in the file, and of lines."""

    packed: int
    size: int


def load_zstd() -> Any:
    """Return the standard library's zstd, or what stands in for it before Python 3.14."""
    try:
        from compression import zstd  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415
    except ImportError:
        from backports import zstd  # noqa: PLC0415
    return zstd


def table_of(frames: list[Frame]) -> bytes:
    """Return what is to stand at the end of the file."""
    entries = b"".join(_ENTRY.pack(*frame) for frame in frames)
    body = entries + _FOOTER.pack(len(frames), 0, _SEEKABLE)
    return _HEADER.pack(_SKIPPABLE, len(body)) + body


def read_table(descriptor: int) -> list[Frame] | None:
    """Return the frames of a file; None where there is no table, or it is not that of this file."""
    end = os.fstat(descriptor).st_size
    footer = os.pread(descriptor, _FOOTER.size, max(0, end - _FOOTER.size))
    if len(footer) < _FOOTER.size:
        return None
    count, flags, magic = _FOOTER.unpack(footer)
    length = count * _ENTRY.size + _FOOTER.size
    start = end - length - _HEADER.size
    if magic != _SEEKABLE or flags or start < 0:
        return None
    if os.pread(descriptor, _HEADER.size, start) != _HEADER.pack(_SKIPPABLE, length):
        return None
    entries = os.pread(descriptor, count * _ENTRY.size, start + _HEADER.size)
    frames = [Frame(*entry) for entry in _ENTRY.iter_unpack(entries)]
    return frames if sum(frame.packed for frame in frames) == start else None


class PackedFile(io.RawIOBase):
    """The lines of a packed part as one file, whose offsets are those of the lines."""

    def __init__(self, path: Path, descriptor: int, frames: list[Frame]) -> None:
        """Take over an open file and its table."""
        self._path = path
        self._descriptor = descriptor
        self._frames = frames
        self._starts = list(accumulate((one.size for one in frames), initial=0))
        self._places = list(accumulate((one.packed for one in frames), initial=0))
        self._zstd = load_zstd()
        self._at = 0
        self._open_frame = -1
        self._lines = b""

    @property
    def size(self) -> int:
        """How many bytes of lines there are."""
        return self._starts[-1]

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size}[whence]
        if start + offset < 0:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), str(self._path))
        self._at = start + offset
        return self._at

    def readinto(self, buffer: Any) -> int:
        if self._at >= self.size:
            return 0
        number = bisect_right(self._starts, self._at) - 1
        if number != self._open_frame:
            self._lines = self._unpack(number)
            self._open_frame = number
        start = self._at - self._starts[number]
        piece = memoryview(self._lines)[start : start + len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def _unpack(self, number: int) -> bytes:
        frame = self._frames[number]
        packed = os.pread(self._descriptor, frame.packed, self._places[number])
        try:
            unpacker = self._zstd.ZstdDecompressor()
            lines: bytes = unpacker.decompress(packed, max_length=frame.size + 1)
        except self._zstd.ZstdError as error:
            raise self._damaged(number) from error
        if len(lines) != frame.size or not unpacker.eof:
            raise self._damaged(number)
        return lines

    def _damaged(self, number: int) -> OSError:
        place = self._places[number]
        return OSError(errno.EIO, f"it is damaged in the frame at byte {place}", str(self._path))

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()


class ForeignFile(io.RawIOBase):
    """What another tool packed: as `PackedFile`, but to reach a byte all before it are unpacked."""

    def __init__(self, path: Path) -> None:
        self._path = path
        zstd = load_zstd()
        self._file = zstd.ZstdFile(path)
        self._faults = (zstd.ZstdError, EOFError)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        at: int = self._file.tell()
        return at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        at: int = self._file.seek(offset, whence)
        return at

    def readinto(self, buffer: Any) -> int:
        try:
            count: int = self._file.readinto(buffer)
        except self._faults as error:
            raise OSError(errno.EIO, f"it is damaged: {error}", str(self._path)) from error
        return count

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()
