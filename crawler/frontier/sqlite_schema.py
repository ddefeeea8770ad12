"""Making, recognising, migrating and checking a SQLite frontier file.

A file that is not ours, newer than we know or damaged is refused with a clear error, and stays as
it is.
"""

import os
import secrets
import sqlite3
from pathlib import Path

from crawler.errors import FrontierBusy, FrontierError, SchemaMismatch
from crawler.frontier import CORE_COUNTERS
from crawler.frontier.host_terms import TermsBook, lease_limit
from crawler.frontier.keys import HASH_NAME
from crawler.frontier.sqlite_connection import damaged, immediate
from crawler.frontier.statements import load_migrations, load_schema, load_statements
from crawler.ports import FrontierOptions, HostTerms

DIALECT = "sqlite"
APPLICATION_ID = 0x51435246
"""`QCRF` in the file's header: says whose database this is."""

OWN_META = "store."
"""Names in `meta` that are the adapter's own begin so."""

_LEAST_BYTES = 512
_SMALL_BYTES = 64 * 1024 * 1024
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def create_file(path: Path) -> None:
    """Make the file with mode 0600 if it is not there; SQLite's side files take the same mode.

    Raises:
        FrontierError: the file cannot be made.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        raise FrontierError(f"cannot make the frontier {path}: {error.strerror}") from error


def open_store(connection: sqlite3.Connection, path: Path, *, read_only: bool) -> int:
    """Recognise the store, bring it to the current schema, apply return the seed of its keys.

    Raises:
        FrontierBusy: it is only to be read, and is still to be made.
        SchemaMismatch: not a frontier, or one of another version.
    """
    _migrate(connection, path, read_only=read_only)
    sql = load_statements(DIALECT)
    meta = dict(connection.execute(sql["read_meta"]))
    if meta.get(OWN_META + "hash") != HASH_NAME:
        raise SchemaMismatch(f"{path} was written with another hash; this version cannot read it")
    return int(meta[OWN_META + "seed"])


def apply_options(
    connection: sqlite3.Connection, options: FrontierOptions, book: TermsBook
) -> None:
    """Write delay and page limits of this run to all hosts."""
    sql = load_statements(DIALECT)

    def row(terms: HostTerms) -> dict[str, int | None]:
        return {
            "delay_ms": terms.delay_ms,
            "lease_limit": lease_limit(terms),
            "page_limit": terms.max_pages,
            "factor": options.adaptive_factor,
            "cap_ms": options.adaptive_cap_ms,
        }

    with immediate(connection):
        connection.execute(sql["apply_options"], row(book.default))
        if not book.are_equal:
            hosts = [(i, book.of(host)) for i, host in connection.execute(sql["all_hosts"])]
            connection.executemany(
                sql["apply_host_terms"],
                [row(terms) | {"host_id": i} for i, terms in hosts if terms is not book.default],
            )
        connection.execute(sql["apply_delays"])


def check_store(connection: sqlite3.Connection, path: Path) -> None:
    """Look for damage where that is cheap or the machine has been down.

    Raises:
        FrontierDamaged: there is some.
    """
    sql = load_statements(DIALECT)
    boot_id = _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else ""
    meta = dict(connection.execute(sql["read_meta"]))
    rebooted = meta.get(OWN_META + "boot_id") != boot_id
    if not rebooted and path.stat().st_size >= _SMALL_BYTES:
        return
    answer = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if answer != "ok":
        raise damaged(path, str(answer))
    if rebooted:
        connection.execute(sql["write_meta"], (OWN_META + "boot_id", boot_id))


def migrate(connection: sqlite3.Connection, version: int) -> None:
    """Apply the migrations after `version`, in one transaction that the caller has begun."""
    for number, script in load_migrations(DIALECT):
        if number > version:
            for statement in _split(script):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")


def _migrate(connection: sqlite3.Connection, path: Path, *, read_only: bool) -> None:
    latest = load_migrations(DIALECT)[-1][0]
    version = _version(connection, path)
    if version > latest:
        raise SchemaMismatch(
            f"{path} was written by a newer crawler (schema {version}, this one knows {latest})"
        )
    if version == latest:
        return
    if read_only and version == 0:
        raise FrontierBusy(
            f"{path} is empty as yet: try again in a moment, or start the crawl if none runs"
        )
    if read_only:
        raise SchemaMismatch(f"{path} has the old schema {version}: start the crawl once first")
    # The journal mode cannot change inside a transaction.
    connection.execute("PRAGMA journal_mode = WAL")
    with immediate(connection):
        version = _version(connection, path)  # another process may have been faster
        if version >= latest:
            return
        if version > 0:
            migrate(connection, version)
        else:
            _make(connection, latest)


def _version(connection: sqlite3.Connection, path: Path) -> int:
    """Return the schema number, 0 for an empty file."""
    marks = connection.execute(load_statements(DIALECT)["read_marks"])
    application, version, tables = marks.fetchone()
    if 0 < path.stat().st_size < _LEAST_BYTES:
        # SQLite takes so short a file for an empty one.
        raise SchemaMismatch(f"{path} is not a frontier; nothing was changed")
    if application == APPLICATION_ID:
        return int(version)
    if application or version or tables:
        raise SchemaMismatch(f"{path} is a database of another program; nothing was changed")
    return 0


def _make(connection: sqlite3.Connection, version: int) -> None:
    """Make an empty store at once as all migrations would: a sixth of the time."""
    for statement in _split(load_schema(DIALECT)):
        connection.execute(statement)
    sql = load_statements(DIALECT)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {version}")
    connection.execute("INSERT INTO sequences (name, value) VALUES ('lease', 1 << 32)")
    connection.executemany(
        sql["write_meta"],
        [(OWN_META + "hash", HASH_NAME), (OWN_META + "seed", str(secrets.randbits(63)))],
    )
    connection.executemany(sql["add_counter"], [(name, 0) for name in CORE_COUNTERS])


def _split(script: str) -> list[str]:
    """Split a script at the semicolons that end statements; `executescript` would commit."""
    statements: list[str] = []
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            statements.append(pending)
            pending = ""
    return statements
