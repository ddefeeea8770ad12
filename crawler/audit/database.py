"""The scratch database of an audit: read once from the records, gone when it is closed."""

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from crawler.audit.interruptible import Interruptible
from crawler.errors import StorageError
from crawler.frontier.statements import split_statements

if TYPE_CHECKING:
    import duckdb
    from fsspec import AbstractFileSystem

MEMORY_MB = 1_000
"""What DuckDB may take before it writes to disk what does not fit."""
_MAX_ROUNDS = 100
"""Clicks from where people come in; further away nobody counts."""
_LINE_BYTES = (64 * 1024 * 1024, 1024 * 1024 * 1024)
"""Room for one record: what all have, and what is tried if one has more."""

_COLUMNS = {
    "url": "VARCHAR",
    "final_url": "VARCHAR",
    "status": "INTEGER",
    "fetched_at": "VARCHAR",
    "depth": "INTEGER",
    "parent": "VARCHAR",
    "visit": "INTEGER",
    "elapsed_ms": "INTEGER",
    "content_type": "VARCHAR",
    "bytes": "BIGINT",
    "title": "VARCHAR",
    "description": "VARCHAR",
    "lang": "VARCHAR",
    "canonical": "VARCHAR",
    "text": "VARCHAR",
    "links": "VARCHAR[]",
    "content_hash": "VARCHAR",
    "error": "VARCHAR",
    "error_detail": "VARCHAR",
    "nofollow": "VARCHAR[]",
    "noindex": "BOOLEAN",
    "h1": "VARCHAR",
    "hreflang": "MAP(VARCHAR, VARCHAR)",
    "js_required": "BOOLEAN",
    "link_details": "STRUCT(text VARCHAR)[]",
    "simhash": "VARCHAR",
    "kind": "VARCHAR",
    "canonicals": "VARCHAR[]",
}


