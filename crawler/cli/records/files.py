"""Which files `crawler inspect` reads, how far, and the records in them."""

import asyncio
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import orjson

from crawler.errors import ConfigError
from crawler.job.directory import Job

if TYPE_CHECKING:
    from crawler.model.part import Part

STDIN = Path("-")
Wanted = Callable[[bytes], bool]
"""Whether a line may be one that is looked for; it has to let pass all that are."""
_LINE_BYTES = 256 * 1024 * 1024
"""No line of ours is as long; one that is, is not kept in memory."""
_BUFFER_BYTES = 1024 * 1024
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Source:
    """One file to read; None for stdin."""

    path: Path | None
    limit: int | None = None
    """Committed bytes: what comes after may vanish."""


@dataclass(slots=True)
class Tally:
    """What reading the files told."""

    files: int = 0
    read_bytes: int = 0
    invalid_lines: int = 0
    torn_lines: int = 0
    parts_gone: int = 0
    """Committed, and not there."""
    notes: list[str] = field(default_factory=list)
    """For the user, on stderr."""


def find_sources(paths: Sequence[Path], tally: Tally) -> list[Source]:
    """Return the files that the paths stand for, each once.

    Raises:
        ConfigError: a path does not exist, or is not readable.
    """
    found: dict[Path | None, Source] = {}
    for path in paths:
        if path == STDIN:
            sources = [Source(None)]
        elif path.is_dir():
            sources = _in_directory(path, tally)
        elif path.exists():
            sources = [Source(path)]
        else:
            raise ConfigError(f"{path} does not exist")
        for source in sources:
            found.setdefault(source.path and source.path.resolve(), source)
    return list(found.values())


def _in_directory(directory: Path, tally: Tally) -> list[Source]:
    from crawler.job.directory import has_store

    for job in (directory, directory.absolute().parent):
        if not has_store(job):
            continue
        from crawler.pipeline.committed import committed

        found = asyncio.run(committed(job))
        output = found.output
        parts = [part for part in found.parts if not part.pruned]
        if job == directory or output.resolve() == directory.resolve():
            if gone := len(found.parts) - len(parts):
                tally.notes.append(f"pruned parts are not read: {gone} of {len(found.parts)}")
            return _of_job(output, parts, tally)
    files = _files(directory) or _files(directory / "pages")
    if not files and not _is_of_job(directory):
        raise ConfigError(f"{directory} is no job, and holds no records (*.jsonl)")
    if files and (lost := _without_store(directory)) is not None:
        tally.notes.append(
            f"{lost} has lost its frontier.db: its parts are read whole, committed or not"
        )
    return [Source(path) for path in files]


def _is_of_job(directory: Path) -> bool:
    """Whether it may get records yet: a crawl is about to begin there, or has."""
    jobs = (Job.at(directory), Job.at(directory.absolute().parent))
    return (directory / "pages").is_dir() or any(job.exists() for job in jobs)


def _without_store(directory: Path) -> Path | None:
    """Return the job whose records lie there if its store is gone."""
    parent = directory.absolute().parent
    roots = (directory, parent) if directory.name == "pages" else (directory,)
    jobs = [Job.at(root) for root in roots]
    return next((job.root for job in jobs if job.exists() and not job.frontier.exists()), None)


def _files(directory: Path) -> list[Path]:
    """Return the files of a directory, each once: a part is there twice while it is packed."""
    plain = set(directory.glob("*.jsonl"))
    packed = {path for path in directory.glob("*.jsonl.zst") if path.with_suffix("") not in plain}
    return sorted(plain | packed)


def _of_job(output: Path, parts: "list[Part]", tally: Tally) -> list[Source]:
    sources, gone = [], []
    parts = [part for part in parts if part.bytes]
    for part in sorted(parts, key=lambda part: part.name):
        path, size = output / part.name, part.bytes
        there = _size(path)
        if there:
            sources.append(Source(path, size))
        else:
            gone.append(part)
        if 0 < there < size:
            tally.notes.append(_lacking(path, size - there))
    tally.parts_gone += len(gone)
    if len(gone) == 1:
        tally.notes.append(_lacking(output / gone[0].name, gone[0].bytes))
    elif gone:
        which = f"{len(gone):,} of {len(parts):,} parts"
        tally.notes.append(_lacking(output, sum(part.bytes for part in gone), f"{which}, "))
    return sources


def _lacking(path: Path, size: int, what: str = "") -> str:
    return f"{path} lacks {what}{size} bytes that were committed"


def _size(path: Path) -> int:
    from crawler.sink.reading import part_size

    try:
        return part_size(path)
    except OSError:
        return 0


def open_source(source: Source) -> BinaryIO:
    """Open the lines of a file that is no stdin; seekable.

    Raises:
        ConfigError: it cannot be read.
    """
    from crawler.sink.reading import open_part

    assert source.path is not None  # noqa: S101 - the caller has looked
    try:
        return open_part(source.path)
    except OSError as error:
        raise _unreadable(source, error) from error


def source_bytes(source: Source) -> int | None:
    """Return how many bytes of a file there are to read; None: only reading it tells.

    Raises:
        ConfigError: it cannot be read.
    """
    from crawler.sink.reading import part_size

    assert source.path is not None  # noqa: S101 - the caller has looked
    try:
        size = part_size(source.path)
    except OSError as error:
        raise _unreadable(source, error) from error
    if size == 0 and source.path.suffix == ".zst":
        return None
    return size if source.limit is None else min(size, source.limit)


def _unreadable(source: Source, error: OSError) -> ConfigError:
    return ConfigError(f"cannot read {source.path}: {error.strerror}")


def read_records(
    source: Source, tally: Tally, wanted: Wanted | None = None
) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects of one file; count the lines that are none.

    Lines that are not `wanted` are passed over before they are parsed, which is ten times as fast.

    Raises:
        ConfigError: the file cannot be read.
    """
    return (record for _, record in read_lines(source, tally, wanted))


def read_lines(
    source: Source, tally: Tally, wanted: Wanted | None = None
) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """Yield the lines of one file with the objects in them, as `read_records` does."""
    tally.files += 1
    if source.path is None:
        yield from _records(sys.stdin.buffer, source.limit, tally, wanted)
        return
    try:
        with open_source(source) as stream:
            yield from _records(stream, source.limit, tally, wanted)
    except OSError as error:
        raise _unreadable(source, error) from error


def _records(
    stream: BinaryIO, limit: int | None, tally: Tally, wanted: Wanted | None
) -> Iterator[tuple[bytes, dict[str, Any]]]:
    for line in _lines(stream, limit, tally):
        if wanted is not None and not wanted(line):
            continue
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError:
            # Only a last line has no end: it is being written, or its writer was stopped.
            if line.endswith(b"\n"):
                tally.invalid_lines += not line.isspace()
            else:
                tally.torn_lines += 1
            continue
        if isinstance(record, dict):
            yield line, record
        else:
            tally.invalid_lines += 1


def _lines(stream: BinaryIO, limit: int | None, tally: Tally) -> Iterator[bytes]:
    left = sys.maxsize if limit is None else limit
    first = True
    while line := stream.readline(min(left, _LINE_BYTES)):
        left -= len(line)
        tally.read_bytes += len(line)
        if first:
            line, first = line.removeprefix(_BOM), False
        if len(line) < _LINE_BYTES or line.endswith(b"\n"):
            yield line
            continue
        tally.invalid_lines += 1
        while (rest := stream.readline(min(left, _BUFFER_BYTES))) and not rest.endswith(b"\n"):
            left -= len(rest)
            tally.read_bytes += len(rest)
