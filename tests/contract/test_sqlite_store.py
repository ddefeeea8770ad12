"""The SQLite file: made safely, refused when it cannot be trusted, shared by processes."""

import asyncio
import multiprocessing
import os
import re
import signal
import sqlite3
import stat
import time
from pathlib import Path

import pytest

from crawler.errors import (
    FrontierBusy,
    FrontierDamaged,
    FrontierError,
    SchemaMismatch,
    StorageError,
)
from crawler.frontier import sqlite_connection
from crawler.frontier.sqlite import SqliteFrontier
from crawler.frontier.sqlite_connection import Database
from crawler.frontier.sqlite_schema import migrate
from crawler.frontier.statements import load_migrations, load_schema, load_statements
from crawler.model.result import Batch, PartMark
from crawler.ports import HostTerms
from tests.contract.conftest import counted, links, note, options, pages, result, settle

fork = multiprocessing.get_context("fork")


@pytest.fixture
def start():
    """Return a function that forks a child with the end of a pipe; none outlives its test."""
    started = []

    def begin(target, *args):
        here, there = fork.Pipe(duplex=False)
        child = fork.Process(target=target, args=(*args, there))
        child.start()
        there.close()
        started.append((child, here))
        return child, here

    yield begin
    for child, here in started:
        child.kill()
        child.join()
        child.close()
        here.close()


@pytest.fixture
async def path(tmp_path):
    """A store with a few pages in it, closed."""
    path = tmp_path / "frontier.db"
    frontier = SqliteFrontier(path, options(delay_ms=0))
    await frontier.open()
    await frontier.recover(now=0)
    await frontier.add(pages("a.example", 200), now=0)
    await frontier.close()
    return path


async def opened(path, *, recover=None, **changes):
    more = {name: changes.pop(name) for name in ("read_only", "check") if name in changes}
    frontier = SqliteFrontier(path, options(**({"delay_ms": 0} | changes)), **more)
    try:
        await frontier.open()
        if recover is not None:
            await frontier.recover(now=recover)
    except BaseException:
        await frontier.close()
        raise
    return frontier


def explained(database, how, sql):
    """Prepare a statement with as many arguments as it has."""
    numbers = [int(number) for number in re.findall(r"\?(\d+)", sql)]
    names = dict.fromkeys(re.findall(r":(\w+)", sql), 1)
    return database.execute(f"{how} {sql}", names or [1] * max(numbers, default=0)).fetchall()


def test_every_statement_is_named_and_can_be_prepared():
    # A typing error in a statement that runs once a month would be found once a month.
    database = sqlite3.connect(":memory:")
    database.executescript(load_schema("sqlite"))
    for name, sql in load_statements("sqlite").items():
        assert explained(database, "EXPLAIN", sql), name
    database.close()


def test_migrations_end_at_the_schema():
    # Else a store that was upgraded would differ from a fresh one.
    def shape(database):
        rows = database.execute("SELECT type, name, sql FROM sqlite_master ORDER BY 1, 2")
        # A column that was added later stands behind other white space.
        return [(kind, name, "".join((sql or "").split())) for kind, name, sql in rows]

    wanted, got = sqlite3.connect(":memory:"), sqlite3.connect(":memory:")
    wanted.executescript(load_schema("sqlite"))
    migrate(got, 0)
    assert shape(got) == shape(wanted)
    assert got.execute("PRAGMA user_version").fetchone()[0] == load_migrations("sqlite")[-1][0]
    wanted.close()
    got.close()


def test_claims_and_upkeep_never_scan_a_big_table():
    # With 10 million URLs a scan takes a minute.
    database = sqlite3.connect(":memory:")
    database.executescript(load_schema("sqlite"))
    rare = {"apply_options", "cap_hosts", "cap_origins", "list_hosts", "list_waiting_hosts"}
    rare |= {"part_hosts", "part_counts", "reopen_urls"}
    rare |= {"all_hosts", "apply_delays", "cap_failures"}
    rare |= {"has_host"}  # once for each site table, when a crawl is over
    statements = {k: v for k, v in load_statements("sqlite").items() if k not in rare}
    for name, sql in statements.items():
        for *_, step in explained(database, "EXPLAIN QUERY PLAN", sql):
            is_scan = step.startswith("SCAN ") and step.split()[1] in ("urls", "u", "hosts", "seen")
            assert not is_scan or " USING " in step, (name, step)
    database.close()


