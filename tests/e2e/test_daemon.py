"""`python -m crawler.qq`: the crawl as a service, from CRAWLER_* alone."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.crawl import Crawl, assert_exactly_once
from tests.support.site import TestSite

ROOT = Path(__file__).parents[2]


class Daemon(Crawl):
    """A crawl whose command line is its environment."""

    def __init__(self, job: Path, cwd: Path, **environ: str) -> None:
        super().__init__(job, "-")
        self._cwd = cwd
        self._environ = {"PYTHONPATH": str(ROOT), "CRAWLER_JOB": str(job)} | environ

    def start(self, *flags: str) -> "Daemon":
        assert not flags
        self.process = subprocess.Popen(
            [sys.executable, "-m", "crawler.qq"],
            cwd=self._cwd,
            env=os.environ | self._environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        return self


def _environ(site: TestSite) -> dict[str, str]:
    return {
        "CRAWLER_SEEDS": str(site.seeds_file),
        "CRAWLER_ALLOW_NET": "127.0.0.0/8",
        "CRAWLER_DELAY": "0",
        "CRAWLER_NUM_PROCESSES": "2",
        "CRAWLER_CONTACT": "tests@example.org",
        # What a container platform puts there must not hinder.
        "CRAWLER_PORT": "tcp://10.0.0.1:80",
        "CRAWLER_SERVICE_HOST": "10.0.0.1",
    }


def test_it_crawls_from_its_environment_alone(tmp_path: Path) -> None:
    with TestSite(hosts=2, pages_per_host=10, first_address="127.0.17.1") as site:
        daemon = Daemon(tmp_path / "job", tmp_path, **_environ(site))
        assert daemon.run() == 0, daemon.err
        assert_exactly_once(daemon, site.urls)
        words = {"CRAWLER_SEEDS": " ".join(site.seeds)}
        daemon = Daemon(tmp_path / "job", tmp_path, **_environ(site) | words)
        before = len(site.requests())
        assert daemon.run() == 0, daemon.err
        assert len(site.requests()) == before
        said = daemon.err.splitlines()[-1]
        assert said.startswith("crawler: complete, 20 records; nothing was left to do: ")


def test_sigterm_to_the_parent_alone_ends_it_with_143(tmp_path: Path) -> None:
    """`docker stop` signals one process; its code says that it was asked to."""
    with TestSite(hosts=2, pages_per_host=10, held=2, first_address="127.0.18.1") as site:
        daemon = Daemon(tmp_path / "job", tmp_path, **_environ(site)).start()
        try:
            site.wait_until(lambda requests: any("/hold/" in r.path for r in requests))
        except TimeoutError:
            daemon.kill_group()
            daemon.reap()
            raise
        os.kill(daemon.pid, signal.SIGTERM)
        assert daemon.wait() == 143, daemon.err
        assert not daemon.group()
        assert "Traceback" not in daemon.err
        manifest = json.loads((daemon.job / "manifest.json").read_text())
        assert (manifest["ended"], manifest["exit_code"]) == ("signal", 143)
        site.release()
        assert daemon.run() == 0, daemon.err
        assert_exactly_once(daemon, site.urls)


@pytest.mark.parametrize(
    ("environ", "code", "expected"),
    [
        ({}, 2, "no seeds"),
        ({"CRAWLER_SEEDS": "nothing-here.txt"}, 2, "nothing-here.txt"),
        ({"CRAWLER_SEDS": "x"}, 2, "did you mean CRAWLER_SEEDS?"),
        ({"CRAWLER_SEEDS": "http://127.0.0.1:9/", "CRAWLER_DELAY": "soon"}, 2, "CRAWLER_DELAY"),
        ({"CRAWLER_SEEDS": "http://127.0.0.1:9/", "CRAWLER_JOB": "/dev/null/x"}, 2, "/dev/null"),
    ],
)
def test_bad_settings_are_one_line(
    tmp_path: Path, environ: dict[str, str], code: int, expected: str
) -> None:
    """A service manager shows the last line; it must be the reason, and restart must not help."""
    daemon = Daemon(tmp_path / "job", tmp_path, **environ)
    assert daemon.run() == code, daemon.err
    assert expected in daemon.err
    assert daemon.err.startswith("crawler: ")
    assert daemon.err.count("\n") == 1
