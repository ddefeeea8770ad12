"""Which files the views of SQL read, how far, and what has to be made ready first."""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import orjson

from crawler.cli.records.files import Source, Tally, open_source, read_lines, source_bytes
from crawler.cli.records.record_filter import RecordFilter, Wishes
from crawler.cli.sql.files import QueryFiles, reopened
from crawler.cli.sql.filling import fill_table, write_wanted
from crawler.cli.sql.schema import derived_views, foreign_view, frontier_view, pages_view
from crawler.errors import ConfigError

_USUAL_LINE_BYTES = 16 * 1024 * 1024
_LONGEST_LINE_BYTES = 256 * 1024 * 1024
_STEP_BYTES = _USUAL_LINE_BYTES // 2
_FRONTIER_TABLES = ("urls", "hosts")


def views(
    files: QueryFiles,
    sources: Sequence[Source],
    job: Path | None,
    wanted: RecordFilter | None,
    frontier_wanted: RecordFilter | None,
) -> Iterator[str]:
    """Yield the statements that make the views, and add to `files` what they read.

    Raises:
        ConfigError: a file cannot be read, or only once.
    """
    if any(source.path is None for source in sources):
        raise ConfigError("SQL reads files more than once: give files or a job instead of -")
    if wanted is None and not _can_be_read_as_they_are(sources):
        wanted = RecordFilter(Wishes())
    paths, longest = _paths(files, sources, wanted)
    if any(source.limit is None for source in sources) and not _all_ours(sources):
        yield foreign_view(paths, longest)
    else:
        yield pages_view(paths, longest)
        yield from derived_views()
    if job is not None:
        for name in _FRONTIER_TABLES:
            fill = fill_table(job, name, frontier_wanted)
            yield frontier_view(name, files.add_made(f"{name}.jsonl", fill))


def _can_be_read_as_they_are(sources: Sequence[Source]) -> bool:
    """Whether DuckDB finds in files what we find: lines that are no JSON stop it, or count."""
    for source in sources:
        size = source_bytes(source)
        if size is None or (source.limit is not None and size < source.limit):
            return False
        if source.limit is None:
            tally = Tally()
            for _ in read_lines(source, tally):
                pass
            if tally.invalid_lines or tally.torn_lines:
                return False
    return True


def _paths(
    files: QueryFiles, sources: Sequence[Source], wanted: RecordFilter | None
) -> tuple[list[str], int]:
    """Return where DuckDB reads the records, and how long a line it must be ready for."""
    if wanted is not None:
        stream = files.temporary()
        write_wanted(sources, wanted, stream)
        end = stream.tell()
        longest = _longest(stream, end)
        return [files.add("wanted.jsonl", lambda: reopened(stream), end)], longest
    longest = _USUAL_LINE_BYTES
    paths = []
    for number, source in enumerate(sources):
        end = source_bytes(source) or 0
        with open_source(source) as stream:
            longest = max(longest, _longest(stream, end))
        paths.append(_add(files, f"{number:06}.jsonl", source, end))
    return paths or [files.add("none.jsonl", io.BytesIO, 0)], longest


def _add(files: QueryFiles, name: str, source: Source, end: int) -> str:
    return files.add(name, lambda: open_source(source), end)


def _all_ours(sources: Sequence[Source]) -> bool:
    """Whether files that belong to no job hold records of ours all the same, by their first."""
    return all(_is_ours(source) for source in sources)


def _is_ours(source: Source) -> bool:
    with open_source(source) as stream:
        line = stream.readline(_USUAL_LINE_BYTES)
        if not line:
            return True  # nothing contradicts it
        try:
            first = orjson.loads(line)
        except orjson.JSONDecodeError:
            return False
    return isinstance(first, dict) and {"final_url", "fetched_at", "visit"} <= first.keys()


def _longest(stream: BinaryIO, end: int) -> int:
    """Return how long a line DuckDB must be ready for: longer buffers cost memory for all.

    A line that is too long for the usual ones covers a whole step, which then has no end of a line.
    """
    for start in range(0, end - _STEP_BYTES, _STEP_BYTES):
        stream.seek(start)
        left = _STEP_BYTES
        while left and (block := stream.read(min(left, 65_536))):
            if b"\n" in block:
                break
            left -= len(block)
        else:
            return _LONGEST_LINE_BYTES
    return _USUAL_LINE_BYTES
