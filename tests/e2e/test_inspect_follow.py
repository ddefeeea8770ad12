"""`crawler inspect --follow`: each committed record once, over everything that happens to a job."""

import json
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from crawler.sink.packing import pack_part, temporary_path
from tests.support.records import record
from tests.support.small_job import SmallJob

pytestmark = pytest.mark.e2e


@contextmanager
def following(job: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "crawler", "inspect", str(job), "--follow", *words]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def url_of(line: str) -> str:
    return str(json.loads(line)["url"])


def page(name: str, **values: object) -> dict[str, object]:
    return record(url=f"http://a.example/{name}", **values)


def test_each_record_is_printed_once_as_it_is_committed(tmp_path):
    """Over parts, a pack in between, and a crawl begun anew; what is not committed never shows."""
    job = SmallJob(tmp_path / "crawl")
    job.commit("reader-1", [page("before")])
    with following(job.root, "--json") as process:
        assert process.stdout is not None
        # It has begun once the first of these comes.
        number = 0
        while True:
            number += 1
            job.commit("reader-1", [page(f"probe{number}")])
            if _ready(process, 0.3):
                break
        job.commit("reader-2", [page("other")])
        shown = []
        while not shown or shown[-1] != "http://a.example/other":
            shown.append(url_of(process.stdout.readline()))
        assert "http://a.example/before" not in shown
        assert len(set(shown)) == len(shown)
        # Packed before the follower has looked: the line is in the packed file alone.
        path = job.commit("reader-2", [page("packed")])
        _, size = job.parts["reader-2"]
        pack_part(path, size)
        temporary_path(path).rename(path.with_name(path.name + ".zst"))
        path.unlink()
        assert url_of(process.stdout.readline()) == "http://a.example/packed"
        # As --fresh does.
        job.root.rename(tmp_path / "aside")
        anew = SmallJob(tmp_path / "crawl")
        anew.commit("reader-1", [page("anew", status=404)])
        assert url_of(process.stdout.readline()) == "http://a.example/anew"
        process.send_signal(signal.SIGINT)
        rest, err = process.communicate(timeout=60)
        assert (rest, err, process.returncode) == ("", "", 130)


def _ready(process: subprocess.Popen[str], seconds: float) -> bool:
    return bool(select.select([process.stdout], [], [], seconds)[0])


def test_a_line_for_people_has_what_came_and_nothing_that_moves_the_cursor(tmp_path):
    job = SmallJob(tmp_path / "crawl")
    with following(job.root, "--status", "404") as process:
        number = 0
        while not _ready(process, 0.3):
            number += 1
            job.commit(
                "reader-1", [page(f"ok{number}"), page("gone\x1b[2J", status=404, title="T\n")]
            )
        assert process.stdout is not None
        line = process.stdout.readline()
    assert line == ("10:00:00  404          12 ms     1.0 kB  http://a.example/gone\\x1b[2J  T\n")
