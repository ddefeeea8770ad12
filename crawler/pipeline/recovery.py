"""Recovery: after a crash, part files and frontier are made to agree.

The row is sealed first, which makes its offsets final; then the files are cut to them; then leases
are freed. A part whose records point to bodies of another one cannot be kept without that.

A part may be there as it was written and packed, if packing was killed: the form that the store
names is kept if it is whole, else the other one.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from crawler.errors import StorageError
from crawler.job.directory import whose
from crawler.logs import get_logger
from crawler.ports import Frontier, Now, Part
from crawler.sink.jsonl import cut_file
from crawler.sink.packed import ENDING
from crawler.sink.reading import packed_path, part_size, temporary_path


async def recover(frontier: Frontier, output: Path, now: Now) -> None:
    """At start: cut every part to its committed ends; URLs of a part that lost bytes come back.

    Raises:
        StorageError: a file of a part is missing, or another user's.
    """
    if leases := (await frontier.counters())["leased"]:
        get_logger("crawler.recovery").info("crawl_recovered", leases=leases)
    emptied: set[int] = set()
    for part in await frontier.recover(now=now()):
        if part.part_id in emptied or part.pruned:
            continue
        try:
            missing = await _settle(frontier, output, part)
        except StorageError:
            if await _is_gone(frontier, output, part):
                continue
            raise
        if missing:
            lost = await frontier.reopen(part, now=now())
            emptied.update(one.part_id for one in lost.parts)
            _empty(output, lost.parts)
            get_logger("crawler.recovery").warning(
                "part_reopened",
                part=part.name,
                bytes_missing=missing,
                urls=lost.urls,
                others=[one.name for one in lost.parts if one.part_id != part.part_id],
            )


def cut_parts(parts: Iterable[Part], output: Path) -> None:
    """Cut the sealed parts of a reader that died.

    Raises:
        StorageError: a file of a part is missing or cannot be cut.
    """
    for part in parts:
        _cut(output, part.name, part.bytes)
        _cut(output, part.store_name, part.store_bytes)


async def _settle(frontier: Frontier, output: Path, part: Part) -> int:
    """Leave one form of a part, cut to its committed ends; return how many bytes it lacks."""
    path = output / part.name
    temporary_path(path).unlink(missing_ok=True)
    plain, packed = _size(path), _size(packed_path(path))
    is_packed = packed == part.bytes > 0 and (part.packed is not None or plain < part.bytes)
    if is_packed:
        missing = 0
        path.unlink(missing_ok=True)
    elif part.packed is not None and plain < part.bytes and packed >= 0:
        missing = part.bytes - packed if packed < part.bytes else part.bytes
    else:
        missing = _cut(output, part.name, part.bytes)
        if not missing and packed >= 0:
            packed_path(path).unlink()
    if not missing and is_packed != (part.packed is not None):
        await frontier.sealed.set_packed(part.part_id, ENDING if is_packed else None)
        get_logger("crawler.recovery").warning(
            "part_form_changed", part=part.name, packed=is_packed
        )
    missing += _cut(output, part.store_name, part.store_bytes)
    for file in (packed_path(path) if is_packed else path, output / part.store_name):
        if file.is_file() and not os.access(file, os.R_OK):
            # Of a start as another user. The receipt would find out after hours of crawling.
            raise StorageError(f"{file} cannot be read: {whose(file)}")
    return missing


async def _is_gone(frontier: Frontier, output: Path, part: Part) -> bool:
    """Whether a missing file is no loss: pruned meanwhile, or taken away after it was shipped."""
    now = next((one for one in await frontier.parts() if one.part_id == part.part_id), part)
    if now.pruned:
        return True
    path = output / part.name
    if not part.shipped or _size(path) >= 0 or _size(packed_path(path)) >= 0:
        return False
    await frontier.sealed.set_shipped(part.part_id, gone=True)
    get_logger("crawler.recovery").info("part_gone", part=part.name)
    return True


def _size(path: Path) -> int:
    """Return how many bytes of lines a file has, -1 where there is none."""
    if not path.exists():
        return -1
    try:
        return part_size(path)
    except OSError as error:
        raise StorageError(f"cannot go on reading {path}: {error.strerror}") from error


def _cut(output: Path, name: str, size: int) -> int:
    """Cut a file; return how many committed bytes it lacks."""
    excess = cut_file(output / name, size)
    if excess > 0:
        get_logger("crawler.recovery").info(
            "part_cut", part=name, bytes_cut=excess, bytes_kept=size
        )
    return max(0, -excess)


def _empty(output: Path, parts: Iterable[Part]) -> None:
    for part in parts:
        packed_path(output / part.name).unlink(missing_ok=True)
        cut_file(output / part.name, 0)
        cut_file(output / part.store_name, 0)
