"""Kept responses: the next try asks nobody, and what is kept is private, bounded and checked."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crawler.cache.files import FileBackend
from crawler.cache.responses import ResponseCache, cache_directory, response_cache
from crawler.clock import job_clock, new_offset_ms
from crawler.errors import StorageError
from crawler.model.result import Fetched, Redirected
from crawler.model.site import Site
from crawler.pipeline.trying.trial import Trial
from crawler.pipeline.trying.trying import Kept, try_url
from tests.support.fetch import make_plan
from tests.support.web import Answer, Web, page, redirect

pytestmark = pytest.mark.component
HOSTS = ("127.0.42.1", "127.0.42.2")
DAY_MS = 86_400_000


@pytest.fixture
def open_umask() -> Iterator[None]:
    """Whatever the user's umask is."""
    before = os.umask(0)
    yield
    os.umask(before)


class Home:
    """The cache of one user."""

    def __init__(self, directory: Path) -> None:
        self.environ = {"XDG_CACHE_HOME": str(directory)}
        self.directory = cache_directory(self.environ)
        self.faults: list[str] = []

    async def open(self, redis_url: str | None = None) -> ResponseCache:
        return await response_cache(redis_url, self.environ, self.faults.append)

    async def tried(self, url: str, *, max_age_ms: int = DAY_MS, **flags: Any) -> Trial:
        """Each is a new process, as far as the cache can tell."""
        responses = await self.open(flags.get("cache_redis_url"))
        try:
            kept = Kept(responses=responses, max_age_ms=max_age_ms)
            plan = make_plan(retries=0, **flags)
            return await try_url(url, plan, job_clock(new_offset_ms()), kept=kept)
        finally:
            await responses.close()

    def files(self) -> list[Path]:
        return sorted(self.directory.iterdir()) if self.directory.exists() else []


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "cache")


async def test_the_second_try_asks_nobody(home: Home) -> None:
    """Each change of a selector would cost the site a request, and its delay."""
    pages = {"0/go": redirect("http://{1}/x"), "1/x": page("/a", head="<title>T</title>")}
    with Web(pages, HOSTS) as web:
        first = await home.tried(web.url("/go"), delay_ms=50)
        asked = len(web.asked)
        second = await home.tried(web.url("/go"), delay_ms=50)
        assert (asked, len(web.asked)) == (4, 4)
    assert first.record == second.record
    assert first.links == second.links
    assert [hop.response.kept_at for hop in first.hops if hop.response] == [None, None]
    for hop in second.hops:
        assert hop.response is not None
        assert hop.response.kept_at is not None
        assert hop.robots_kept_at is not None


async def test_an_age_of_nothing_asks_again_and_keeps_the_answer(home: Home) -> None:
    """There would be no way to a new answer but to look for the files."""
    with Web({"/": [page(text="old"), page(text="new")]}, HOSTS) as web:
        await home.tried(web.url())
        new = await home.tried(web.url(), max_age_ms=0)
        kept = await home.tried(web.url())
    assert new.record is not None
    assert kept.record is not None
    assert (new.record["text"], kept.record["text"]) == ("new", "new")


@pytest.mark.parametrize(
    "flags",
    [
        {"user_agent": "Other/1"},
        {"headers": (("X-Key", "2"),)},
        {"sites": (Site(match=HOSTS[0] + ":*", plain_http=True, cookies=(("sid", "2"),)),)},
        {"max_body_bytes": 100},
    ],
    ids=["agent", "header", "cookie", "cap"],
)
async def test_who_asks_otherwise_is_answered_by_the_server(
    home: Home, flags: dict[str, Any]
) -> None:
    """One person's page would be shown as another's."""
    with Web({"/": page()}, HOSTS) as web:
        await home.tried(web.url(), headers=(("X-Key", "1"),))
        await home.tried(web.url(), **({"headers": (("X-Key", "1"),)} | flags))
        assert web.paths() == ["/", "/"]


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_passing_troubles_are_not_kept(home: Home, status: int) -> None:
    """A site would seem down for a day."""
    with Web({"/": [Answer(b"", status), page()]}, HOSTS) as web:
        await home.tried(web.url())
        second = await home.tried(web.url())
    assert second.record is not None
    assert second.record["status"] == 200


async def test_what_sets_a_cookie_is_asked_again_where_there_is_a_jar(home: Home) -> None:
    """The page behind it would be asked for without the cookie."""
    pages = {
        "/login": redirect("/in")._replace(headers={"Location": "/in", "Set-Cookie": "s=1"}),
        "/in": page(),
    }
    with Web(pages, HOSTS) as web:
        site = Site(match=web.hosts[0], plain_http=True, cookie_jar=True)
        for _ in range(2):
            await home.tried(web.url("/login"), sites=(site,))
        assert web.paths() == ["/login", "/in", "/login"]


