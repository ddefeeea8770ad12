"""Deploys: one version stops or dies, the next goes on with the same job, and nothing is lost."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

import crawler
from tests.e2e.test_daemon import ROOT, Daemon
from tests.support.crawl import assert_exactly_once, poll
from tests.support.site import TestSite
from tests.support.versions import LATEST, bring_back, next_version

NEXT = "99.0.0"


class Deploy:
    """One job, and the versions of the crawler that work on it."""

    def __init__(self, site: TestSite, directory: Path) -> None:
        self.site = site
        self.directory = directory
        self.job = directory / "job"
        self.next_path = next_version(directory / "next", NEXT)

    def version(self, path: Path = ROOT) -> Daemon:
        environ = {
            "PYTHONPATH": str(path),
            "CRAWLER_SEEDS": str(self.site.seeds_file),
            "CRAWLER_ALLOW_NET": "127.0.0.0/8",
            "CRAWLER_DELAY": "0",
            "CRAWLER_NUM_PROCESSES": "2",
            # What is held stays open until the readers give up.
            "CRAWLER_GRACEFUL_SHUTDOWN_TIMEOUT": "5s",
        }
        # Not in the checkout: the working directory is looked into before PYTHONPATH.
        return Daemon(self.job, self.directory, **environ)

    def started(self, path: Path = ROOT) -> Daemon:
        """Start a version, and wait until it has recorded some and is fetching others."""
        daemon = self.version(path).start()
        try:
            poll(daemon.part_files, "records")
            self.site.wait_until(lambda requests: any("/hold/" in r.path for r in requests))
        except BaseException:
            daemon.kill_group()
            daemon.reap()
            raise
        return daemon

    def manifest(self) -> dict[str, object]:
        found: dict[str, object] = json.loads((self.job / "manifest.json").read_text())
        return found

    def schema(self) -> int:
        database = sqlite3.connect(self.job / "frontier.db")
        try:
            return int(database.execute("PRAGMA user_version").fetchone()[0])
        finally:
            database.close()


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
def test_the_next_version_goes_on(tmp_path: Path, end: signal.Signals) -> None:
    """A deploy would lose pages, fetch them twice, or need a new job."""
    with TestSite(hosts=2, pages_per_host=30, held=4, first_address="127.0.61.1") as site:
        deploy = Deploy(site, tmp_path)
        old = deploy.started()
        if end is signal.SIGTERM:
            os.kill(old.pid, end)
            assert old.wait() == 143, old.err
        else:
            old.kill_group()
            old.reap()
        served = {r.url for r in site.requests() if r.ended_ns and r.status == 200}
        site.release()
        new = deploy.version(deploy.next_path)
        assert new.run() == 0, new.err
        assert_exactly_once(new, site.urls)
        versions = deploy.manifest()["versions"]
        assert isinstance(versions, dict)
        assert versions["crawler"] == NEXT
        assert deploy.schema() == LATEST + 1
        if end is signal.SIGTERM:  # what had been fetched was recorded, so it is asked for once
            again = [url for url, n in site.counts().items() if n > 1 and url in served]
            assert [url for url in again if not url.endswith("/robots.txt")] == []


def test_the_version_before_refuses_what_the_next_has_written(tmp_path: Path) -> None:
    """Rolled back without thinking, it would work on tables that it does not know."""
    with TestSite(hosts=2, pages_per_host=30, held=4, first_address="127.0.62.1") as site:
        deploy = Deploy(site, tmp_path)
        new = deploy.started(deploy.next_path)
        os.kill(new.pid, signal.SIGTERM)
        assert new.wait() == 143, new.err
        store = (deploy.job / "frontier.db").read_bytes()
        asked = len(site.requests())
        old = deploy.version()
        assert old.run() == 4
        assert old.err == (
            f"crawler: {deploy.job / 'frontier.db'} was written by a newer crawler "
            f"(schema {LATEST + 1}, this one knows {LATEST})\n"
        )
        assert (deploy.job / "frontier.db").read_bytes() == store
        assert len(site.requests()) == asked
        site.release()
        assert new.run() == 0, new.err  # rolled forward again, it goes on
        assert_exactly_once(new, site.urls)


@pytest.mark.parametrize("schema", [5])
def test_a_job_of_an_older_release_goes_on(tmp_path: Path, schema: int) -> None:
    """Who has crawled for weeks with the last release could not take this one."""
    assert schema < LATEST
    with TestSite(hosts=2, pages_per_host=30, held=4, first_address="127.0.63.1") as site:
        deploy = Deploy(site, tmp_path)
        daemon = deploy.started()
        os.kill(daemon.pid, signal.SIGTERM)
        assert daemon.wait() == 143, daemon.err
        bring_back(deploy.job / "frontier.db", schema)
        assert deploy.schema() == schema
        before = daemon.counts()
        assert before
        site.release()
        assert daemon.run() == 0, daemon.err
        assert deploy.schema() == LATEST
        assert_exactly_once(daemon, site.urls)
        assert set(before) <= set(daemon.counts())


def test_the_copy_is_another_version(tmp_path: Path) -> None:
    """Both would be this one, and the tests above would show nothing."""
    path = next_version(tmp_path / "next", NEXT)
    done = subprocess.run(
        [sys.executable, "-c", "import crawler; print(crawler.__version__, crawler.__file__)"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [NEXT, str(path / "crawler/__init__.py")]
    assert crawler.__version__ != NEXT
