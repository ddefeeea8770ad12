"""A job of another user: each command says whose it is, and none that nothing runs there."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.crawl import Crawl
from tests.support.site import TestSite

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(240),
    pytest.mark.skipif(
        os.geteuid() != 0 or shutil.which("setpriv") is None,
        reason="needs root, to give a job away, and setpriv, to be an ordinary user",
    ),
]

SOMEBODY = 65534
ALMIGHTY = "-dac_override,-dac_read_search,-fowner"


@pytest.fixture
def site() -> Iterator[TestSite]:
    with TestSite(hosts=1, pages_per_host=5, held=1) as running:
        running.hold()
        yield running


@pytest.fixture
def job(site: TestSite, tmp_path: Path) -> Iterator[Path]:
    """The job of a crawl that runs, given to another user."""
    crawl = Crawl(tmp_path / "job", site.seeds_file, "--delay", "0", "-p", "1")
    crawl.start()
    site.wait_until(
        lambda requests: any(r.ended_ns is None and "/hold/" in r.path for r in requests)
    )
    for path in (crawl.job, *crawl.job.rglob("*")):
        os.chown(path, SOMEBODY, SOMEBODY)
    yield crawl.job
    crawl.kill_group()
    crawl.reap()


def ordinary(*words: str) -> subprocess.CompletedProcess[str]:
    """Run a command as one who may not enter everywhere."""
    drop = ["setpriv", "--inh-caps", ALMIGHTY, "--bounding-set", ALMIGHTY]
    return subprocess.run(
        [*drop, sys.executable, "-m", "crawler", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "words",
    [
        ["status"],
        ["pause"],
        ["stop"],
        ["reload"],
        ["add", "http://a.example/"],
        ["prune", "--older-than", "1d"],
        ["inspect"],
        ["explain", "http://a.example/"],
        ["start"],
    ],
    ids=lambda words: words[0],
)
def test_a_closed_job_is_said_to_be_another_users(job: Path, words: list[str]):
    """An operator who forgot sudo would be told of a fault of the crawler."""
    job.chmod(0o700)
    done = ordinary(*words, "--job", str(job))
    assert done.returncode == 4, done
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "belongs to another user" in done.stderr


@pytest.mark.parametrize("command", ["stop", "health", "reload"])
def test_nobody_is_told_that_a_crawl_does_not_run_that_does(job: Path, command: str):
    """Its lock cannot be read: who believes that it stopped starts a second one elsewhere."""
    job.chmod(0o755)
    done = ordinary(command, "--job", str(job))
    assert done.returncode == 4, done
    assert "cannot be told" in done.stderr
    assert "not running" not in done.stdout
    assert "no crawl runs" not in done.stdout


def test_parts_of_another_user_end_a_start_before_it_crawls(site: TestSite, tmp_path: Path):
    """After `sudo crawler start` the service would crawl for days, and fail at the end."""
    site.release()
    job = tmp_path / "job"
    words = ("start", str(site.seeds_file), "--job", str(job), "--delay", "0", "-q")
    words += ("--allow-net", "127.0.0.0/8")
    assert ordinary(*words, "--max-pages", "2").returncode == 0
    asked = len(site.requests())
    part = next((job / "pages").glob("part-*"))
    part.chmod(0o600)
    os.chown(part, SOMEBODY, SOMEBODY)
    done = ordinary(*words)
    assert done.returncode == 3
    assert f"{part.name} cannot be read: it belongs to another user" in done.stderr
    assert len(site.requests()) == asked


def test_the_file_that_may_not_be_written_is_named(site: TestSite, tmp_path: Path):
    """SQLite gives its index the store's mode; with that mended, nobody would find the other."""
    site.release()
    job = tmp_path / "job"
    words = ("start", str(site.seeds_file), "--job", str(job), "--delay", "0", "-q")
    words += ("--allow-net", "127.0.0.0/8")
    assert ordinary(*words).returncode == 0
    (job / "frontier.db").chmod(0o400)
    assert "frontier.db;" in ordinary(*words).stderr
    (job / "frontier.db").chmod(0o600)
    done = ordinary(*words)
    assert done.returncode == 4
    assert "frontier.db-shm;" in done.stderr
