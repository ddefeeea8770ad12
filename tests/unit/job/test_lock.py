"""The job's lock: one node, named; free when the last process of it is gone."""

import contextlib
import errno
import fcntl
import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.errors import ConfigError, JobLocked, StorageError
from crawler.job.lock import acquire, holder
from tests.support.crawl import poll

# Takes the lock, forks a reader that keeps it, says so, and waits for a line.
HOLD = """
import os, signal, sys
from pathlib import Path
from crawler.job.lock import acquire
lock = acquire(Path(sys.argv[1]))
reader = os.fork()
if not reader:
    sys.stdin.close()
    signal.pause()
print(reader, flush=True)
sys.stdin.readline()
"""


class Node:
    """A parent with one reader, both holding the lock."""

    def __init__(self, job: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLD, job], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self.process.stdout is not None
        self.reader = int(self.process.stdout.readline())

    def kill_parent(self, *, reap: bool = True) -> None:
        self.process.kill()
        if reap:
            self.process.wait()
        else:
            os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOWAIT)

    def kill_reader(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.reader, signal.SIGKILL)

    def end(self) -> None:
        self.kill_reader()
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    running = Node(tmp_path)
    yield running
    running.end()


def test_a_second_node_fails_at_once_and_names_the_first(
    tmp_path: Path, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two nodes on one SQLite file would take each other's leases."""
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("it waits for a living holder"))
    with pytest.raises(JobLocked, match=rf"in use by process {node.process.pid} on ") as raised:
        acquire(tmp_path, wait_s=60)
    assert raised.value.exit_code == 4
    found = holder(tmp_path)
    assert found is not None
    assert found.pid == node.process.pid


@pytest.mark.parametrize("reap", [True, False], ids=["gone", "zombie"])
def test_waits_for_the_readers_of_a_dead_parent(tmp_path: Path, node: Node, reap: bool) -> None:
    """A restart by the service manager would fail while the old readers are still ending."""
    node.kill_parent(reap=reap)
    assert holder(tmp_path) is None
    with pytest.raises(JobLocked, match=rf"readers of process {node.process.pid} .* is dead or"):
        acquire(tmp_path, wait_s=0.2)
    node.kill_reader()
    with acquire(tmp_path, wait_s=30):
        found = holder(tmp_path)
        assert found is not None
        assert found.pid == os.getpid()


def test_released_lock_is_free(tmp_path: Path) -> None:
    """A second start in one process (the demo) would lock itself out."""
    with acquire(tmp_path), pytest.raises(JobLocked):
        acquire(tmp_path)
    acquire(tmp_path).release()


def test_a_pid_that_is_used_again_is_not_the_holder(tmp_path: Path) -> None:
    """After a reboot any process may have the old number; its readers are gone for sure."""
    with acquire(tmp_path):
        text = json.loads((tmp_path / "lock").read_text())
    for change in ({"birth": "another"}, {"pid": 2**22 + 1}):
        (tmp_path / "lock").write_text(json.dumps(text | change))
        assert holder(tmp_path) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": "x"}', "\x00\xff"])
def test_a_damaged_lock_file_is_written_again(tmp_path: Path, text: str) -> None:
    """A torn write at a power cut would lock the job for ever."""
    (tmp_path / "lock").write_text(text, "latin-1")
    assert holder(tmp_path) is None
    with acquire(tmp_path):
        assert holder(tmp_path) is not None


def test_lock_file_is_private_from_its_first_moment(tmp_path: Path) -> None:
    """A wide umask would let others lock the job."""
    old = os.umask(0)
    try:
        acquire(tmp_path).release()
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "lock").stat().st_mode) == 0o600


def test_a_full_disk_is_said_and_leaves_no_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the name of the file nobody knows which disk it is."""

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        with pytest.raises(StorageError, match=r"/lock cannot be written: No space.*; free some"):
            acquire(tmp_path)
    acquire(tmp_path, wait_s=0).release()


def test_lock_that_cannot_be(tmp_path: Path) -> None:
    """One line instead of a traceback."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="not where a lock can be"):
        acquire(tmp_path / "file")
    with pytest.raises(StorageError, match="No such file"):
        acquire(tmp_path / "missing")
    (tmp_path / "lock").symlink_to(tmp_path / "file")
    with pytest.raises(StorageError):
        acquire(tmp_path)


def _move_away(job: Path) -> None:
    """Let the lock's file name another machine, as that of a container does."""
    path = job / "lock"
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {"host": "a-container"}))


def test_a_holder_elsewhere_is_there_as_long_as_its_lock(tmp_path: Path) -> None:
    """`status` in a second container would call it running for ever, and `stop` wait for it."""
    node = Node(tmp_path)
    try:
        _move_away(tmp_path)
        found = holder(tmp_path)
        assert found is not None
        assert found.host == "a-container"
        with pytest.raises(JobLocked, match=r"in use by process \d+ on a-container"):
            acquire(tmp_path)
    finally:
        node.end()
    # The reader is no child of ours: its output may be closed a moment before its lock is.
    poll(lambda: holder(tmp_path) is None, "the end of the lock")


def test_who_asks_does_not_keep_a_crawl_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A probe in the moment of a start would refuse it, as if two crawled."""
    monkeypatch.setattr("crawler.job.lock.GLANCE_S", 60.0)
    acquire(tmp_path).release()
    _move_away(tmp_path)
    descriptor = os.open(tmp_path / "lock", os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    timer = threading.Timer(0.1, os.close, [descriptor])
    timer.start()
    acquire(tmp_path, wait_s=60).release()
    timer.join()
