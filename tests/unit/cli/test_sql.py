"""SQL over a job: what it sees, what it never sees, and that it can do nothing else."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest

from crawler.audit import interruptible
from crawler.cli.records.files import Tally, find_sources
from crawler.cli.records.job_behind import job_behind
from crawler.cli.records.record_filter import RecordFilter, Wishes
from crawler.cli.sql import views as sql_views
from crawler.cli.sql.engine import Engine, open_engine
from crawler.cli.sql.files import kept
from crawler.cli.sql.output import csv_text, json_lines, table_lines
from crawler.cli.sql.schema import type_of
from crawler.errors import ConfigError, FrontierError
from crawler.model.record import RECORD_KEYS
from crawler.sink.packing import temporary_path
from tests.support.records import record
from tests.support.small_job import SmallJob

ENDLESS = "SELECT count(*) FROM range(10_000_000) a, range(10_000_000) b WHERE a.range < b.range"
HOSTILE = '=cmd|" /C calc"!A0\x1b[31m\x00'


@pytest.fixture
def fresh_job(tmp_path: Path) -> SmallJob:
    """One that a test may change."""
    return make_job(tmp_path / "crawl")


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> SmallJob:
    return make_job(tmp_path_factory.mktemp("sql") / "crawl")


def make_job(root: Path) -> SmallJob:
    """Two parts, each with bytes after the committed ones."""
    made = SmallJob(root)
    details = [{"url": "http://a.example/x", "text": "to x", "rel": "nofollow"}]
    made.commit(
        "reader-1",
        [
            record(url="http://a.example/1", depth=1, link_details=details),
            record(url="http://a.example/2", status=404, links=[], bytes=None, title=HOSTILE),
        ],
    )
    fields = {"price": {"amount": "9.90"}, "n": 3}
    made.commit("reader-2", [record(url="http://b.example:81/", fields=fields)])
    made.know("http://a.example/1", "http://a.example/2", "http://c.example/")
    return made


def ask(path: Path, sql: str, wanted: RecordFilter | None = None) -> list[tuple[Any, ...]]:
    sources = find_sources([path], Tally())
    with open_engine(sources, job_behind(path), wanted) as engine:
        return [row for batch in engine.ask(sql).batches() for row in batch]


def test_pages_have_all_keys_in_order_with_their_types(job):
    with open_engine(find_sources([job.root], Tally()), None) as engine:
        answer = engine.ask("SELECT * FROM pages")
    assert answer.columns == [*RECORD_KEYS, "host"]
    assert [type_of(key) for key in RECORD_KEYS] == [
        kind.replace('"', "") for kind in answer.types[:-1]
    ]
    [row] = ask(job.root, "SELECT fetched_at, headers, fields ->> '$.price.amount' FROM pages "
                "WHERE host = 'b.example:81'")  # fmt: skip
    assert row[0].isoformat() == "2026-03-01T10:00:00"
    assert row[1:] == ({}, "9.90")


def test_bytes_that_are_not_committed_are_never_seen(job):
    """They may be cut off and fetched again: whoever counted them has counted pages twice."""
    assert ask(job.root, "SELECT count(*) FROM pages") == [(3,)]
    assert ask(job.pages, "SELECT count(*) FROM pages WHERE url LIKE '%never'") == [(0,)]
    assert ask(job.pages, "SELECT count(*) FROM pages a JOIN pages b USING (url)") == [(3,)]


def test_what_is_written_while_a_query_runs_is_not_seen(fresh_job):
    """A crawl commits all the time; one answer is of one moment."""
    job = fresh_job
    with open_engine(find_sources([job.root], Tally()), None) as engine:
        job.commit("reader-1", [record(url="http://a.example/3")])
        counts = [list(engine.ask("SELECT count(*) FROM pages").batches()) for _ in range(2)]
    assert counts == [[[(3,)]]] * 2
    assert ask(job.root, "SELECT count(*) FROM pages") == [(4,)]


def test_a_packed_part_is_read_like_another(fresh_job):
    job = fresh_job
    from crawler.sink.packing import pack_part

    part, size = job.parts["reader-1"]
    path = job.pages / part.name
    pack_part(path, size)
    temporary_path(path).rename(path.with_name(path.name + ".zst"))
    path.unlink()
    assert ask(job.root, "SELECT count(*), max(depth) FROM pages") == [(3, 1)]


def test_links_are_edges_with_their_place(job):
    rows = ask(job.root, "SELECT source, target, position, text, rel FROM links ORDER BY ALL")
    assert rows[:2] == [
        ("http://a.example/1", "http://a.example/x", 1, "to x", "nofollow"),
        ("http://a.example/1", "http://a.example/y", 2, None, None),
    ]
    assert len(rows) == 4


def test_urls_and_hosts_are_those_of_the_frontier(job):
    rows = ask(job.root, "SELECT url, host, kind, state, depth, seed FROM urls ORDER BY url")
    assert rows[2] == ("http://c.example/", "c.example", "page", "ready", 1, False)
    assert len(rows) == 3
    assert ask(job.root, "SELECT host, ready FROM hosts ORDER BY host") == [
        ("a.example", 2),
        ("c.example", 1),
    ]
    unseen = "SELECT url FROM urls ANTI JOIN pages USING (url)"
    assert ask(job.root, unseen) == [("http://c.example/",)]


def test_latest_is_the_last_visit_of_each_url(tmp_path):
    made = SmallJob(tmp_path / "crawl")
    gone, home = "http://a.example/gone", "http://a.example/"
    early, late = [record(url=gone, status=404, links=[])], []
    early.append(record(url=home, links=[gone, gone + "2"]))
    early.append(record(url=gone + "2", status=404, links=[]))
    late.append(record(url=home, links=[gone], visit=2))
    late.append(record(url=gone, status=404, links=[], visit=2))
    late.append(record(url=gone + "2", status=200, links=[], visit=2))
    late.append(record(url=home, status=304, links=[], title=None, visit=3, unchanged=True))
    made.commit("reader-1", early)
    made.commit("reader-2", late)
    missing = (
        "SELECT target, count(*) FROM {} JOIN {} ON url = target WHERE status = 404 GROUP BY 1"
    )
    assert ask(made.root, missing.format("latest_links", "latest")) == [(gone, 1)]
    assert ask(made.root, "SELECT url, visit FROM latest ORDER BY 1") == [
        (home, 2),
        (gone, 2),
        (gone + "2", 2),
    ]
    assert ask(made.root, "SELECT count(*) FROM pages") == [(7,)]
    assert ask(made.root, "SELECT count(*) FROM links") == [(3,)]


def test_filters_narrow_pages_and_links(job):
    wanted = RecordFilter(Wishes(hosts=["a.example"], statuses=["2xx"]))
    assert ask(job.root, "SELECT url FROM pages", wanted) == [("http://a.example/1",)]
    assert ask(job.root, "SELECT count(*) FROM links", wanted) == [(2,)]


def test_a_job_without_records_has_empty_tables(tmp_path):
    job = SmallJob(tmp_path / "crawl")
    assert ask(job.root, "SELECT count(*), max(fetched_at) FROM pages") == [(0, None)]
    assert ask(job.root, "SELECT * FROM urls") == []


def test_lines_longer_than_usual_are_read(fresh_job):
    """One page with a million links would end every query about the crawl."""
    job = fresh_job
    links = ["http://a.example/" + "x" * 1000 + str(n) for n in range(20_000)]
    job.commit("reader-1", [record(url="http://a.example/long", links=links)])
    assert ask(job.root, "SELECT max(len(links)) FROM pages") == [(20_000,)]


@pytest.mark.parametrize(
    "sql",
    [
        "COPY (SELECT 1) TO 'evil.txt'",
        "COPY pages FROM '/etc/passwd'",
        "ATTACH 'evil.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "PRAGMA database_list",
        "CREATE TABLE evil (a INT)",
        "DROP VIEW pages",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO 'evil.txt'",
        "SELECT 1; SELECT 2",
        "SELECT 1; COPY (SELECT 1) TO 'evil.txt'",
        "",
    ],
)
def test_only_one_select_is_taken(job, tmp_path, monkeypatch, sql):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="--sql takes one SELECT"):
        ask(job.root, sql)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "table",
    [
        "read_text('/etc/passwd')",
        "read_csv('/etc/passwd')",
        "read_json('{part}')",
        "'{part}'",
        "glob('/etc/*')",
        "read_blob('file:///etc/passwd')",
        "read_csv('http://127.0.0.1:9/x.csv')",
        "parquet_metadata('/etc/passwd')",
        "sniff_csv('/etc/passwd')",
        "read_text('crawl://../../../etc/passwd')",
        "enable_logging(storage = 'file', storage_config = {{'path': '{part}.log'}})",
        "query('COPY (SELECT 1) TO ''{part}''')",
    ],
)
def test_a_query_opens_no_file_and_no_network(job, table):
    """A query may be somebody else's, out of a chat or a notebook."""
    [part] = job.pages.glob("part-000001*")
    before = part.read_bytes()
    with pytest.raises(ConfigError, match=r"^SQL: "):
        ask(job.root, f"SELECT * FROM {table.format(part=part)}")
    assert part.read_bytes() == before
    assert len(list(job.pages.iterdir())) == 2


