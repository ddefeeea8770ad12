"""Other versions of the crawler, and stores as older ones left them, made from what is here."""

import shutil
import sqlite3
from pathlib import Path

import crawler
from crawler.frontier.sqlite_schema import APPLICATION_ID
from crawler.frontier.statements import load_migrations

PACKAGE = Path(crawler.__file__).parent
LATEST = load_migrations("sqlite")[-1][0]


def next_version(directory: Path, version: str) -> Path:
    """Install the version after this one: another number, and a store with one table more.

    Returns what PYTHONPATH has to be.
    """
    copy = directory / "crawler"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    init = copy / "__init__.py"
    text = init.read_text("utf-8")
    assert text.count(f'__version__ = "{crawler.__version__}"') == 1
    init.write_text(text.replace(crawler.__version__, version), "utf-8")
    migrations = copy / "frontier/sql/sqlite/migrations"
    (migrations / f"{LATEST + 1:04d}_next.sql").write_text(
        "-- What the next version needs.\n"
        "CREATE TABLE whims (host_id INTEGER PRIMARY KEY, whim TEXT NOT NULL) STRICT;\n"
        "INSERT INTO whims SELECT id, 'none' FROM hosts;\n",
        "utf-8",
    )
    return directory


def bring_back(store: Path, schema: int) -> None:
    """Make the store what it was under an older schema, with all rows that it has now.

    The crawl must not be running.
    """
    old = store.with_suffix(".old")
    database = sqlite3.connect(old, isolation_level=None)
    try:
        for number, script in load_migrations("sqlite"):
            if number <= schema:
                database.executescript(script)
        database.execute("ATTACH ? AS now", (str(store),))
        tables = "SELECT name FROM {} WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        known = {name for (name,) in database.execute(tables.format("now.sqlite_master"))}
        names = [name for (name,) in database.execute(tables.format("main.sqlite_master"))]
        for name in names:
            assert name in known, name
            then, now = (_columns(database, of, name) for of in ("main", "now"))
            columns = ", ".join(f'"{column}"' for column in then if column in now)
            database.execute(f'DELETE FROM main."{name}"')
            database.execute(
                f'INSERT INTO main."{name}" ({columns}) SELECT {columns} FROM now."{name}"'
            )
        database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        database.execute(f"PRAGMA user_version = {schema}")
    finally:
        database.close()
    for beside in ("-wal", "-shm"):
        store.with_name(store.name + beside).unlink(missing_ok=True)
    old.replace(store)


def _columns(database: sqlite3.Connection, schema: str, table: str) -> list[str]:
    return [row[1] for row in database.execute(f'PRAGMA {schema}.table_info("{table}")')]
