"""`crawler export` that is ended on its way: nothing lies about, and the next one works."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest

from tests.support.crawl import poll
from tests.support.records import record

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[2]
ENDLESS = "SELECT range FROM range(1_000_000_000_000)"
WAYS = {
    "jsonl": ("-o", "out.jsonl"),
    "packed": ("-o", "out.csv.zst", "--columns", "url"),
    "sql": ("-o", "out.csv", "--sql", ENDLESS),
    "parquet": ("-o", "out.parquet", "--sql", ENDLESS),
}
SOURCE, OUT, SPILL = "in.jsonl", "out", "spill"


@pytest.fixture
def room(tmp_path: Path) -> Path:
    for name in (OUT, SPILL):
        (tmp_path / name).mkdir()
    return tmp_path


@contextmanager
def exporting(room: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """An export that has begun to write and comes to no end."""
    source = room / SOURCE
    if "--sql" in words:
        source.write_bytes(orjson.dumps(record()) + b"\n")
    else:
        os.mkfifo(source)  # which nobody writes to
    before = drafts(room)
    with subprocess.Popen(
        [sys.executable, "-m", "crawler", "export", str(source), *words],
        cwd=room / OUT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(room / SPILL)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            poll(lambda: drafts(room) != before, "an export that writes", 60)
            yield process
        finally:
            process.kill()
            source.unlink()


def drafts(room: Path) -> set[str]:
    return {found.name for found in (room / OUT).glob(".*.tmp")}


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
@pytest.mark.parametrize("way", WAYS)
def test_a_signal_leaves_nothing(room, way, number, code):
    """`timeout 60 crawler export` of a cron job would fill the disk with what nobody reads."""
    with exporting(room, *WAYS[way]) as process:
        process.send_signal(number)
        said = process.communicate(timeout=60)
    assert (said, process.returncode) == (("", ""), code)
    assert [*(room / OUT).iterdir(), *(room / SPILL).iterdir()] == []


def test_what_a_killed_one_left_goes_with_the_next_and_nothing_else(room):
    """Not what another export makes at that moment, nor a file that only looks alike."""
    done = room / "done.jsonl"
    done.write_bytes(orjson.dumps(record()) + b"\n")
    alike = room / OUT / ".out.jsonl.mine.tmp"
    alike.touch()
    with exporting(room, *WAYS["jsonl"]) as killed:
        killed.kill()
        killed.communicate()
        (left,) = drafts(room) - {alike.name}
    with exporting(room, *WAYS["jsonl"]) as other:
        assert left not in drafts(room)
        (made,) = drafts(room) - {alike.name}
        words = [sys.executable, "-m", "crawler", "export", str(done), *WAYS["jsonl"]]
        subprocess.run(
            words, cwd=room / OUT, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True
        )
        assert drafts(room) == {alike.name, made}
        other.kill()
    assert (room / OUT / "out.jsonl").read_bytes() == done.read_bytes()