async def test_the_files_are_private(path):
    # URLs may carry secrets.
    frontier = await opened(path)
    await frontier.add(pages("b.example", 1), now=0)
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    await frontier.close()


async def test_everything_is_there_after_a_reopen(path):
    frontier = await opened(path)
    items = await frontier.claim(16, now=1)
    part = await frontier.new_part("r1")
    batch = Batch(
        results=[result(item) for item in items[:3]],
        parts=[PartMark(part.part_id, 0, 300, 3)],
        roots=["https://b.example/"],
    )
    await frontier.commit(batch, now=2)
    await frontier.set_meta({"scope": "host"})
    await frontier.close()
    frontier = await opened(path)
    (part,) = await frontier.recover(now=3)
    assert (part.bytes, part.records, part.sealed) == (300, 3, True)
    assert await frontier.roots() == ["https://b.example/"]
    assert await frontier.meta() == {"scope": "host"}
    assert (await frontier.new_part("r1")).part_id == 2
    again = await frontier.claim(300, now=4)
    assert {i.url for i in items[3:]} <= {i.url for i in again}
    # Far above all earlier ids: a power loss may have taken the last of them out of the store.
    assert min(i.lease_id for i in again) >> 32 > max(i.lease_id for i in items) >> 32
    await frontier.close()


async def test_the_options_of_a_run_hold_for_known_hosts(path):
    # A longer delay counts from the last request of the run before; a larger budget goes on.
    frontier = await opened(path, recover=0, max_pages_per_host=2)
    items = await frontier.claim(16, now=1_000)
    assert len(items) == 2
    await frontier.commit(
        Batch(results=[result(i) for i in items], notes=[note(items[0], 1_000)]), now=1_000
    )
    assert await frontier.claim(16, now=2_000) == []
    await frontier.close()
    frontier = await opened(path, recover=1_000, delay_ms=5_000, max_pages_per_host=3)
    assert await frontier.claim(16, now=5_999) == []
    (item,) = await frontier.claim(16, now=6_000)
    assert item.delay_ms == 5_000
    await frontier.close()


async def test_terms_of_a_host_are_those_of_the_run(path):
    # A site's table may be added, changed or taken away between two runs.
    frontier = await opened(path, recover=0, delay_ms=5_000)
    await frontier.add([*pages("b.example", 20), *pages("c.example", 20)], now=0)
    await frontier.close()
    own = {"a.example": HostTerms(9_000, 1, None, None), "b.example": HostTerms(0, 2, 7, None)}
    frontier = await opened(path, recover=0, delay_ms=5_000, per_host=1, terms_of=own.get)
    items = await frontier.claim(99, now=100_000)
    seen = {host: [i.delay_ms for i in items if i.host[0] == host] for host in "abc"}
    assert seen == {"a": [9_000], "b": [0] * 7, "c": [5_000]}
    await frontier.close()
    frontier = await opened(path, recover=100_000, delay_ms=5_000, per_host=1)
    items = await frontier.claim(99, now=200_000)
    assert sorted((i.host[0], i.delay_ms) for i in items) == [(h, 5_000) for h in "abc"]
    await frontier.close()


async def test_leases_left_by_a_crash_do_not_hold_a_host_in_a_run_with_a_delay(path):
    frontier = await opened(path)
    assert len(await frontier.claim(16, now=0)) == 16
    await frontier.close()
    frontier = await opened(path, recover=0, delay_ms=1_000)
    assert len(await frontier.claim(16, now=1_000)) == 1
    await frontier.close()


async def test_a_closed_frontier_says_so(path):
    frontier = await opened(path)
    await frontier.close()
    await frontier.close()
    with pytest.raises(FrontierError, match="closed"):
        await frontier.counters()


@pytest.mark.parametrize("content", [b"not a database, but long enough to be one" * 30, b"x"])
async def test_a_file_that_is_no_database_is_refused(tmp_path, content):
    # Overwriting somebody's file would be unforgivable.
    path = tmp_path / "frontier.db"
    path.write_bytes(content)
    with pytest.raises(SchemaMismatch, match="not a frontier"):
        await opened(path)
    assert path.read_bytes() == content


