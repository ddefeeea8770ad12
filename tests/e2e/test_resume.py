"""How runs end and how the next one goes on: budgets, waits, failures, new seeds, --fresh."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.support.crawl import Crawl, assert_exactly_once, poll
from tests.support.site import TestSite
from tests.support.web import Answer, Web, page, redirect

FAST = ("--delay", "0", "-p", "1", "--retries", "0")
DEAD = "http://127.0.0.1:9/"
"""Nothing listens there."""


def _manifest(crawl: Crawl) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((crawl.job / "manifest.json").read_text())
    return found


def _ended(crawl: Crawl, word: str, code: int) -> None:
    """Exit code, manifest and stderr must tell the same story."""
    manifest = _manifest(crawl)
    assert (manifest["ended"], manifest["exit_code"]) == (word, code)
    said = [line for line in crawl.err.splitlines() if line.startswith("crawler: ")]
    assert len(said) == (1 if code else 0), crawl.err


def test_max_time_ends_the_run_and_the_next_goes_on(tmp_path: Path) -> None:
    """What is in flight is finished, nothing new is begun, and nothing is lost."""
    with TestSite(hosts=2, pages_per_host=20, first_address="127.0.13.1") as site:
        crawl = Crawl(tmp_path / "job", site.seeds_file, "--delay", "200ms", "-p", "2")
        assert crawl.run("--max-time", "2s") == 7, crawl.err
        _ended(crawl, "max_time", 7)
        assert 0 < len(crawl.records()) < 40
        assert not [r for r in site.requests() if r.ended_ns is None]
        assert crawl.run("--delay", "0") == 0, crawl.err
        _ended(crawl, "complete", 0)
        assert_exactly_once(crawl, site.urls)


def test_max_total_bytes_is_exceeded_by_bodies_in_flight_only(tmp_path: Path) -> None:
    with TestSite(hosts=2, pages_per_host=40, body_bytes=20_000, first_address="127.0.14.1") as web:
        crawl = Crawl(tmp_path / "job", web.seeds_file, "--delay", "100ms", "-p", "2")
        assert crawl.run("--max-total-bytes", "200kB") == 0, crawl.err
        assert "max_total_bytes" in _manifest(crawl)["ended"]
        fetched = sum(r["bytes"] or 0 for r in crawl.records())
        # Two hosts with one request at a time each.
        assert 200_000 <= fetched <= 200_000 + 2 * 21_000
        before = len(web.requests())
        assert crawl.run("--max-total-bytes", "200kB") == 0, crawl.err
        assert len(web.requests()) == before, "the budget is the job's, not the run's"


def test_urls_left_over_beat_failures(tmp_path: Path) -> None:
    """Code 5 says that the crawl is finished, so it must not hide that something is left."""
    pages = {"/": page(DEAD + "a", DEAD + "b")}
    with Web(pages) as web:
        crawl = Crawl(tmp_path / "job", web.url("/"), *FAST, "--scope", "any", "--max-wait", "0")
        assert crawl.run("--max-failures", "0") == 7, crawl.err
        _ended(crawl, "deferred", 7)
        assert _manifest(crawl)["counters"]["failures"] >= 1


def test_a_failed_page_is_a_failure_and_a_404_is_none(tmp_path: Path) -> None:
    pages = {"/": page("/gone", "/loop"), "/gone": Answer(b"", 404), "/loop": redirect("/loop")}
    with Web(pages) as web:
        crawl = Crawl(tmp_path / "job", web.url("/"), *FAST)
        assert crawl.run("--max-failures", "1") == 0, crawl.err
        assert crawl.run("--max-failures", "0") == 5, crawl.err
        _ended(crawl, "too_many_failures", 5)
        assert crawl.run("--max-failures", "0") == 5, "a finished crawl repeats its code"
        assert len(web.paths()) == 3


@pytest.mark.parametrize("retry_after", ["3600", "Fri, 31 Dec 2038 23:59:59 GMT"])
def test_a_host_that_asks_to_wait_longer_than_max_wait(tmp_path: Path, retry_after: str) -> None:
    """The run ends and says who is waited for; it does not hang for an hour."""
    busy = Answer(b"", 503, {"Retry-After": retry_after})
    pages = {"0/": page("http://{1}/", "/a"), "0/a": page(), "1/": [page("/later"), page()]}
    pages["1/later"] = [busy, page()]
    with Web(pages) as web:
        seeds = tmp_path / "seeds.txt"
        seeds.write_text(f"{web.url('/')}\n{web.url('/', host=1)}\n")
        crawl = Crawl(tmp_path / "job", seeds, *FAST, "--max-wait", "5s", "--retries", "3")
        assert crawl.run() == 7, crawl.err
        _ended(crawl, "deferred", 7)
        assert web.hosts[1] in crawl.err
        waiting = _manifest(crawl)["waiting_hosts"]
        assert [host["host"] for host in waiting] == [web.hosts[1]]
        assert waiting[0]["until"] > "2026"
        assert len(crawl.records()) == 3
        before = len(web.asked)
        assert crawl.run() == 7, crawl.err
        assert len(web.asked) == before, "the pause survives a restart"


def test_a_short_wait_is_waited_for_and_survives_a_restart(tmp_path: Path) -> None:
    pages = {"/": page("/later"), "/later": [Answer(b"", 503, {"Retry-After": "3"}), page()]}
    with Web(pages) as web:
        crawl = Crawl(tmp_path / "job", web.url("/"), "--delay", "0", "-p", "1")
        assert crawl.run("--max-wait", "0") == 7, crawl.err
        assert web.paths() == ["/", "/later"]
        assert crawl.run() == 0, crawl.err
        record = next(r for r in crawl.records() if r["url"] == web.url("/later"))
        assert (record["status"], record["attempts"]) == (200, 2)
        assert web.paths() == ["/", "/later", "/later"]


def test_retries_end_in_one_record_with_all_attempts(tmp_path: Path) -> None:
    pages = {
        "/": page("/once", "/always"),
        "/once": [Answer(b"", 503), page()],
        "/always": Answer(b"", 500),
    }
    with Web(pages) as web:
        flags = ("--delay", "0", "-p", "1", "--retries", "2", "--retry-base", "50ms")
        crawl = Crawl(tmp_path / "job", web.url("/"), *flags)
        assert crawl.run() == 0, crawl.err
        found = {r["url"].removeprefix(web.url("")): r for r in crawl.records()}
        assert len(crawl.records()) == 3
        assert (found["/once"]["status"], found["/once"]["attempts"]) == (200, 2)
        assert (found["/always"]["status"], found["/always"]["attempts"]) == (500, 3)
        assert found["/always"]["error"] is None
        assert web.paths().count("/always") == 3


def test_no_seed_answers_beats_deferred_and_failures(tmp_path: Path) -> None:
    crawl = Crawl(tmp_path / "job", DEAD, *FAST, "--max-failures", "0")
    assert crawl.run() == 6, crawl.err
    _ended(crawl, "no_seed_answered", 6)
    assert crawl.run() == 6, "a finished crawl repeats its code"
    assert len(crawl.records()) == 1


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_robots_txt_that_fails_defers_its_host(tmp_path: Path, status: int) -> None:
    """Nothing may be fetched while the rules are unknown; the URLs are not lost."""
    pages = {"/robots.txt": [Answer(b"", status)] * 4 + [page()], "/": page("/a"), "/a": page()}
    with Web(pages) as web:
        crawl = Crawl(tmp_path / "job", web.url("/"), *FAST, "--max-wait", "0")
        assert crawl.run() == 7, crawl.err
        assert web.paths() == []
        assert crawl.records() == []
        assert web.hosts[0] in crawl.err
        assert _manifest(crawl)["states"]["waiting"] + _manifest(crawl)["states"]["ready"] == 1


@pytest.mark.parametrize("status", [404, 403, 410])
def test_no_robots_txt_allows_everything(tmp_path: Path, status: int) -> None:
    with Web({"/robots.txt": Answer(b"", status), "/": page("/a"), "/a": page()}) as web:
        crawl = Crawl(tmp_path / "job", web.url("/"), *FAST)
        assert crawl.run() == 0, crawl.err
        assert sorted(web.paths()) == ["/", "/a"]


def test_robots_txt_is_obeyed_or_not_as_the_person_says(tmp_path: Path) -> None:
    rules = Answer(b"User-agent: QuasiCrawler\nDisallow: /no\nAllow: /no/but\n")
    pages = {"/robots.txt": rules, "/": page("/no", "/no/but"), "/no": page(), "/no/but": page()}
    with Web(pages) as web:
        crawl = Crawl(tmp_path / "job", web.url("/"), *FAST)
        assert crawl.run() == 0, crawl.err
        assert sorted(web.paths()) == ["/", "/no/but"]
        assert _manifest(crawl)["reasons"] == {"robots": 1}
        web.asked.clear()
        rude = Crawl(tmp_path / "rude", web.url("/"), *FAST, "--no-robots")
        assert rude.run() == 0, rude.err
        assert sorted(one.path for one in web.asked) == ["/", "/no", "/no/but"]


def test_a_finished_crawl_takes_new_seeds(tmp_path: Path) -> None:
    with Web({"/": page("/a"), "/a": page(), "/b": page("/c"), "/c": page("/a")}) as web:
        crawl = Crawl(tmp_path / "job", web.url("/"), *FAST)
        assert crawl.run() == 0, crawl.err
        assert sorted(web.paths()) == ["/", "/a"]
        more = Crawl(tmp_path / "job", web.url("/b"), *FAST)
        assert more.run() == 0, more.err
        assert sorted(web.paths()) == ["/", "/a", "/b", "/c"]
        assert sorted(more.counts().values()) == [1, 1, 1, 1]


def test_a_job_goes_on_without_seeds(tmp_path: Path) -> None:
    with Web({"/": page("/a"), "/a": page("/b"), "/b": page()}) as web:
        crawl = Crawl(tmp_path / "job", web.url("/"), *FAST)
        assert crawl.run("--max-pages", "2") == 0, crawl.err
        crawl.command.remove(web.url("/"))
        assert crawl.run() == 0, crawl.err
        assert len(crawl.records()) == 3


def test_fresh_keeps_the_old_job_and_output_goes_elsewhere(tmp_path: Path) -> None:
    with Web({"/": page("/a"), "/a": page()}) as web:
        output = tmp_path / "else" / "where"
        crawl = Crawl(tmp_path / "job", web.url("/"), *FAST, "-o", str(output))
        assert crawl.run() == 0, crawl.err
        assert not (crawl.job / "pages").exists()
        parts = sorted(output.glob("part-*.jsonl"))
        old = [part.read_bytes() for part in parts]
        assert sum(data.count(b"\n") for data in old) == 2
        assert crawl.run("--fresh") == 0, crawl.err
        (aside,) = tmp_path.glob("job.*")
        assert (aside / "frontier.db").exists()
        (kept,) = (tmp_path / "else").glob("where.*")
        assert [part.read_bytes() for part in sorted(kept.iterdir())] == old
        assert len(web.paths()) == 4


def test_fresh_does_not_move_what_is_no_job(tmp_path: Path) -> None:
    """`--job ~ --fresh` must not rename somebody's home."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter.txt").write_text("dear")
    crawl = Crawl(tmp_path / "home", DEAD, *FAST, "--fresh")
    assert crawl.run() == 2
    assert "holds no crawl" in crawl.err
    assert (tmp_path / "home" / "letter.txt").read_text() == "dear"


