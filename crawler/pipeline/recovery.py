"""Recovery: after a crash, part files and frontier are made to agree.

The row is sealed first, which makes its offsets final; then the files are cut to them; then leases
are freed. A part whose records point to bodies of another one cannot be kept without that.
"""

from collections.abc import Iterable
from pathlib import Path

from crawler.logs import get_logger
from crawler.ports import Frontier, Now, Part
from crawler.sink.jsonl import cut_file


async def recover(frontier: Frontier, output: Path, now: Now) -> None:
    """At start: cut every part to its committed ends; URLs of a part that lost bytes come back.

    Raises:
        StorageError: a file of a part is missing.
    """
    emptied: set[int] = set()
    for part in await frontier.recover(now=now()):
        if part.part_id in emptied:
            continue
        missing = _cut(output, part)
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
        _cut(output, part)


def _cut(output: Path, part: Part) -> int:
    """Cut the files of a part; return how many committed bytes they lack."""
    missing = 0
    for name, size in ((part.name, part.bytes), (part.store_name, part.store_bytes)):
        excess = cut_file(output / name, size)
        if excess > 0:
            get_logger("crawler.recovery").info(
                "part_cut", part=name, bytes_cut=excess, bytes_kept=size
            )
        missing += max(0, -excess)
    return missing


def _empty(output: Path, parts: Iterable[Part]) -> None:
    for part in parts:
        cut_file(output / part.name, 0)
        cut_file(output / part.store_name, 0)