async def test_entries_are_private_and_name_nothing(home: Home, open_umask: None) -> None:
    """Another user of the machine would read pages that only this one may see."""
    with Web({"/": page()._replace(headers={"Set-Cookie": "sid=secret"})}, HOSTS) as web:
        await home.tried(web.url(), headers=(("Authorization", "Bearer secret"),))
    files = home.files()
    assert len(files) == 2
    assert stat.S_IMODE(home.directory.stat().st_mode) == 0o700
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert HOSTS[0] not in file.name
        assert b"secret" not in file.read_bytes()


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "garbage"])
async def test_a_damaged_entry_is_none(home: Home, damage: str) -> None:
    """A record would hold what no server said."""
    with Web({"/": page(text="whole")}, HOSTS) as web:
        await home.tried(web.url())
        for file in home.files():
            data = file.read_bytes()
            file.write_bytes(
                {
                    "cut": data[:-1],
                    "changed": data.replace(b"whole", b"wrong").replace(b"no such", b"one was"),
                    "empty": b"",
                    "garbage": b"\xff\n\xff",
                }[damage]
            )
        trial = await home.tried(web.url())
        assert trial.record is not None
        assert "whole" in str(trial.record["text"])
        assert web.paths() == ["/", "/"]
    assert home.faults == []


async def test_old_entries_expire(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawler.cache.responses.MAX_AGE_S", 0.0)
    with Web({"/": page()}, HOSTS) as web:
        for _ in range(2):
            await home.tried(web.url(), max_age_ms=10 * DAY_MS)
        assert web.paths() == ["/", "/"]


def _page(body: bytes) -> Fetched:
    return Fetched(
        attempts=1,
        started_at=5,
        elapsed_ms=6,
        status=200,
        headers={"a": "b"},
        body=body,
        truncated=True,
    )


async def test_answers_come_back_as_they_were(home: Home) -> None:
    cache = await home.open()
    hop = Redirected(
        attempts=2, started_at=1, elapsed_ms=3, status=301, headers={}, location="/é\n"
    )
    whole = _page(bytes(range(256)) * 9)
    await cache.set("a", hop)
    await cache.set("b", whole)
    assert await cache.get("a") == hop
    assert await cache.get("b") == whole
    assert await cache.get("c") is None


async def test_the_cache_does_not_grow_without_end(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk would be filled by a tool that promises to store nothing."""
    monkeypatch.setattr("crawler.cache.responses.MAX_BYTES", 10_000)
    cache = await home.open()
    left_over = home.directory / "x.1.new"
    left_over.write_bytes(bytes(5_000))
    os.utime(left_over, (0, 0))
    for number in range(20):
        await cache.set(str(number), _page(bytes(2_000)))
    assert sum(file.stat().st_size for file in home.files()) <= 10_000
    assert not left_over.exists()
    assert await cache.get("19") is not None
    assert await cache.get("0") is None
    await cache.set("huge", _page(bytes(9_000)))
    assert await cache.get("huge") is None
    assert await cache.get("19") is not None


async def test_a_disk_that_is_full_costs_no_page(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with Web({"/": page()}, HOSTS) as web:
        monkeypatch.setattr("crawler.cache.files.os.open", full)
        trial = await home.tried(web.url())
    assert trial.exit_code == 0
    assert "No space left on device" in home.faults[0]


def test_a_foreign_directory_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever owns it could put in answers of his own."""
    monkeypatch.setattr("crawler.cache.files.os.geteuid", lambda: 12345)
    with pytest.raises(StorageError, match="belongs to another user"):
        FileBackend(tmp_path, 1000, None)


async def test_a_directory_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(StorageError, match="Not a directory"):
        await Home(tmp_path / "cache").open()


def test_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_directory({"XDG_CACHE_HOME": "/c"}) == Path("/c/quasicrawler/http")
    monkeypatch.setenv("HOME", "/h")
    # The specification: a path that is not absolute does not count.
    for environ in ({}, {"XDG_CACHE_HOME": "c"}):
        assert cache_directory(environ) == Path("/h/.cache/quasicrawler/http")


@pytest.mark.redis
async def test_with_redis_nothing_is_on_disk(home: Home, redis_url: str) -> None:
    """A team that shares a Redis shares the answers."""
    with Web({"/": page(text="shared")}, HOSTS) as web:
        for _ in range(2):
            trial = await home.tried(web.url(), cache_redis_url=redis_url)
        assert web.paths() == ["/"]
    assert trial.record is not None
    assert "shared" in str(trial.record["text"])
    assert home.files() == []