def test_modes_of_all_files(tmp_path: Path) -> None:
    """Pages may hold what only this user may see (headers with credentials)."""
    with Web({"/": page("/a"), "/a": page()}) as web:
        crawl = Crawl(tmp_path / "job", web.url("/"), *FAST)
        assert crawl.run() == 0, crawl.err
    for path in [crawl.job, *crawl.job.rglob("*")]:
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


def test_the_log_is_json_lines(tmp_path: Path) -> None:
    with Web({"/": page("/a"), "/a": page()}) as web:
        crawl = Crawl(tmp_path / "job", web.url("/"), *FAST)
        assert crawl.run() == 0, crawl.err
    lines = [json.loads(line) for line in crawl.log_text().splitlines()]
    assert {"crawl_started", "crawl_ended"} <= {line["event"] for line in lines}
    assert all({"event", "level", "timestamp", "logger", "pid"} <= set(line) for line in lines)


def test_a_page_that_readers_die_on_becomes_a_record(tmp_path: Path) -> None:
    """A page that crashes its reader must not be tried for ever, nor take others with it."""
    with TestSite(hosts=1, pages_per_host=12, held=1, first_address="127.0.15.1") as site:
        crawl = Crawl(tmp_path / "job", site.seeds_file, "--delay", "0", "-p", "1", "-c", "4")
        crawl.start()
        for death in range(1, 5):
            site.wait_until(
                lambda requests, n=death: sum(r.path == "/hold/0" for r in requests) >= n,
                timeout_s=60,
            )
            (reader,) = poll(crawl.readers, "a reader")
            os.kill(reader, signal.SIGKILL)
            poll(lambda r=reader: r not in crawl.readers(), "its end")
        assert crawl.wait() == 0, crawl.err
        assert_exactly_once(crawl, site.urls)
        errors = {r["url"]: r["error"] for r in crawl.records() if r["error"]}
        assert errors == {f"http://{site.hosts[0]}/hold/0": "crashed"}
        assert sum(r.path == "/hold/0" for r in site.requests()) == 4


def test_a_second_site_in_the_same_directory_is_told_what_it_joins(tmp_path: Path) -> None:
    """It would go on with the first one, and nobody would know why."""
    with (
        TestSite(hosts=1, pages_per_host=3, first_address="127.0.44.1") as first,
        TestSite(hosts=1, pages_per_host=3, first_address="127.0.45.1") as second,
    ):
        crawl = Crawl(tmp_path / "job", first.seeds_file, *FAST, "--progress", "plain")
        assert crawl.run() == 0, crawl.err
        assert "holds a crawl" not in crawl.err
        assert crawl.run() == 0, crawl.err
        assert "; nothing was left to do: --recrawl TIME" in crawl.err
        other = Crawl(tmp_path / "job", second.seeds_file, *FAST, "--progress", "plain")
        assert other.run() == 0, other.err
        note = f"{tmp_path / 'job'} holds a crawl of 127.0.44.1:{first.port} ("
        assert other.err.startswith(f"crawler: the job {note}"), other.err
        assert f"127.0.45.1:{second.port} is added to it" in other.err.splitlines()[0]
        (event,) = other.events("crawl_joined")
        assert note in event["note"]
        assert other.run() == 0, other.err
        assert len(other.events("crawl_joined")) == 1