@pytest.mark.parametrize(
    "statement",
    ["COPY (SELECT 1) TO '{file}'", "ATTACH '{file}'", "SET enable_external_access = true"],
)
def test_the_database_itself_is_confined(job, tmp_path, statement):
    """Should a statement ever get past the look at it, it still finds nothing to write to."""
    refusal = r"disabled by configuration|has been locked|Cannot"
    with (
        open_engine(find_sources([job.root], Tally()), None) as engine,
        pytest.raises(duckdb.Error, match=refusal),
    ):
        engine._connection.execute(statement.format(file=tmp_path / "evil"))
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELEC 1", 'SQL: Parser Error: syntax error at or near "SELEC"'),
        ("SELECT urll FROM pages", 'SQL: Binder Error: Referenced column "urll" not found'),
        ("SELECT * FROM page", "SQL: Catalog Error: Table with name page does not exist!"),
        ("SELECT url::INT FROM pages", "SQL: Conversion Error: Could not convert string"),
    ],
)
def test_a_mistake_is_told_in_one_line(job, sql, message):
    with pytest.raises(ConfigError) as raised:
        ask(job.root, sql)
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)


def test_without_duckdb_the_extra_is_named(job, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "duckdb", None)
    with pytest.raises(ConfigError, match=r"pip install '\.\[analysis\]' in the clone"):
        ask(job.root, "SELECT 1")


