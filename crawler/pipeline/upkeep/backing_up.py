"""Copying a job while it runs, and making a job of such a copy.

The store is copied first, as it is at one moment. Parts only grow, so each is then copied up to the
end that this copy of the store knows; what a crawl adds meanwhile is not in the backup.
"""

import asyncio
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from crawler import __version__
from crawler.clock import job_clock, new_offset_ms
from crawler.errors import ConfigError, StorageError
from crawler.frontier.sqlite import SqliteFrontier
from crawler.frontier.sqlite_copy import copy_store
from crawler.job.backup import Copied, begin, complete, copy_bytes, read_backup
from crawler.job.directory import Job
from crawler.model.part import Part
from crawler.pipeline.changed_rules.identity import RULES
from crawler.pipeline.committed import Committed, committed
from crawler.pipeline.moments import rfc3339
from crawler.ports import FrontierOptions
from crawler.sink.reading import packed_path

STORE, PAGES, MANIFEST = "frontier.db", "pages", "manifest.json"
OnBytes = Callable[[int, int], None]
"""Told how many bytes are copied, and of how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedUp:
    """What was copied."""

    parts: int
    bytes: int
    records: int


def back_up(job: Path, target: Path, on_bytes: OnBytes) -> BackedUp:
    """Copy a job, which may be running, into a new directory.

    Raises:
        ConfigError: the target is not empty.
        FrontierError: the store cannot be copied.
        StorageError: a part is missing or cut, or the target cannot be written.
    """
    if target.resolve().is_relative_to(job.resolve()):
        raise ConfigError(f"{target} is in the job itself: back it up elsewhere")
    begin(target)
    copy_store(job / STORE, target / STORE, lambda _done, _total: None)
    found = asyncio.run(committed(target))
    # Where the parts are is said from the job's place, not from that of the copy.
    output = job / json.loads(found.meta.get(RULES, "{}")).get("output", PAGES)
    parts = [part for part in found.parts if part.bytes and not part.pruned]
    total = sum(part.bytes + part.store_bytes for part in parts)
    count = 0

    def tell(length: int) -> None:
        nonlocal count
        count += length
        on_bytes(count, total)

    files: dict[str, Copied] = {}
    gone: list[Part] = []
    for part in parts:
        try:
            files |= dict(_copy_part(output, target / PAGES, part, tell))
        except FileNotFoundError:
            gone.append(part)
        except OSError as error:
            raise StorageError(f"{part.name} cannot be copied: {error}") from error
    if gone:
        asyncio.run(_lose(job, target, gone))
    if (job / MANIFEST).is_file():
        with (job / MANIFEST).open("rb") as source:
            files[MANIFEST] = copy_bytes(source, target / MANIFEST, None, lambda _: None)
    files[STORE] = _hash(target / STORE)
    records = sum(part.records for part in parts if part not in gone)
    about = {
        "crawler": __version__,
        "made_at": rfc3339(job_clock(new_offset_ms())()),
        "records": records,
    }
    complete(target, files, about)
    size = sum(one.bytes for one in files.values())
    return BackedUp(parts=len(parts) - len(gone), bytes=size, records=records)


def _copy_part(
    output: Path, target: Path, part: Part, tell: Callable[[int], None]
) -> Iterator[tuple[str, Copied]]:
    """Copy the files of a part as they are now; it may be packed at any moment."""
    plain = output / part.name
    try:
        with plain.open("rb") as source:
            name = part.name
            yield f"{PAGES}/{name}", copy_bytes(source, target / name, part.bytes, tell)
    except FileNotFoundError:
        name = packed_path(plain).name
        with packed_path(plain).open("rb") as source:
            yield f"{PAGES}/{name}", copy_bytes(source, target / name, None, tell)
    if part.store_bytes:
        name = part.store_name
        with (output / name).open("rb") as source:
            yield f"{PAGES}/{name}", copy_bytes(source, target / name, part.store_bytes, tell)


async def _lose(job: Path, target: Path, gone: list[Part]) -> None:
    """Let parts that went away meanwhile count as pruned in the copy; others must be there."""
    live: Committed = await committed(job)
    pruned = {part.part_id for part in live.parts if part.pruned}
    for part in gone:
        if part.part_id not in pruned and not part.shipped:
            raise StorageError(f"part missing: {live.output / part.name}; put it back")
        for name in (part.name, packed_path(Path(part.name)).name, part.store_name):
            (target / PAGES / name).unlink(missing_ok=True)
    frontier = _frontier(target)
    await frontier.open()
    try:
        for part in gone:
            await frontier.sealed.set_shipped(part.part_id, gone=True)
    finally:
        await frontier.close()


def _hash(path: Path) -> Copied:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Copied(file.tell(), digest)


def _frontier(job: Path) -> SqliteFrontier:
    options = FrontierOptions(delay_ms=0, per_host=1, lease_ms=0, window_ms=0, robots=True)
    return SqliteFrontier(job / STORE, options)


def restore(backup: Path, job: Path, on_bytes: OnBytes) -> BackedUp:
    """Make a job of a backup; its parts are inside of it, wherever they were before.

    All is compared with the checksums on the way. The job gets its name last: a restore that is
    broken off leaves none.

    Raises:
        ConfigError: the job exists already, or there is no whole backup.
        StorageError: a file is damaged, or cannot be read or written.
    """
    files = read_backup(backup)
    if Job.at(job).exists() or (job.is_dir() and any(job.iterdir())):
        raise ConfigError(f"{job} exists: name another --job, nothing was restored")
    draft = job.absolute().with_name(f".{job.name}.restoring")
    if draft.exists():
        raise ConfigError(f"{draft} is what a broken-off restore left: remove it first")
    total = sum(one.bytes for one in files.values())
    count = 0

    def tell(length: int) -> None:
        nonlocal count
        count += length
        on_bytes(count, total)

    try:
        draft.mkdir(parents=True, mode=0o700)
    except OSError as error:
        raise StorageError(f"cannot restore {backup}: {error}") from error
    try:
        (draft / PAGES).mkdir(mode=0o700)
        for name, known in files.items():
            _bring(backup / name, draft / name, known, tell)
        found_job = asyncio.run(_settle(draft))
        if job.exists():
            job.rmdir()  # empty, as was seen above
        draft.rename(job)
    except BaseException as error:
        shutil.rmtree(draft, ignore_errors=True)
        if isinstance(error, OSError):
            raise StorageError(f"cannot restore {backup}: {error}") from error
        raise
    parts = [part for part in found_job.parts if part.bytes and not part.pruned]
    records = sum(part.records for part in parts)
    return BackedUp(parts=len(parts), bytes=total, records=records)


def _bring(source: Path, target: Path, known: Copied, tell: Callable[[int], None]) -> None:
    with source.open("rb") as file:
        found = copy_bytes(file, target, None, tell)
    if found != known:
        raise StorageError(f"{source} is damaged: it is not what was backed up")


async def _settle(job: Path) -> Committed:
    """Let the store say that its parts are in the job."""
    frontier = _frontier(job)
    await frontier.open()
    try:
        rules = (await frontier.meta()).get(RULES)
        if rules is not None:
            await frontier.set_meta({RULES: json.dumps({**json.loads(rules), "output": PAGES})})
    finally:
        await frontier.close()
    return await committed(job)
