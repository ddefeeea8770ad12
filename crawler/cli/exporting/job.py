"""What one export does: from which rows to which file."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from crawler.cli.csv_cells import csv_lines
from crawler.cli.exporting import rows as export_rows
from crawler.cli.exporting.target import Target
from crawler.cli.records.files import STDIN, Source, Tally, find_sources
from crawler.cli.records.job_behind import job_behind
from crawler.cli.records.record_filter import RecordFilter
from crawler.cli.wording import did_you_mean, plural, size
from crawler.errors import ConfigError

FROM_FRONTIER = ("urls", "hosts")
_NODES = """
WITH found AS (
    SELECT url, max_by(status, visit) AS status, max_by(depth, visit) AS depth,
        max_by(title, visit) AS title
    FROM pages GROUP BY url
), linked AS (
    SELECT target AS url, count(DISTINCT source) AS linked_from FROM links GROUP BY target
)
SELECT url, lower(regexp_extract(url, '^[^:/?#]+://(?:[^/?#]*@)?([^/?#]*)', 1)) AS host,
    found.url IS NOT NULL AS crawled, status, depth, title, coalesce(linked_from, 0) AS linked_from
FROM found FULL JOIN linked USING (url)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What a user wants to have."""

    paths: Sequence[Path]
    table: str
    columns: Sequence[str] | None
    """None: all."""
    sql: str | None
    wanted: RecordFilter | None
    """None: all."""


def run_export(asked: Export, target: Target, nodes: Target | None) -> Iterator[str]:
    """Write the files; yield what to say of each.

    Raises:
        ConfigError: something is asked for that cannot be.
        StorageError: a file cannot be written.
    """
    known = export_rows.COLUMNS
    if asked.table not in known:
        near = did_you_mean(asked.table, known)
        raise ConfigError(f"--table: {asked.table!r} is none of {', '.join(known)}{near}")
    if STDIN in asked.paths:
        raise ConfigError("export reads files or a job: write standard input to a file first")
    tally = Tally()
    sources = find_sources(asked.paths, tally)
    job = job_behind(asked.paths[0]) if len(asked.paths) == 1 else None
    yield from (f"warning: {note}" for note in tally.notes)
    if asked.table in FROM_FRONTIER and job is None:
        raise ConfigError(f"--table {asked.table} is of one job: there is none in the path")
    if asked.sql is not None or target.format == "parquet":
        count = _by_database(asked, asked.sql or _select(asked), target, sources, job)
    else:
        count = _by_hand(asked, target, sources, job)
    yield _said(count, target)
    if nodes is not None:
        yield _said(_by_database(asked, _NODES, nodes, sources, job), nodes)


def _select(asked: Export) -> str:
    names = "*"
    if asked.columns is not None:
        names = ", ".join('"' + name.replace('"', '""') + '"' for name in asked.columns)
    return f"SELECT {names} FROM {asked.table}"  # noqa: S608 - quoted


def _by_database(
    asked: Export, sql: str, target: Target, sources: Sequence[Source], job: Path | None
) -> int:
    from crawler.cli.sql.engine import open_engine
    from crawler.cli.sql.output import rows_of

    narrow = asked.table in FROM_FRONTIER
    sources = () if narrow else sources
    if target.format == "parquet":
        with (
            target.made() as path,
            open_engine(sources, job, asked.wanted, path, narrow_frontier=narrow) as engine,
        ):
            return engine.copy(engine.checked(sql), path)
    with open_engine(sources, job, asked.wanted, narrow_frontier=narrow) as engine:
        answer = engine.ask(sql)
        with target.stream() as stream:
            return _write(stream, target.format, answer.columns, rows_of(answer))


def _by_hand(asked: Export, target: Target, sources: Sequence[Source], job: Path | None) -> int:
    tally = Tally()
    if asked.table == "pages" and target.format == "jsonl" and asked.columns is None:
        with target.stream() as stream:
            return _copy(stream, export_rows.record_lines(sources, asked.wanted, tally))
    known = export_rows.COLUMNS[asked.table]
    columns = asked.columns or known
    if asked.columns is None and asked.table == "pages" and job is None:
        columns = export_rows.columns_found(sources, asked.wanted, Tally())
    for name in columns:
        # Records of others have columns of their own.
        if name not in known and not (asked.table == "pages" and job is None):
            near = did_you_mean(name, known)
            raise ConfigError(f"--columns: {asked.table} have no {name!r}{near}")
    if asked.table == "pages":
        rows = export_rows.page_rows(sources, asked.wanted, tally)
    elif asked.table == "links":
        rows = export_rows.link_rows(sources, asked.wanted, tally)
    else:
        assert job is not None  # noqa: S101 - `run_export` has looked
        rows = export_rows.known_rows(job, asked.table, asked.wanted)
    with target.stream() as stream:
        return _write(stream, target.format, columns, export_rows.batches(rows, columns))


def _copy(stream: BinaryIO, lines: Iterable[bytes]) -> int:
    count = 0
    for line in lines:
        stream.write(line)
        count += 1
    return count


def _write(
    stream: BinaryIO, form: str, columns: Sequence[str], batches: Iterable[list[list[Any]]]
) -> int:
    if form == "csv":
        stream.write(csv_lines([columns]).encode())
    count = 0
    for batch in batches:
        count += len(batch)
        if form == "csv":
            stream.write(csv_lines(batch).encode(errors="backslashreplace"))
        else:
            stream.write(b"".join(_json_line(columns, row) for row in batch))
    return count


def _json_line(columns: Sequence[str], row: Sequence[Any]) -> bytes:
    value = dict(zip(columns, row, strict=True))
    try:
        return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # an integer of more than 64 bits
        return json.dumps(value, ensure_ascii=False).encode() + b"\n"


def _said(count: int, target: Target) -> str:
    if target.path is None:
        return plural(count, "row")
    return f"{plural(count, 'row')} in {target.path}, {size(target.path.stat().st_size)}"
