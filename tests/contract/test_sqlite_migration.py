"""A store of an older version goes on with everything that is in it."""

import sqlite3
from types import SimpleNamespace

import pytest

from crawler.errors import FrontierBusy, SchemaMismatch
from crawler.frontier import CORE_COUNTERS
from crawler.frontier.keys import HASH_NAME, Keys
from crawler.frontier.sqlite import SqliteFrontier
from crawler.frontier.sqlite_schema import APPLICATION_ID, _version
from crawler.frontier.statements import load_migrations
from crawler.model.result import Batch
from tests.contract.conftest import counted, links, options, rules, settle

STATES = {"ready": 0, "done": 2, "waiting": 3, "dead": 4}


def make_old(path):
    """Make a store as schema 1 had it: one host, a URL of each state, an origin out of reach."""
    keys = Keys(77)
    host_id = keys.host("a.example")
    database = sqlite3.connect(path)
    database.executescript(load_migrations("sqlite")[0][1])
    database.execute("PRAGMA user_version = 1")
    database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    meta = {"store.hash": HASH_NAME, "store.seed": "77", "scope": "host"}
    database.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
    database.execute("INSERT INTO sequences VALUES ('lease', ?)", (5 << 32,))
    counters = dict.fromkeys(CORE_COUNTERS, 0) | dict.fromkeys(STATES, 1)
    counters |= {"records": 1, "pages": 1, "status:200": 1, "dead:depth": 1}
    database.executemany("INSERT INTO counters VALUES (?, ?)", counters.items())
    database.execute(
        "INSERT INTO hosts (id, host, delay_ms, lease_limit, ready, done, waiting, dead, pages)"
        " VALUES (?, 'a.example', 1000, 1, 1, 1, 1, 1, 1)",
        (host_id,),
    )
    database.execute(
        "INSERT INTO origins"
        " (host_id, origin, verdict, obstacle, version, fetched_at, due, failures)"
        " VALUES (?, 'https://a.example', 'rules', 'defer', 3, 7000, 8000, 2)",
        (host_id,),
    )
    for ref, (name, state) in enumerate(STATES.items(), 1):
        url = f"https://a.example/{name}"
        database.execute(
            "INSERT INTO urls (id, host_id, state, priority, depth, seed, url, reason, at)"
            " VALUES (?, ?, ?, 5, ?, 0, ?, ?, ?)",
            (
                ref,
                host_id,
                state,
                4 if name == "dead" else 1,
                url,
                "depth" if name == "dead" else None,
                9_000 if name == "waiting" else None,
            ),
        )
        database.execute("INSERT INTO seen VALUES (?, ?, ?)", (host_id, keys.url(url), ref))
    database.commit()
    database.close()


async def test_an_old_store_is_brought_up_to_date_with_all_that_is_in_it(tmp_path):
    path = tmp_path / "frontier.db"
    make_old(path)
    frontier = SqliteFrontier(path, options(robots=True, max_depth=3, delay_ms=2_000))
    await frontier.open()
    await frontier.recover(now=10_000)
    expected = dict.fromkeys(STATES, 1) | {"records": 1, "pages": 1}
    assert await counted(frontier) == expected | {"status:200": 1, "dead:depth": 1}
    assert await frontier.meta() == {"scope": "host"}
    for name in STATES:
        assert (await frontier.explain(f"https://a.example/{name}")).state == name
    assert await frontier.add(links("https://a.example/done", depth=1), now=10_000) == (0, 1)
    gate = (await frontier.explain("https://a.example/ready")).origin
    assert (gate.failures, gate.failing_since) == (2, 7_000)
    (robots,) = await frontier.claim(5, now=10_000)
    assert (robots.kind, robots.delay_ms, robots.host_failures) == ("robots", 2_000, 0)
    answer = rules(robots, "rules", body=b"", expires_at=99_000_000)
    await frontier.commit(Batch(rules=[answer]), now=10_000)
    (page,) = await frontier.claim(5, now=20_000)
    assert page.url == "https://a.example/ready"
    await settle(frontier, [page], 20_000)
    # What is new works on old hosts.
    await frontier.add(links("https://a.example/map", kind="sitemap", depth=9), now=20_000)
    (sitemap,) = await frontier.claim(5, now=30_000)
    assert sitemap.kind == "sitemap"
    assert [row.url for row in await frontier.undone(after=0, limit=9)] == [
        "https://a.example/waiting",
        "https://a.example/dead",
    ]
    await frontier.close()


async def test_an_old_store_is_not_changed_by_looking(tmp_path):
    path = tmp_path / "frontier.db"
    make_old(path)
    before = path.read_bytes()
    frontier = SqliteFrontier(path, options(), read_only=True)
    with pytest.raises(SchemaMismatch, match="old schema 1"):
        await frontier.open()
    await frontier.close()
    assert path.read_bytes() == before


async def test_a_store_that_is_just_being_made_is_no_old_one(tmp_path):
    """`pause` right after a start would say that the crawl is of an older version."""
    path = tmp_path / "frontier.db"
    path.touch()
    frontier = SqliteFrontier(path, options(), read_only=True)
    with pytest.raises(FrontierBusy, match="empty as yet: try again in a moment"):
        await frontier.open()
    await frontier.close()
    assert path.stat().st_size == 0


def test_a_store_that_is_made_while_it_is_looked_at_is_ours(tmp_path):
    """Its version would be seen without the mark that says whose it is."""
    path = tmp_path / "frontier.db"
    maker = sqlite3.connect(path, isolation_level=None)
    maker.execute("PRAGMA journal_mode = WAL")

    class Slow(sqlite3.Connection):
        def execute(self, *words):
            found = super().execute(*words).fetchone()
            maker.execute("CREATE TABLE IF NOT EXISTS meta (name)")
            maker.execute("PRAGMA user_version = 1")
            maker.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            return SimpleNamespace(fetchone=lambda: found)

    looking = sqlite3.connect(path, factory=Slow)
    assert _version(looking, path) == 0
    looking.close()
    maker.close()
