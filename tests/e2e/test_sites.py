"""Crawls with tables for single sites: what the servers see, and what is left behind."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.crawl import Crawl
from tests.support.site import TestSite
from tests.support.web import Web, page, redirect

FAST = ("-p", "1", "--retries", "0")
SECRETS = ("hunter2", "aHVudGVy", "czNjcjN0", "s3cr3t", "Ym9iOnMzY3IzdA")


def _config(folder: Path, text: str) -> tuple[str, str]:
    file = folder / "crawl.toml"
    file.write_text(text)
    file.chmod(0o600)
    return "--config", str(file)


def _everything(crawl: Crawl) -> bytes:
    files = [path.read_bytes() for path in crawl.job.rglob("*") if path.is_file()]
    return b"".join([*files, crawl.out.encode(), crawl.err.encode()])


def _command(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "crawler", *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout + done.stderr


def test_delay_and_depth_of_two_sites(tmp_path: Path) -> None:
    """A table that did nothing would be as fast and as deep at both."""
    chain = {f"{host}/{n}": page(f"/{n + 1}", f"/{n}b") for host in (0, 1) for n in range(8)}
    with Web(chain) as web:
        tables = (
            f"delay = '10ms'\nrobots = false\n[[site]]\nmatch = '{web.hosts[0]}'\n"
            f"delay = '300ms'\ndepth = 2\n[[site]]\nmatch = '127.*'\ndepth = 4\nmax_pages = 3\n"
        )
        seeds = tmp_path / "seeds.txt"
        seeds.write_text(f"{web.url('/0')}\n{web.url('/0', 1)}\n")
        crawl = Crawl(tmp_path / "job", seeds, *FAST, *_config(tmp_path, tables))
        assert crawl.run() == 0, crawl.err
        assert set(web.paths(0)) == {"/0", "/0b", "/1", "/1b", "/2"}
        # The budget of pages of the second table; a page that is missing is one, too.
        assert len(web.paths(1)) == 3
        told = _command("explain", web.url("/3"), "--job", str(crawl.job))
        assert f"[[site]] {web.hosts[0]}: delay, depth" in told
        assert "at most 2 (depth of its [[site]])" in told


def test_a_table_that_matched_no_host_is_named_at_the_end(tmp_path: Path) -> None:
    """A slip of the pen in a host, and a shop is asked ten times as often as its owner allows."""
    with Web({"/": page()}) as web:
        tables = "".join(
            f"[[site]]\nmatch = '{match}'\ndelay = 0\n"
            for match in ("no.example", "*.no.example", web.hosts[0])
        )
        crawl = Crawl(tmp_path / "job", web.url(), *FAST, *_config(tmp_path, tables))
        assert crawl.run() == 0, crawl.err
        named = [event["match"] for event in crawl.events("site_unmatched")]
        assert named == ["no.example", "*.no.example"]
        assert "site_unmatched" in crawl.err


def test_the_delay_of_a_table_is_kept_at_the_server(tmp_path: Path) -> None:
    """Measured by the server's own clock: the slow site by its table, the other by the crawl."""
    with TestSite(hosts=2, pages_per_host=5, first_address="127.0.21.1") as site:
        slow, fast = site.hosts
        tables = f"delay = 0\n[[site]]\nmatch = '{slow}'\ndelay = '200ms'\n"
        seeds = tmp_path / "seeds.txt"
        seeds.write_text("".join(f"http://{host}/\n" for host in (slow, fast)))
        crawl = Crawl(tmp_path / "job", seeds, *FAST, *_config(tmp_path, tables))
        assert crawl.run() == 0, crawl.err
        arrived = {host: _arrivals(site, host) for host in (slow, fast)}
    assert len(arrived[slow]) == len(arrived[fast]) > 5
    # A server sees a request a little later than we begin it, one more than another.
    assert min(after - before for before, after in pairwise(arrived[slow])) >= 0.19
    assert arrived[fast][-1] < arrived[slow][-1]


def _arrivals(site: TestSite, host: str) -> list[float]:
    return sorted(one.arrived_ns / 1e9 for one in site.requests() if one.host == host)


