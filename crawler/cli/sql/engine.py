"""Answers SQL about records and the frontier, in a DuckDB that can do nothing else.

A query reads the views; it opens no file of its own, writes none, loads no extension and reaches no
network, whatever it says: the database sees only `sql_files.QueryFiles`, and its configuration is
locked before the query is looked at.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.audit.interruptible import Interruptible
from crawler.cli.records.files import Source
from crawler.cli.records.record_filter import RecordFilter
from crawler.cli.sql.spill import spill_directory
from crawler.cli.wording import size
from crawler.errors import ConfigError, CrawlerError, StorageError

if TYPE_CHECKING:
    import duckdb

_Faults = Sequence[BaseException]
MOST_MEMORY_BYTES = 2_000_000_000
"""What a query may hold, or half of the machine's; more goes to temporary files where it can."""
_ROW_GROUP_BYTES = 64_000_000
"""Of Parquet: what a copy holds at once, for each thread."""
_BATCH = 500
_INSTALL = (
    "SQL, Parquet and reports need DuckDB, which is not installed: "
    "pip install '.[analysis]' in the clone of quasicrawler"
)


class Answer:
    """The rows of a query, as they come."""

    def __init__(
        self, connection: "duckdb.DuckDBPyConnection", run: Interruptible, faults: _Faults
    ) -> None:
        self._connection = connection
        self._run = run
        self._faults = faults
        described = connection.description or []
        self.columns = _different([str(column[0]) for column in described])
        self.types = [str(column[1]) for column in described]

    def batches(self) -> Iterator[list[tuple[Any, ...]]]:
        """Yield the rows.

        Raises:
            ConfigError: the query fails on one of them.
        """
        with _said(self._faults):
            while rows := self._run(lambda: self._connection.fetchmany(_BATCH)):
                yield rows


def _different(names: Sequence[str]) -> list[str]:
    """Return names of which none is there twice, as keys of an object must be."""
    found: dict[str, None] = {}
    for name in names:
        number, free = 1, name
        while free in found:
            number += 1
            free = f"{name}_{number}"
        found[free] = None
    return list(found)


class Engine:
    """One database with views over what is looked at."""

    def __init__(
        self, connection: "duckdb.DuckDBPyConnection", run: Interruptible, faults: _Faults
    ) -> None:
        self._connection = connection
        self._run = run
        self._faults = faults

    def ask(self, sql: str) -> Answer:
        """Run one SELECT.

        Raises:
            ConfigError: it is something else, or fails.
        """
        query = self.checked(sql)
        with _said(self._faults):
            self._run(lambda: self._connection.execute(query))
        return Answer(self._connection, self._run, self._faults)

    def checked(self, sql: str) -> str:
        """Return a query that can stand between parentheses.

        Raises:
            ConfigError: it is not one SELECT.
        """
        import duckdb

        with _said(self._faults):
            statements = self._connection.extract_statements(sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise ConfigError(
                "--sql takes one SELECT: several statements, PIVOT, and what writes or sets "
                "anything, are none"
            )
        return statements[0].query.strip().rstrip(";")

    def copy(self, sql: str, path: Path) -> int:
        """Write what a checked query finds to a Parquet file; return the number of rows.

        Raises:
            ConfigError: the query fails.
        """
        target = str(path).replace("'", "''")
        with _said(self._faults):
            # The query may end in a comment.
            copy = (
                f"COPY ({sql}\n) TO '{target}' (FORMAT parquet, COMPRESSION zstd, "
                f"USE_TMP_FILE false, ROW_GROUP_SIZE_BYTES {_ROW_GROUP_BYTES})"
            )
            done = self._run(lambda: self._connection.execute(copy))
            row = done.fetchone()
        return int(row[0]) if row else 0


@contextmanager
def open_engine(
    sources: Sequence[Source],
    job: Path | None,
    wanted: RecordFilter | None = None,
    output: Path | None = None,
    *,
    narrow_frontier: bool = False,
) -> Iterator[Engine]:
    """Give an engine for these files.

    Args:
        sources: What has the records.
        job: Whose frontier `urls` and `hosts` are; None: there are no such views.
        wanted: Which records `pages` and `links` have; None: all.
        output: The one file that may be written, by `Engine.copy`.
        narrow_frontier: Let `wanted` hold for `urls` and `hosts` too.

    Raises:
        ConfigError: DuckDB is not installed.
    """
    duckdb = load_duckdb()
    from crawler.cli.sql.files import PROTOCOL, QueryFiles
    from crawler.cli.sql.views import views

    files = QueryFiles()
    with spill_directory() as spill:
        connection = duckdb.connect(":memory:")
        run = Interruptible(connection)
        try:
            connection.register_filesystem(files)
            _confine(connection, spill, f"{PROTOCOL}://", output)
            for view in views(files, sources, job, wanted, wanted if narrow_frontier else None):
                with _said(files.faults):
                    run(partial(connection.execute, view))
            connection.execute("SET lock_configuration = true")
            yield Engine(connection, run, files.faults)
        finally:
            run.close()
            files.close()


def load_duckdb() -> Any:
    """Return DuckDB, once it is sure that all it needs is there.

    Raises:
        ConfigError: it is not.
    """
    try:
        import duckdb
        import fsspec  # noqa: F401 - what DuckDB reads our files through
    except ImportError:
        raise ConfigError(_INSTALL) from None
    return duckdb


def _confine(
    connection: "duckdb.DuckDBPyConnection", spill: Path, files: str, output: Path | None
) -> None:
    allowed = "[]" if output is None else f"['{str(output).replace(chr(39), chr(39) * 2)}']"
    for setting, value in (
        ("memory_limit", f"'{_memory_bytes()}B'"),
        ("threads", str(len(os.sched_getaffinity(0)))),
        ("temp_directory", f"'{spill}'"),
        ("TimeZone", "'UTC'"),
        # What a copy holds is bounded only where rows may be written as they come.
        ("preserve_insertion_order", "false" if output is not None else "true"),
        ("python_enable_replacements", "false"),
        ("autoinstall_known_extensions", "false"),
        ("autoload_known_extensions", "false"),
        ("allow_community_extensions", "false"),
        ("allowed_directories", f"['{files}']"),
        ("allowed_paths", allowed),
        ("enable_external_access", "false"),
    ):
        connection.execute(f"SET {setting} = {value}")


def _memory_bytes() -> int:
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min(MOST_MEMORY_BYTES, machine // 2)


@contextmanager
def _said(faults: Sequence[BaseException]) -> Iterator[None]:
    """Make one line of ours out of an error of DuckDB's; `faults`: what we raised inside of it."""
    import duckdb

    try:
        yield
    except duckdb.InterruptException:
        raise KeyboardInterrupt from None
    except duckdb.Error as error:
        if faults:
            raise faults[0] from None
        raise _told(error) from None


def _told(error: "duckdb.Error") -> CrawlerError:
    import duckdb

    first = str(error).partition("\n")[0]
    if isinstance(error, duckdb.OutOfMemoryException):
        return ConfigError(
            f"the query holds more than {size(_memory_bytes())} at once: ask for fewer columns "
            f"or rows ({first})"
        )
    if isinstance(error, duckdb.IOException):
        return StorageError(first)
    return ConfigError(f"SQL: {_one_line(str(error))}")


def _one_line(text: str) -> str:
    """Return what an error says, without the drawing of where; candidates are kept."""
    said = text.partition("\n\n")[0]
    return " ".join(said.split())
