"""Checksums of what a crawl wrote, for its manifest.

The loop turns meanwhile: a part with its bodies may be gigabytes, on a slow disk, and those who ask
how the crawl is get their answers.
"""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, TypedDict

from crawler.errors import StorageError
from crawler.ports import Part

PIECE_BYTES = 1 << 20
Open = Callable[[Path], BinaryIO]


class FileEntry(TypedDict):
    """A file that belongs to a part: its bodies (what follows `bytes` may vanish), or it packed."""

    name: str
    bytes: int
    sha256: str | None


class PartEntry(TypedDict):
    """One part: what counts is its first `bytes`; what follows may vanish."""

    name: str
    bytes: int
    records: int
    sha256: str | None
    """Of those bytes, packed or not; null where the run had no time left to read them."""
    warc: FileEntry | None
    """null where no bodies were kept."""
    packed: FileEntry | None
    """The file that holds those bytes now, where it was packed."""
    shipped: bool | None
    """null where no command was to take it."""
    pruned: bool
    """Its files are gone; what is said of them is what they were."""


async def hash_parts(
    parts: Iterable[Part],
    directory: Path,
    *,
    previous: Mapping[str, Any] | None = None,
    deadline_s: float | None = None,
    open_part: Open | None = None,
    on_piece: Callable[[], Awaitable[None]] | None = None,
) -> list[PartEntry]:
    """Return the parts with the SHA-256 of their committed bytes.

    Args:
        parts: as the frontier knows them.
        directory: where they are.
        previous: the last manifest; a part that has not grown since is not read again.
        deadline_s: monotonic time after which no further byte is read (a stop must not take long).
        open_part: opens the lines of a part, packed or not.
        on_piece: awaited after each piece that was read.

    Raises:
        StorageError: a part is missing, too short or cannot be read.
    """
    known = _known_hashes(previous)
    opener = open_part or _open_plain

    async def hash_file(path: Path, size: int, opener: Open) -> str | None:
        found = known.get((path.name, size))
        return found or await _sha256(path, size, deadline_s, opener, on_piece)

    async def hash_of(part: Part, name: str, size: int) -> str | None:
        if part.pruned:
            return known.get((name, size))
        return await hash_file(directory / name, size, opener)

    async def packed_file(part: Part) -> FileEntry | None:
        if part.packed is None or part.pruned:
            return None
        path = directory / part.file_name
        try:
            size = path.stat().st_size
        except OSError as error:
            raise StorageError(f"{path} cannot be read: {error.strerror}") from error
        found = await hash_file(path, size, _open_plain)
        return {"name": path.name, "bytes": size, "sha256": found}

    entries: list[PartEntry] = []
    for part in parts:
        warc: FileEntry | None = None
        if part.store_bytes:
            name, size = part.store_name, part.store_bytes
            warc = {"name": name, "bytes": size, "sha256": await hash_of(part, name, size)}
        entries.append(
            {
                "name": part.name,
                "bytes": part.bytes,
                "records": part.records,
                "sha256": await hash_of(part, part.name, part.bytes),
                "warc": warc,
                "packed": await packed_file(part),
                "shipped": part.shipped,
                "pruned": part.pruned,
            }
        )
    return entries


def _known_hashes(previous: Mapping[str, Any] | None) -> dict[tuple[str, int], str]:
    try:
        parts = (previous or {}).get("parts", [])
        files = [*parts, *(part[k] for k in ("warc", "packed") for part in parts if part.get(k))]
        return {(e["name"], e["bytes"]): e["sha256"] for e in files if e["sha256"]}
    except (KeyError, TypeError, AttributeError):
        return {}


def _open_plain(path: Path) -> BinaryIO:
    return path.open("rb")


async def _sha256(
    path: Path,
    count: int,
    deadline_s: float | None,
    opener: Open,
    on_piece: Callable[[], Awaitable[None]] | None,
) -> str | None:
    digest = hashlib.sha256()
    left = count
    try:
        with opener(path) as file:
            while left:
                if deadline_s is not None and time.monotonic() >= deadline_s:
                    return None
                size = min(left, PIECE_BYTES)
                if count > PIECE_BYTES:
                    read = await asyncio.to_thread(_take_in, file, size, digest)
                else:  # a small crawl needs no thread
                    read = _take_in(file, size, digest)
                if not read:
                    raise StorageError(f"{path} is {left} bytes too short")
                left -= read
                if on_piece is not None:
                    await on_piece()
    except FileNotFoundError:
        if count == 0:
            return digest.hexdigest()
        raise StorageError(f"{path} is missing") from None
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}") from error
    return digest.hexdigest()


def _take_in(file: BinaryIO, size: int, digest: "hashlib._Hash") -> int:
    piece = file.read(size)
    digest.update(piece)
    return len(piece)
