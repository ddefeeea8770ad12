"""Removing old parts, also while the crawl runs.

What was crawled stays known: URLs, hashes, ETags, counts. A part whose bodies later records point
to stays until those are old too; from now on nothing new points to it.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from crawler.errors import StorageError
from crawler.frontier.sqlite import SqliteFrontier
from crawler.model.part import Part
from crawler.pipeline.committed import committed
from crawler.ports import FrontierOptions
from crawler.sink.reading import packed_path, temporary_path


@dataclass(slots=True, kw_only=True)
class Pruning:
    """What was done, or would be."""

    parts: list[str] = field(default_factory=list)
    """Names of the parts whose files are gone now."""
    freed_bytes: int = 0
    needed: list[str] = field(default_factory=list)
    """Kept: later records point to bodies in them."""
    unshipped: list[str] = field(default_factory=list)
    """Kept: the command has not taken them."""
    dry_run: bool = False


async def prune(
    job: Path,
    older_than_ms: int,
    *,
    dry_run: bool = False,
    shipped_only: bool = False,
    force: bool = False,
) -> Pruning:
    """Remove the files of parts that were sealed so long ago.

    Args:
        job: its `frontier.db` must exist.
        older_than_ms: since they were sealed, so that no record in them is younger.
        dry_run: only find out.
        shipped_only: keep what no command ever took.
        force: remove also what the command is still to take.

    Raises:
        FrontierError: the store cannot be used.
        StorageError: a file cannot be removed.
    """
    found = await committed(job)
    output, limit = found.output, time.time_ns() // 1_000_000 - older_than_ms
    done = Pruning(dry_run=dry_run)
    old = [part for part in found.parts if _is_old(part, output, limit)]
    wanted: list[Part] = []
    for part in old:
        if part.pruned:
            wanted.append(part)  # its files may be there still, if removing them was killed
        elif part.shipped is False and not force:
            done.unshipped.append(part.name)
        elif part.shipped or not shipped_only:
            wanted.append(part)
    options = FrontierOptions(delay_ms=0, per_host=1, lease_ms=0, window_ms=0, robots=True)
    frontier = SqliteFrontier(job / "frontier.db", options)
    await frontier.open()
    try:
        answer = await frontier.sealed.prune([one.part_id for one in wanted], dry=dry_run)
        if not dry_run:
            await frontier.sealed.forget_bodies([part.part_id for part in old])
    finally:
        await frontier.close()
    _remove(output, [part for part in wanted if part.part_id in answer.gone], done)
    done.needed = [part.name for part in wanted if part.part_id in answer.needed]
    return done


def _is_old(part: Part, output: Path, limit: int) -> bool:
    if not part.sealed or not part.bytes:
        return False
    at = part.sealed_at
    if at is None:  # sealed by an older version: then its file was written last before that
        try:
            at = (output / part.name).stat().st_mtime_ns // 1_000_000
        except OSError:
            return False
    return at <= limit


def _remove(output: Path, parts: Sequence[Part], done: Pruning) -> None:
    for part in parts:
        size = sum(_unlink(path, dry=done.dry_run) for path in _files(output, part))
        done.freed_bytes += size
        if size or not part.pruned:
            done.parts.append(part.name)


def _files(output: Path, part: Part) -> Iterable[Path]:
    path = output / part.name
    return (path, packed_path(path), temporary_path(path), output / part.store_name)


def _unlink(path: Path, *, dry: bool) -> int:
    """Remove a file; return how large it was, 0 where there is none."""
    try:
        size = path.stat().st_size
        if not dry:
            path.unlink()
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise StorageError(f"{path} cannot be removed: {error.strerror}") from error
    return size
