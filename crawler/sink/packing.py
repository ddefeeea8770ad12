"""Packs one part in a process of its own, so that the crawl's own processes do nothing of it.

    python -m crawler.sink.packing PART BYTES PARENT_PID

writes `PART.zst.tmp`, syncs it, reads it back and compares. On stdout it says in one line of JSON
what it made; the caller gives the file its name. It ends with the process that started it.
"""

import ctypes
import hashlib
import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from crawler.errors import StorageError
from crawler.sink.packed import (
    FRAME_BYTES,
    LEVEL,
    Frame,
    PackedFile,
    load_zstd,
    read_table,
    table_of,
)
from crawler.sink.reading import packed_path, temporary_path

NICENESS = 10
"""The crawl goes first; with two busy cores a tenth of one is left for packing."""
_CHUNK_BYTES = 1 << 20
_PDEATHSIG = 1


class Packing(NamedTuple):
    """What was made of a part."""

    packed_bytes: int
    sha256: str
    """Of its lines."""


def place(path: Path) -> None:
    """Give what was packed its name, durably; whatever had that name is replaced.

    Raises:
        OSError: the file system failed.
    """
    temporary_path(path).replace(packed_path(path))
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def pack_part(path: Path, size: int) -> Packing:
    """Pack the first `size` bytes of a part into its temporary file, durably, and read them back.

    Raises:
        StorageError: the part is too short, or what was written is not what was read.
        OSError: a file cannot be read or written.
    """
    target = temporary_path(path)
    target.unlink(missing_ok=True)
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(target, flags, 0o600), "wb") as file:
        digest = _write(path, size, file.fileno())
        os.fsync(file.fileno())
    if _read_back(target, size) != digest:
        raise StorageError(f"{target} does not hold what {path} does")
    return Packing(target.stat().st_size, digest)


def _write(path: Path, size: int, target: int) -> str:
    zstd = load_zstd()
    options = {
        zstd.CompressionParameter.compression_level: LEVEL,
        zstd.CompressionParameter.checksum_flag: 1,
    }
    digest = hashlib.sha256()
    frames: list[Frame] = []
    left = size
    with path.open("rb") as source:
        while left:
            lines = source.read(min(left, FRAME_BYTES))
            if len(lines) < left and not lines.endswith(b"\n"):
                lines += source.readline(left - len(lines))
            if not lines:
                raise StorageError(f"{path} lacks {left} bytes that were committed")
            digest.update(lines)
            frame = zstd.compress(lines, options=options)
            _write_all(target, frame)
            frames.append(Frame(len(frame), len(lines)))
            left -= len(lines)
    _write_all(target, table_of(frames))
    return digest.hexdigest()


def _write_all(target: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(target, view) :]


def _read_back(path: Path, size: int) -> str | None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    frames = read_table(descriptor) or []
    digest = hashlib.sha256()
    with PackedFile(path, descriptor, frames) as file:
        if file.size != size:
            return None
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def main(path: str, size: str, parent: str) -> int:
    """Pack as the arguments say; return the exit code."""
    _end_with(int(parent))
    os.nice(NICENESS)
    try:
        made = pack_part(Path(path), int(size))
    except (OSError, StorageError) as error:
        with suppress(OSError):
            temporary_path(Path(path)).unlink(missing_ok=True)
        sys.stderr.write(f"{error}\n")
        return StorageError.exit_code
    sys.stdout.write(json.dumps(made._asdict()) + "\n")
    return 0


def _end_with(parent: int) -> None:
    """Let the kernel end this process with the one that started it, where it can."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(StorageError.exit_code)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
