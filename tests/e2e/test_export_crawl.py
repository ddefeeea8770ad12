"""Looking at a crawl that runs and is killed: what is told is what the store has, to the record."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.crawl import Crawl, poll
from tests.support.site import TestSite

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


def run(*words: str) -> bytes:
    done = subprocess.run(
        [sys.executable, "-m", "crawler", *words], capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def exported(job: Path) -> list[str]:
    lines = run("export", str(job), "--to", "jsonl").splitlines()
    return [str(json.loads(line)["url"]) for line in lines]


def asked(job: Path, sql: str) -> Sequence[dict[str, int]]:
    found: Sequence[dict[str, int]] = json.loads(run("inspect", str(job), "--sql", sql, "--json"))
    return found


def test_counts_are_those_of_the_store_while_the_crawl_is_killed(tmp_path: Path) -> None:
    """An analyst who looks at the wrong moment would else have pages that later are not there."""
    with TestSite(hosts=10, pages_per_host=40, links_per_page=12, delay_ms=20) as site:
        crawl = Crawl(
            *(tmp_path / "crawl", site.seeds_file),
            *("--delay", "2s", "-p", "2", "-c", "32"),  # 80 s: longer than the commands below take
        )
        for kill in range(2):
            crawl.start()
            goal = crawl.written() + 10_000
            poll(
                lambda goal=goal: crawl.leased() > 0 and crawl.written() > goal,
                "progress, with items at work",
            )
            if kill == 0:
                before = crawl.records_in_store()
                running = exported(crawl.job)
                [row] = asked(
                    crawl.job, "SELECT count(*) AS n, count(DISTINCT url) AS d FROM pages"
                )
                assert before <= len(running) <= row["n"] <= crawl.records_in_store()
                assert len(set(running)) == len(running)
                assert row["n"] == row["d"]
            crawl.kill_group()
            crawl.reap()
            committed = crawl.records_in_store()
            urls = exported(crawl.job)
            assert len(urls) == len(set(urls)) == committed
            assert asked(crawl.job, "SELECT count(*) AS n FROM pages") == [{"n": committed}]
        assert crawl.run("--delay", "0") == 0, crawl.err
        done = (
            "SELECT count(*) AS n FROM urls WHERE state = 'done' AND url IN (SELECT url FROM pages)"
        )
        assert asked(crawl.job, done) == [{"n": len(site.urls)}]
        assert sorted(exported(crawl.job)) == sorted(site.urls)
