"""SQL from `.sql` files: each statement has a name and a sentence, and is read once.

A file is a list of blocks; `-- name: NAME` starts one, further comment lines say what it is for.
"""

import functools
import re
from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType

_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)
_MIGRATION = re.compile(r"^(\d{4})_\w+\.sql$")


@functools.cache
def load_statements(dialect: str) -> Mapping[str, str]:
    """Return all named statements of a dialect.

    Raises:
        ValueError: a name is used twice, or a statement has no sentence.
    """
    statements: dict[str, str] = {}
    folder = resources.files("crawler.frontier").joinpath("sql", dialect)
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".sql") or file.name == "schema.sql":
            continue
        for name, sql in split_statements(file.read_text("utf-8")).items():
            if name in statements:
                raise ValueError(f"{file.name}: {name} is there twice")
            statements[name] = sql
    return MappingProxyType(statements)


def split_statements(text: str) -> dict[str, str]:
    """Return the statements of one file by name, in its order.

    Raises:
        ValueError: a name is used twice, or a statement has no sentence.
    """
    statements: dict[str, str] = {}
    parts = _NAME.split(text)[1:]
    for name, block in zip(parts[::2], parts[1::2], strict=True):
        lines = block.strip().splitlines()
        sql = "\n".join(line for line in lines if not line.startswith("--")).strip()
        if name in statements or not lines[0].startswith("-- "):
            raise ValueError(f"{name} is there twice or says nothing about itself")
        statements[name] = sql.removesuffix(";")
    return statements


@functools.cache
def load_schema(dialect: str) -> str:
    """Return the schema that all migrations together must arrive at."""
    folder = resources.files("crawler.frontier").joinpath("sql", dialect)
    return folder.joinpath("schema.sql").read_text("utf-8")


@functools.cache
def load_migrations(dialect: str) -> tuple[tuple[int, str], ...]:
    """Return (number, script) of every migration, in order, without gaps from 1.

    Raises:
        ValueError: a number is missing or used twice.
    """
    folder = resources.files("crawler.frontier").joinpath("sql", dialect, "migrations")
    found = sorted(
        (int(match[1]), file.read_text("utf-8"))
        for file in folder.iterdir()
        if (match := _MIGRATION.match(file.name))
    )
    if [number for number, _ in found] != list(range(1, len(found) + 1)):
        raise ValueError("migrations are not numbered 1, 2, 3 …")
    return tuple(found)