def test_lines_of_others_count_only_where_they_are_json(tmp_path):
    """DuckDB would stop at the first of them, or count it as a row of nothing."""
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"uri":"u1","n":1}\nnot json\n{"uri":"u2","o":{"a":[1]}}\n{"uri":"u3')
    assert ask(path, "SELECT uri, n, o.a[1] FROM pages ORDER BY uri") == [
        ("u1", 1, None),
        ("u2", None, 1),
    ]
    ours = tmp_path / "ours.jsonl"
    ours.write_bytes(orjson.dumps(record()) + b"\n")
    assert ask(ours, "SELECT typeof(headers), host FROM pages") == [
        ("MAP(VARCHAR, VARCHAR)", "a.example")
    ]


def test_a_part_that_lost_bytes_is_read_as_far_as_it_goes(fresh_job):
    job = fresh_job
    part, size = job.parts["reader-1"]
    path = job.pages / part.name
    path.write_bytes(path.read_bytes()[: size - 10])
    assert ask(job.root, "SELECT count(*) FROM pages") == [(2,)]


def test_output_is_a_table_json_and_csv(job):
    columns = ["url", "title", "status", "fetched_at", "links", "bytes", "half"]
    sql = f"SELECT {', '.join(columns[:-1])}, 0.5 AS half FROM pages ORDER BY url"
    with open_engine(find_sources([job.root], Tally()), None) as engine:
        shown = list(table_lines(engine.ask(sql)))
        found = json.loads("\n".join(json_lines(engine.ask(sql))))
        text = list(csv_text(engine.ask(sql)))
        empty = "".join(json_lines(engine.ask("SELECT 1 AS a, 2 AS a WHERE false")))
        twice = json.loads("".join(json_lines(engine.ask("SELECT 1 AS a, 2 AS a"))))
    assert shown[0].split() == text[0].split(",") == columns
    assert not [line for line in shown if "\x1b" in line or "\x00" in line]
    assert found[0]["fetched_at"] == "2026-03-01T10:00:00.000Z"
    assert found[1]["title"] == HOSTILE
    assert found[1]["links"] == []
    assert (found[1]["bytes"], found[1]["half"]) == (None, 0.5)
    assert "'=cmd|" in "\n".join(text)
    assert empty == "[]"
    assert twice == [{"a": 1, "a_2": 2}]


def test_a_long_line_is_noticed_wherever_it_is(tmp_path):
    """Else DuckDB says that an object is too large, and nobody can ask anything of the crawl."""
    step = sql_views._STEP_BYTES
    usual, longest = sql_views._USUAL_LINE_BYTES, sql_views._LONGEST_LINE_BYTES
    for start in (0, 1, step - 1, step + 5):
        data = b"x" * start + b"\n" + b"y" * (usual + 2) + b"\n" + b"z\n"
        path = tmp_path / "x"
        path.write_bytes(data)
        with path.open("rb") as stream:
            assert sql_views._longest(stream, len(data)) == longest
    path.write_bytes((b"x" * 1_000_000 + b"\n") * 40)
    with path.open("rb") as stream:
        assert sql_views._longest(stream, path.stat().st_size) == usual


def test_what_is_raised_inside_of_duckdb_stays_what_it_is(job, monkeypatch):
    """It would be told as an error of the query, with a traceback in it."""

    def raising(*_: object) -> None:
        raise FrontierError("the store is damaged")

    monkeypatch.setattr("crawler.cli.sql.files.Bounded.read", _kept(raising))
    with pytest.raises(FrontierError, match=r"^the store is damaged$"):
        ask(job.root, "SELECT * FROM pages")


def _kept(work: Callable[..., None]) -> Callable[..., None]:
    def read(self: Any, *_: object) -> None:
        with kept(self._faults):
            work()

    return read


@pytest.mark.e2e
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_query_that_would_take_years(job, tmp_path, number, code):
    """A slip of the pen in a join, or `timeout 60`: nothing may be left, on a disk either."""
    command = [sys.executable, "-c", _SLOW, str(job.root), ENDLESS]
    environ = os.environ | {"TMPDIR": str(tmp_path)}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, env=environ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"asking\n"
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (out, err, process.returncode) == (b"", b"", code)
    assert list(tmp_path.iterdir()) == []


def test_a_query_ends_whenever_ctrl_c_comes(job, monkeypatch):
    """Between handing it over and waiting for it, where nobody could say what it would do."""
    submit, checked = ThreadPoolExecutor.submit, Engine.checked
    asked = []

    def submit_and_be_interrupted(self: Any, *args: Any) -> Any:
        future = submit(self, *args)
        if asked:
            asked.clear()
            raise KeyboardInterrupt
        return future

    def checked_and_noted(self: Engine, sql: str) -> str:
        asked.append(sql)
        return checked(self, sql)

    monkeypatch.setattr(ThreadPoolExecutor, "submit", submit_and_be_interrupted)
    monkeypatch.setattr(Engine, "checked", checked_and_noted)
    with pytest.raises(KeyboardInterrupt):
        ask(job.root, ENDLESS)


def test_a_connection_that_closes_slowly_closes_once(job, monkeypatch):
    """On a busy machine it is closed between looking and telling: the answer must still come."""
    looks = iter([False])

    def wait_and_look_away(futures: list[Future[Any]], _: float) -> Any:
        found = wait(futures)
        return found if next(looks, True) else wait([Future[None]()], 0)

    monkeypatch.setattr(interruptible, "wait", wait_and_look_away)
    assert ask(job.root, "SELECT 1") == [(1,)]


_SLOW = """
import sys
from crawler.cli import app
from crawler.audit.interruptible import Interruptible
run = Interruptible.__call__
def told(self, work):
    print("asking", flush=True)
    return run(self, work)
Interruptible.__call__ = told
sys.argv = ["crawler", "inspect", sys.argv[1], "--sql", sys.argv[2]]
app.main()
"""


def test_files_without_records(tmp_path):
    path = tmp_path / "e.jsonl"
    path.touch()
    assert ask(path, "SELECT count(*) FROM pages") == [(0,)]
    for text in ("[1,2]\n", '"x"\n'):
        path.write_text(text)
        with pytest.raises(ConfigError, match="expected records"):
            ask(path, "SELECT count(*) FROM pages")


def test_a_class_that_does_not_exist_is_refused():
    with pytest.raises(ConfigError, match="1xx to 5xx"):
        RecordFilter(Wishes(statuses=["9xx"]))
