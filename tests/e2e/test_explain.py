"""`crawler explain` as a person uses it: after a crawl, while it runs, and before there is one."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.crawl import Crawl, poll
from tests.support.site import ROOT, TestSite

FAST = ("--delay", "0", "-p", "1", "-c", "8", "--retries", "0")


def _run(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "crawler", "explain", *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=60,
    )


def _text(url: str, job: Path) -> dict[str, str]:
    """The lines by their label, the last one of each."""
    done = _run(url, "-j", str(job))
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    width = lines[-1].index("next") + max(len(line[2:].split("  ")[0]) for line in lines[1:])
    return {line[2:width].strip(): line[width:].strip() for line in lines[1:]} | {"": lines[0]}


def _json(url: str, job: Path) -> dict[str, Any]:
    done = _run(url, "-j", str(job), "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def site() -> Iterator[TestSite]:
    with TestSite(
        hosts=2, pages_per_host=12, redirects=2, private=1, resets=1, first_address="127.0.32.1"
    ) as running:
        yield running


@pytest.fixture(scope="module")
def crawl(site: TestSite, tmp_path_factory: pytest.TempPathFactory) -> Crawl:
    """A finished crawl of the first host."""
    finished = Crawl(tmp_path_factory.mktemp("explain") / "job", site.seeds[0], *FAST)
    assert finished.run() == 0, finished.err
    return finished


def test_a_page_that_was_crawled(site: TestSite, crawl: Crawl) -> None:
    """Its record is there, and the way back to the seed is the one that the records tell."""
    url = f"{site.seeds[0]}page/11.html"
    found = _json(url, crawl.job)
    assert (found["known"]["state"], found["known"]["status"]) == ("done", 200)
    parents = {record["url"]: record["parent"] for record in crawl.records()}
    way = []
    at = parents[url]
    while at is not None:
        way.append(at)
        at = parents[at]
    assert found["known"]["parents"] == way
    assert way[-1] == site.seeds[0]
    text = _text(url, crawl.job)
    assert text["state"] == "done: status 200"
    assert text["next"] == "nothing: its record is written, with status 200"
    assert _text(site.seeds[0], crawl.job)["found"] == "a seed"


def test_a_page_that_robots_forbids(site: TestSite, crawl: Crawl) -> None:
    text = _text(f"{site.seeds[0]}private/0", crawl.job)
    assert text["robots"].startswith(
        f"forbidden: line 2 of {site.seeds[0]}robots.txt: Disallow: /private/ (asked 2"
    )
    assert text["state"] == "dead: robots"


def test_a_page_out_of_scope(site: TestSite, crawl: Crawl) -> None:
    text = _text(site.seeds[1], crawl.job)
    assert text["scope"] == f"refused: host {site.hosts[1]} is no seed's host (--scope host)"
    assert text["dedupe"].startswith("new")
    assert text["next"].startswith("nothing: a link to it is refused (scope)")


def test_a_trap(site: TestSite, crawl: Crawl) -> None:
    text = _text(f"{site.seeds[0]}{'a/' * 5}", crawl.job)
    assert text["trap"].startswith("refused: path_repetition")
    assert "trap (path_repetition)" in text["next"]


def test_a_page_that_nothing_links_to(site: TestSite, crawl: Crawl) -> None:
    """Asked in another spelling: the first line is the one that the crawl would use."""
    asked = f"HTTP://u:secret@{site.hosts[0]}/x/../nowhere#part"
    text = _text(asked, crawl.job)
    url = f"{site.seeds[0]}nowhere"
    assert text[""] == url
    assert text["asked"] == asked.replace("u:secret", "***")
    assert "dot segments resolved; fragment removed" in text["changed"]
    assert f"crawler start {url} -j {crawl.job}" in text["next"]


def test_the_target_of_a_redirect(site: TestSite, tmp_path: Path) -> None:
    """Nothing links to it: without the chain nobody would know how it came in."""
    seed = f"{site.seeds[0]}go/0"
    crawl = Crawl(tmp_path / "job", seed, *FAST, "--scope", "page")
    assert crawl.run() == 0, crawl.err
    found = _json(site.seeds[0], crawl.job)
    assert found["known"]["redirects"] == [seed]
    assert found["known"]["parents"] == [seed]
    assert _text(site.seeds[0], crawl.job)["redirected from"] == seed
    assert "final_url" in _text(seed, crawl.job)["next"]


def test_a_page_that_failed(site: TestSite, crawl: Crawl) -> None:
    text = _text(f"{site.seeds[0]}reset/0", crawl.job)
    assert text["state"] == "done: no response, error reset"


def test_a_page_that_a_budget_keeps(site: TestSite, tmp_path: Path) -> None:
    """The limit was a flag of `start`; `explain` must know it all the same."""
    crawl = Crawl(tmp_path / "job", site.seeds[0], *FAST, "--max-pages", "3")
    assert crawl.run() == 0, crawl.err
    known = [_json(link, crawl.job) for link in crawl.records()[0]["links"]]
    left = [one for one in known if one["next"]["what"] == "budget"]
    assert left
    for one in left:
        assert one["budgets"] == [
            {"name": "max_pages", "limit": 3, "done": 3, "leased": 0, "is_spent": True}
        ]


def test_while_the_crawl_runs(tmp_path: Path) -> None:
    """A page under way, one that waits for the server's pause, one that queues behind it."""
    with TestSite(
        hosts=2, pages_per_host=6, held=1, busy=1, retry_after_s=240, first_address="127.0.33.1"
    ) as site:
        crawl = Crawl(tmp_path / "job", site.seeds_file, "--delay", "100ms", "-p", "1").start()
        try:
            site.wait_until(lambda requests: any("/hold/" in r.path for r in requests))
            held = next(r.url for r in site.requests() if "/hold/" in r.path)
            found = _json(held, crawl.job)
            assert (found["known"]["state"], found["running"]) == ("leased", crawl.pid)
            assert found["next"]["what"] == "leased"
            site.release()
            busy = f"{site.seeds[0]}busy/0"
            poll(
                lambda: (_json(busy, crawl.job)["known"] or {}).get("state") == "waiting",
                "the page that was told to wait",
                every_s=0.2,
            )
            found = _json(busy, crawl.job)
            assert found["known"]["reason"] == "http_503"
            assert found["known"]["due_at"] <= found["host"]["paused_until"]
            assert found["next"]["what"] == "waiting"
            text = _text(busy, crawl.job)
            assert text["state"].startswith("waiting: http_503, due at 2")
            assert "paused until" in text["host"]
            states = [_json(url, crawl.job) for url in site.urls if url.startswith(site.seeds[0])]
            paused = [one for one in states if (one["known"] or {}).get("state") == "ready"]
            assert {one["next"]["what"] for one in paused} <= {"paused"}
        finally:
            crawl.kill_group()
            crawl.reap()
        found = _json(busy, crawl.job)
        assert (found["running"], found["next"]["what"]) == (None, "stopped")


def test_without_a_job(tmp_path: Path) -> None:
    """Before the first crawl it is a way to try the rules of a crawl file."""
    (tmp_path / "crawl.toml").write_text(
        'seeds = ["https://a.example/docs/"]\nscope = "prefix"\nexclude = ["*.zip"]\n'
    )
    for url, rule in [
        ("https://a.example/docs/x", "allowed: in --scope prefix"),
        ("https://a.example/other", "refused: a.example/ is in no seed's folder (--scope prefix)"),
        ("https://a.example/docs/x.zip", "refused: matches --exclude *.zip"),
    ]:
        done = _run(url, "--config", "crawl.toml", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert rule in done.stdout
        assert "explained from the settings alone" in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["crawl.toml"]


@pytest.mark.parametrize("text", ["no url", "mailto:me@a.example", "http://[", ""])
def test_what_is_no_url_ends_with_one_line(tmp_path: Path, text: str) -> None:
    done = _run(text, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("crawler: ")
    assert done.stderr.count("\n") == 1


def test_a_store_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "frontier.db").write_text("not a database, " * 100)
    done = _run("https://a.example/", "-j", str(tmp_path))
    assert done.returncode == 4
    assert "frontier.db" in done.stderr
    assert done.stderr.count("\n") == 1
