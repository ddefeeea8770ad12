"""Opens part files for reading: as they were written, or packed.

A part that is read while the crawl runs may be packed at any moment; whoever has it open goes on
undisturbed, and whoever opens it then finds the same lines at the same offsets.
"""

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

from crawler.sink.packed import ENDING, ForeignFile, PackedFile, read_table

BUFFER_BYTES = 1024 * 1024
_T = TypeVar("_T")


def open_part(path: Path) -> BinaryIO:
    """Open the lines of a part; seekable, offsets are those of the lines.

    Args:
        path: of the part as it was written, whether it has been packed since or not; or of a packed
            file itself, also one that another tool made.

    Raises:
        OSError: it is not there in either form, or cannot be read; later too, where it is damaged.
    """
    return _find(path, _open)


def part_size(path: Path) -> int:
    """Return how many bytes of lines a part has; of a packed one by its table, nothing is unpacked.

    Raises:
        OSError: as `open_part` does.
    """
    return _find(path, _size)


def packed_path(path: Path) -> Path:
    """Return where a part is once it is packed."""
    return path.with_name(path.name + ENDING)


def temporary_path(path: Path) -> Path:
    """Return where the packed form of a part is made."""
    packed = packed_path(path)
    return packed.with_name(packed.name + ".tmp")


def _find(path: Path, do: Callable[[Path], _T]) -> _T:
    if path.suffix == ENDING:
        return do(path)
    try:
        return do(path)
    except FileNotFoundError:
        pass
    try:
        return do(packed_path(path))
    except FileNotFoundError:
        return do(path)  # what is missing is told by the name it had


def _open(path: Path) -> BinaryIO:
    if path.suffix != ENDING:
        return path.open("rb", buffering=BUFFER_BYTES)
    packed = _packed(path)
    if packed is not None:
        return cast("BinaryIO", io.BufferedReader(packed, BUFFER_BYTES))
    return cast("BinaryIO", io.BufferedReader(ForeignFile(path), BUFFER_BYTES))


def _size(path: Path) -> int:
    if path.suffix != ENDING:
        return path.stat().st_size
    packed = _packed(path)
    if packed is None:
        return 0
    with packed:
        return packed.size


def _packed(path: Path) -> PackedFile | None:
    """Return a packed part; None if it is none of ours, or was cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        frames = read_table(descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    if frames is None:
        os.close(descriptor)
        return None
    return PackedFile(path, descriptor, frames)