def test_secrets_reach_their_site_and_nothing_else(tmp_path: Path) -> None:
    """By link and by redirect to another host; in no file, on no terminal, with all messages on."""
    pages = {
        "0/": page("/moved", "/logout", "/out", "http://{1}/linked"),
        "0/moved": redirect("http://{1}/target"),
        "0/out": redirect("/user/sign_out"),
        "1/target": page(),
        "1/linked": page("http://{0}/back"),
        "0/back": page(),
    }
    with Web(pages) as web:
        first, second = web.hosts
        tables = (
            f"scope = 'any'\n[[site]]\nmatch = 'http://{first}'\nusername = 'bob'\n"
            "password = 's3cr3t'\nheader = ['X-Key: hunter2']\ncookie = ['sid=hunter2']\n"
            f"user_agent = 'Other/1.0'\ncookie_jar = true\n[[site]]\nmatch = 'http://{second}'\n"
            "header = ['X-Key: hunter2-of-two']\n"
        )
        config = _config(tmp_path, tables)
        flags = (*FAST, "--delay", "0", "-vv", *config)
        crawl = Crawl(tmp_path / "job", web.url("/"), *flags)
        assert crawl.run() == 0, crawl.err
        for asked in web.asked:
            key, sid = asked.headers.get("X-Key"), asked.headers.get("Cookie")
            signed, agent = asked.headers.get("Authorization"), asked.headers["User-Agent"]
            assert agent.startswith("Other/1.0" if asked.host == first else "QuasiCrawler/")
            if asked.path == "/robots.txt":
                assert (key, sid, signed) == (None, None, None)
            elif asked.host == first:
                assert (key, sid) == ("hunter2", "sid=hunter2")
                assert signed == "Basic Ym9iOnMzY3IzdA=="
            else:
                assert (key, sid, signed) == ("hunter2-of-two", None, None)
        assert set(web.paths(0)) == {"/", "/moved", "/out", "/back"}
        assert set(web.paths(1)) == {"/target", "/linked"}
        told = _command("explain", web.url("/logout"), "--job", str(crawl.job), *config)
        told += _command("explain", web.url("/logout"), "--job", str(crawl.job))
        assert told.count("refused: logout") == 2
        told += _command("config", "show", *config)
        assert "X-Key: ***" in told
        told += _command("config", "show", "--json", *config)
        told += _command("status", "--job", str(crawl.job))
        told += _command("status", "--json", "--job", str(crawl.job))
    left = _everything(crawl) + told.encode()
    assert [secret for secret in SECRETS if secret.encode() in left] == []


def test_a_cookie_file_logs_in_and_stays_logged_in(tmp_path: Path) -> None:
    """The page behind the login has the links; one link of it ends the session."""
    pages = {"/": page("/a", "/logout?x=1"), "/a": page("http://{1}/"), "1/": page()}
    with Web(pages) as web:
        cookies = tmp_path / "cookies.txt"
        address = web.hosts[0].partition(":")[0]
        cookies.write_text(f"{address}\tFALSE\t/\tFALSE\t0\tsid\thunter2\n")
        cookies.chmod(0o644)
        flags = (*FAST, "--delay", "0", "--scope", "any", "-vv", "--cookies", str(cookies))
        crawl = Crawl(tmp_path / "job", web.url("/"), *flags)
        assert crawl.run() == 0, crawl.err
        got = {(a.host, a.path): a.headers.get("Cookie") for a in web.asked}
        assert got == {
            (web.hosts[0], "/robots.txt"): None,
            (web.hosts[0], "/"): "sid=hunter2",
            (web.hosts[0], "/a"): "sid=hunter2",
            (web.hosts[1], "/robots.txt"): None,
            (web.hosts[1], "/"): None,
        }
        assert "chmod 600" in crawl.err
    assert b"hunter2" not in _everything(crawl)


@pytest.mark.parametrize("table", ["match = 'a.example'\npasword = 'hunter2'", "delay = 1"])
def test_a_mistake_in_a_table_is_one_line(tmp_path: Path, table: str) -> None:
    """As of any setting: the place, what is wrong, code 2, and no secret."""
    config = _config(tmp_path, f"\n[[site]]\n{table}\n")
    crawl = Crawl(tmp_path / "job", "http://127.0.0.1:9/", *config)
    assert crawl.run() == 2
    assert crawl.err.count("\n") == 1
    assert "crawl.toml, line 2: [[site]]: " in crawl.err
    assert "hunter2" not in crawl.err
    assert not crawl.job.exists()


def test_a_login_that_is_held_back_is_warned_of(tmp_path: Path) -> None:
    """Else a 401 looks like a wrong password."""
    with Web({"/": page()}) as web:
        for match, warned in ((web.hosts[0], True), (f"http://{web.hosts[0]}", False)):
            table = f"[[site]]\nmatch = '{match}'\nusername = 'bob'\npassword = 's3cr3t'\n"
            crawl = Crawl(tmp_path / match[:4], web.url("/"), *FAST, *_config(tmp_path, table))
            assert crawl.run() == 0, crawl.err
            assert (f"match as http://{web.hosts[0]}" in crawl.err) is warned
            asked = [ask for ask in web.asked if ask.path == "/"][-1]
            assert ("Authorization" in asked.headers) is not warned
            assert "s3cr3t" not in crawl.err
