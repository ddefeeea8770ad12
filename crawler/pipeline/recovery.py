"""Recovery: after a crash, part files and frontier are made to agree.

The row is sealed first, which makes its offset final; then the file is cut to it; then leases are
freed.
"""

from collections.abc import Iterable
from pathlib import Path

from crawler.logs import get_logger
from crawler.ports import Frontier, Now, Part
from crawler.sink.jsonl import cut_file


async def recover(frontier: Frontier, output: Path, now: Now) -> None:
    """At start: cut every part to its committed offset; URLs of a part that lost bytes come back.

    Raises:
        StorageError: a part is missing.
    """
    for part in await frontier.recover(now=now()):
        excess = _cut(output, part)
        if excess < 0:
            urls = await frontier.reopen(part, now=now())
            cut_file(output / part.name, 0)
            get_logger("crawler.recovery").warning(
                "part_reopened", part=part.name, bytes_missing=-excess, urls=urls
            )


def cut_parts(parts: Iterable[Part], output: Path) -> None:
    """Cut the sealed parts of a reader that died.

    Raises:
        StorageError: a part is missing or cannot be cut.
    """
    for part in parts:
        _cut(output, part)


def _cut(output: Path, part: Part) -> int:
    excess = cut_file(output / part.name, part.bytes)
    if excess > 0:
        get_logger("crawler.recovery").info(
            "part_cut", part=part.name, bytes_cut=excess, bytes_kept=part.bytes
        )
    return excess