async def test_a_database_of_another_program_is_refused(tmp_path):
    path = tmp_path / "frontier.db"
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE urls (id INTEGER)")
    database.commit()
    database.close()
    before = path.read_bytes()
    with pytest.raises(SchemaMismatch, match="another program"):
        await opened(path)
    assert path.read_bytes() == before


async def test_a_newer_schema_is_refused(path):
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 99")
    database.close()
    for read_only in (False, True):
        with pytest.raises(SchemaMismatch, match="newer crawler"):
            await opened(path, read_only=read_only)


async def test_an_empty_file_is_a_new_store(tmp_path):
    # What a crash right after the file was made leaves behind.
    path = tmp_path / "frontier.db"
    path.touch()
    frontier = await opened(path, recover=0)
    assert await frontier.add(pages("a.example", 1), now=0) == (1, 0)
    await frontier.close()


async def test_damage_is_found_at_the_start_and_nothing_is_changed(path):
    # Crawling on with a damaged frontier would lose pages without a word.
    content = bytearray(path.read_bytes())
    for page in range(4, len(content) // 4096):
        content[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    path.write_bytes(content)
    with pytest.raises(FrontierDamaged, match=r"frontier\.db.*--fresh"):
        await opened(path, check=True)
    with pytest.raises(FrontierDamaged):
        await opened(path, recover=0)
    assert path.read_bytes() == content


async def test_one_damaged_page_is_found_at_the_start(path):
    # Nothing that a start reads lies on it: the crawl would go on, and lose its URLs on the way.
    frontier = await opened(path, recover=0)
    await frontier.add(pages("many.example", 500), now=0)
    await frontier.close()
    content = bytearray(path.read_bytes())
    last = len(content) // 4096 - 1
    content[last * 4096 : last * 4096 + 64] = b"\xff" * 64
    path.write_bytes(content)
    with pytest.raises(FrontierDamaged):
        await opened(path, check=True)


async def test_damage_found_later_is_a_clean_stop(path):
    frontier = await opened(path)
    content = bytearray(path.read_bytes())
    for page in range(4, len(content) // 4096):
        content[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    path.write_bytes(content)
    with pytest.raises(FrontierDamaged):
        await frontier.claim(10, now=1)
    await frontier.close()


async def test_a_full_disk_is_a_storage_error(path):
    # Exit code 3 and a clear line, not a traceback; and the store stays as it was.
    frontier = await opened(path)

    def shrink(connection):
        size = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {size}")

    await frontier._database.run(shrink)
    with pytest.raises(StorageError, match=r"frontier\.db"):
        await frontier.add(pages("b.example", 5_000), now=0)
    assert (await counted(frontier)) == {"ready": 200}
    await frontier.close()


async def test_a_missing_directory_is_a_clear_error(tmp_path):
    with pytest.raises(FrontierError, match="cannot make the frontier"):
        await opened(tmp_path / "missing" / "frontier.db")


async def test_reading_only_changes_nothing_and_makes_nothing(path, tmp_path):
    # `status` and `explain` run beside the crawl.
    with pytest.raises(FrontierError, match="no frontier"):
        await opened(tmp_path / "none.db", read_only=True)
    assert not (tmp_path / "none.db").exists()
    crawl = await opened(path)
    (item, *_) = await crawl.claim(5, now=0)
    look = await opened(path, read_only=True, delay_ms=7_000)
    assert (await look.explain(item.url)).state == "leased"
    assert (await look.outlook(now=0)).ready == 195
    with pytest.raises(FrontierError):
        await look.add(pages("b.example", 1), now=0)
    await look.close()
    assert len(await crawl.claim(5, now=0)) == 5
    await crawl.close()


async def test_a_lock_held_too_long_is_busy_and_a_short_one_is_waited_for(path, monkeypatch):
    frontier = await opened(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr(sqlite_connection, "BUSY_SECONDS", 0.3)
    with pytest.raises(FrontierBusy):
        await frontier.claim(1, now=0)
    monkeypatch.setattr(sqlite_connection, "BUSY_SECONDS", 20.0)
    claim = asyncio.create_task(frontier.claim(1, now=0))
    await frontier_is_waiting(frontier)
    other.execute("COMMIT")
    other.close()
    assert len(await claim) == 1
    await frontier.close()


async def frontier_is_waiting(frontier):
    deadline = time.monotonic() + 5
    while not frontier._database._lock.locked() and time.monotonic() < deadline:
        await asyncio.sleep(0.001)


async def test_checkpoints_bring_the_log_back_and_cut_a_large_one(path, monkeypatch):
    # Nobody else does: without them the log grows for ever.
    from crawler.frontier import sqlite_wal

    frontier = await opened(path)
    await frontier.add(pages("b.example", 3_000), now=0)
    log = path.with_name(path.name + "-wal")
    assert log.stat().st_size > 100_000
    await frontier.checkpoint()
    assert log.stat().st_size > 100_000
    monkeypatch.setattr(sqlite_wal, "MAX_LOG_PAGES", 10)
    await frontier.checkpoint()
    assert log.stat().st_size == 0
    assert (await counted(frontier))["ready"] == 3_200
    await frontier.close()


# --- processes


def child_commits(path, reader, urls, pipe):
    """Add and claim-free commit in a child: what a reader does with a connection of its own."""

    async def work():
        frontier = await opened(path)
        await frontier.add(links(*urls), now=5)
        counters = await frontier.counters()
        await frontier.close()
        return counters["ready"]

    pipe.send(asyncio.run(work()))
    pipe.close()
    os._exit(0)


async def test_a_child_forked_from_a_used_frontier_works_and_so_does_the_parent(path, start):
    # A connection that is open over a fork gives the child SQLite's lock table: it may lock up, and
    # the file may be damaged.
    frontier = await opened(path)
    for round_number in range(3):
        await frontier.claim(2, now=round_number)
        assert frontier._database._connection is not None
        urls = [f"https://c{round_number}.example/{n}" for n in range(50)]
        child, here = start(child_commits, path, "r", urls)
        assert frontier._database._connection is None
        await frontier.add(pages(f"d{round_number}.example", 50), now=5)
        assert await asyncio.to_thread(here.poll, 30), "the child is stuck"
        assert here.recv() > 0
        child.join(30)
        assert child.exitcode == 0
    counters = await counted(frontier)
    assert counters["ready"] + counters["leased"] == 200 + 3 * 100
    await frontier.close()


def child_uses_inherited(frontier, pipe):
    async def work():
        answer = await frontier.add(links("https://child.example/"), now=1)
        await frontier.close()
        return answer.new

    pipe.send(asyncio.run(work()))
    pipe.close()
    os._exit(0)


async def test_even_an_inherited_frontier_opens_its_own_connection(path, start):
    frontier = await opened(path)
    await frontier.counters()
    _, here = start(child_uses_inherited, frontier)
    assert await asyncio.to_thread(here.poll, 30), "the child is stuck"
    assert here.recv() == 1
    assert (await frontier.explain("https://child.example/")).state == "ready"
    await frontier.close()


def child_crawls(path, reader, batches, pipe):
    """Commit batches of leased items until killed, the part's offset with each."""

    async def work():
        frontier = await opened(path)
        part = await frontier.new_part(reader)
        size = 0
        for number, items in enumerate(batches):
            found = [
                link for item in items for link in pages(f"{reader}.example", 3, parent=item.ref)
            ]
            found += pages("shared.example", 20 + number)
            answer = await frontier.commit(
                Batch(
                    results=[result(item) for item in items],
                    links=found,
                    parts=[PartMark(part.part_id, size, size + 10 * len(items), len(items))],
                ),
                now=10,
            )
            assert not answer.lost
            size += 10 * len(items)
            pipe.send(number)

    asyncio.run(work())
    os._exit(0)


async def test_a_reader_killed_in_the_middle_leaves_whole_transactions(tmp_path, start):
    # Records, done marks and offsets must agree whatever moment the kill hits, and the other reader
    # goes on.
    path = tmp_path / "frontier.db"
    frontier = await opened(path, recover=0, per_host=500)
    await frontier.add(pages("a.example", 1_200), now=0)
    items = await frontier.claim(1_200, now=0)
    assert len(items) == 1_200
    batches = [items[n : n + 10] for n in range(0, 1_200, 10)]
    children = []
    for name, share in (("r1", batches[:60]), ("r2", batches[60:])):
        children.append(start(child_crawls, path, name, share))
    (victim, pipe), (other, _) = children
    while await asyncio.to_thread(pipe.recv) < 15:
        pass
    os.kill(victim.pid, signal.SIGKILL)
    await asyncio.to_thread(other.join, 60)
    await asyncio.to_thread(victim.join, 60)
    assert (victim.exitcode, other.exitcode) == (-signal.SIGKILL, 0)
    await frontier.seal("r1", now=5)
    parts = {part.part_id: part for part in await frontier.parts()}
    counters = await counted(frontier)
    assert sum(part.records for part in parts.values()) == counters["done"]
    assert all(part.bytes == 10 * part.records for part in parts.values())
    assert 600 + 160 <= counters["done"] < 1_200
    assert counters["done"] + counters["leased"] == 1_200
    freed = await frontier.release(items, now=20)
    assert freed == counters["leased"]
    again = await frontier.claim(2_000, now=20)
    assert len([i for i in again if i.host == "a.example"]) == freed
    states = {host.host: host for host in await frontier.hosts(now=20, limit=10)}
    assert states["a.example"].done == counters["done"]
    recount = await frontier._database.run(
        lambda c: dict(c.execute("SELECT state, count(*) FROM urls GROUP BY state").fetchall())
    )
    after = await counted(frontier)
    assert recount == {0: after.get("ready", 0), 1: after["leased"], 2: after["done"]} or (
        recount == {1: after["leased"], 2: after["done"]}
    )
    await frontier.close()


async def test_two_processes_that_find_the_same_links_add_them_once(tmp_path):
    # Both look before they lock; the second must look again.
    path = tmp_path / "frontier.db"
    one, two = await opened(path, recover=0), await opened(path)
    grouped = two._links.group(pages("a.example", 10))
    connection = await two._database.run(lambda c: c)
    left = await two._database.run(lambda c: two._links.drop_known(c, grouped))
    assert sum(map(len, left.values())) == 10
    await one.add(pages("a.example", 6), now=0)
    assert connection is not None

    def insert(connection):
        from crawler.frontier.sqlite_connection import immediate
        from crawler.frontier.sqlite_ledger import Ledger

        ledger = Ledger(two._sql, two._book)
        with immediate(connection):
            new = two._links.insert(connection, left, ledger, 0)
            ledger.book(connection)
        return new

    assert await two._database.run(insert) == 4
    assert await counted(one) == {"ready": 10}
    await one.close()
    await two.close()


async def test_settling_many_hosts_at_once(tmp_path):
    frontier = await opened(tmp_path / "frontier.db", recover=0, delay_ms=1_000)
    await frontier.add([link for n in range(300) for link in pages(f"h{n}.example", 2)], now=0)
    items = await frontier.claim(300, now=0)
    assert len({item.host for item in items}) == 300
    await settle(frontier, items, 500)
    assert await frontier.claim(300, now=1_499) == []
    assert len(await frontier.claim(300, now=1_500)) == 300
    await frontier.close()


async def test_requisites_of_an_earlier_run_are_known_to_a_run_without(tmp_path):
    """Switching them off must not hide pages that were requisites before."""
    kinds = []
    for link in (links("https://a.example/x", kind="requisite"), links("https://a.example/x")):
        frontier = SqliteFrontier(
            tmp_path / "frontier.db", options(delay_ms=0, requisites=link[0].kind == "requisite")
        )
        await frontier.open()
        await frontier.add(link, now=0)
        (item,) = await frontier.claim(10, now=0)
        kinds.append(item.kind)
        await frontier.release([item], now=0)
        await frontier.close()
    assert kinds == ["requisite", "page"]


def test_an_io_error_on_a_disk_without_space_is_called_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite cannot map its shared memory there, and says no more than "disk I/O error"."""
    database = Database(tmp_path / "frontier.db")
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR
    assert "disk I/O error" in str(database.translated(error))
    full = os.statvfs_result((4096, 4096, 100, 0, 0, 0, 0, 0, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda _path: full)
    told = str(database.translated(error))
    assert told.startswith("no space left")
    assert told.endswith("free some and start again")