class AuditDatabase:
    """Tables of one crawl: visits, pages, edges and what is derived from them (`sql/load.sql`)."""

    def __init__(
        self, connection: "duckdb.DuckDBPyConnection", run: Interruptible, scratch: Path
    ) -> None:
        self._connection = connection
        self._run = run
        self._scratch = scratch
        self._load = statements("load")

    def load(self, parts: Iterable[str], listed: Path, outside: Iterable[object]) -> None:
        """Read the records, and make all tables from them.

        Args:
            parts: paths of lines of JSON among the files that the database was opened with.
            listed: file with the URLs that sitemaps name, each an object of JSON on its line.
            outside: what was asked for beyond the crawl, as objects of JSON.

        Raises:
            StorageError: a part cannot be read, or there is no room for the tables.
        """
        with translated():
            self._read(parts)
            for name in ("pages", "good", "indexable", "edges", "targets", "unfollowed"):
                self._make(name)
            for name in ("alternates", "forget_lists", "hops", "ends", "arrivals", "inlinks"):
                self._make(name)
            self._count_clicks()
            self._execute(self._load["listed"], {"path": str(listed)})
            self.set_outside(outside)

    def set_outside(self, answers: Iterable[object]) -> None:
        """Take what was asked for beyond the crawl, instead of what was known of it."""
        with translated():
            self._execute("DROP TABLE IF EXISTS outside")
            self._from_lines("outside", answers)
            self._make("answers")

    def rows(self, sql: str, values: Mapping[str, object] | None = None) -> list[tuple[Any, ...]]:
        """Return all rows of a statement; it must bound them."""
        with translated():
            return self._run(lambda: self._connection.execute(sql, values or None).fetchall())

    def run(self, sql: str) -> None:
        """Run a statement for what it does."""
        with translated():
            self._execute(sql)

    def stream(self, sql: str, *, at_once: int = 5_000) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a statement, of which there may be any number."""
        with translated():
            # A cursor of its own: others may be run meanwhile.
            cursor = self._run.cursor()
            self._run(lambda: cursor.execute(sql))
            while rows := self._run(lambda: cursor.fetchmany(at_once)):
                yield from rows
            self._run.close_cursor(cursor)

    def columns(self, table: str) -> tuple[str, ...]:
        """Return the names of the columns of a table."""
        return tuple(row[0] for row in self.rows(f"DESCRIBE {table}"))

    def _execute(self, sql: str, values: Mapping[str, object] | None = None) -> None:
        self._run(lambda: self._connection.execute(sql, values))

    def _make(self, name: str) -> None:
        self._execute(self._load[name])

    def _read(self, parts: Iterable[str]) -> None:
        nothing = ", ".join(f"NULL::{kind} AS {name}" for name, kind in _COLUMNS.items())
        self._execute(f"CREATE VIEW records AS SELECT {nothing} LIMIT 0")
        for name in ("macro_host", "macro_problem", "macro_gone", "macro_there", "macro_lost"):
            self._make(name)
        for name in ("read_visits", "visits"):
            self._make(name)
        for part in parts:
            self._read_part(part)

    def _read_part(self, part: str) -> None:
        import duckdb

        for size in _LINE_BYTES:
            self._execute(f"CREATE OR REPLACE VIEW records AS {_records(part, size)}")
            try:
                self._make("add_visits")
            except duckdb.InvalidInputException as error:
                if "maximum_object_size" not in str(error) or size == _LINE_BYTES[-1]:
                    raise
            else:
                return

    def _count_clicks(self) -> None:
        self._make("start_clicks")
        for number in range(1, _MAX_ROUNDS):
            if self.rows(self._load["add_clicks"], {"round": number})[0][0] == 0:
                return

    def _from_lines(self, name: str, objects: Iterable[object]) -> None:
        """Make a table of objects; row by row into DuckDB would take minutes for 100,000."""
        path = self._scratch / f"{name}.jsonl"
        with path.open("wb") as lines:
            lines.writelines(orjson.dumps(one) + b"\n" for one in objects)
        self._execute(self._load[name], {"path": str(path)})
        path.unlink()


def _records(part: str, line_bytes: int) -> str:
    columns = ", ".join(f"{name}: {_quoted(kind)}" for name, kind in _COLUMNS.items())
    return (
        f"SELECT * FROM read_json({_quoted(part)}, format = 'newline_delimited', "
        f"ignore_errors = true, maximum_object_size = {line_bytes}, columns = {{{columns}}})"
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def statements(name: str) -> Mapping[str, str]:
    """Return the statements of one file of `sql/` by name."""
    folder = resources.files("crawler.audit").joinpath("sql")
    return split_statements(folder.joinpath(f"{name}.sql").read_text("utf-8"))


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Let what DuckDB says be errors of ours."""
    import duckdb

    try:
        yield
    except duckdb.InterruptException:
        raise KeyboardInterrupt from None
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise StorageError(f"report: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]


@contextlib.contextmanager
def open_database(
    files: "AbstractFileSystem", *, memory_mb: int = MEMORY_MB
) -> Iterator[tuple[AuditDatabase, Path]]:
    """Open an empty scratch database, and the directory that it lies in.

    Args:
        files: where the records are; the database sees no others but those of its directory.
        memory_mb: what it may hold.
    """
    import duckdb

    with tempfile.TemporaryDirectory(prefix="crawler-report-") as name:
        scratch = Path(name)
        connection = duckdb.connect(
            str(scratch / "audit.db"),
            config={
                "memory_limit": f"{memory_mb}MB",
                "temp_directory": str(scratch),
                "threads": min(4, os.cpu_count() or 1),
                # Nothing may be fetched from anywhere.
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "python_enable_replacements": False,
            },
        )
        run = Interruptible(connection)
        try:
            connection.register_filesystem(files)
            connection.execute("SET enable_progress_bar = false")
            allowed = f"['{files.protocol}://', {_quoted(str(scratch))}]"
            connection.execute(f"SET allowed_directories = {allowed}")
            connection.execute("SET enable_external_access = false")
            yield AuditDatabase(connection, run, scratch), scratch
        finally:
            run.close()
