"""The directory of a job: private, checked, moved aside but never deleted."""

import os
import stat
from pathlib import Path

import pytest

from crawler.errors import ConfigError, FrontierError, JobLocked, StorageError
from crawler.job import directory
from crawler.job.directory import (
    Job,
    file_system_of,
    has_store,
    move_aside,
    refuse_network_file_system,
)
from crawler.job.lock import acquire


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_directories_are_private_whatever_the_umask(tmp_path: Path) -> None:
    """What a crawl with a session's cookie has read would lie open to everybody."""
    old = os.umask(0)
    try:
        job = Job.at(tmp_path / "a" / "crawl", tmp_path / "out")
        job.create()
        job.create()
    finally:
        os.umask(old)
    for path in (job.root, job.pages, job.log.parent):
        assert _mode(path) == 0o700


def test_paths() -> None:
    """The layout is a promise to scripts."""
    job = Job.at(Path("crawl"))
    names = [job.frontier, job.pages, job.log, job.manifest, job.lock]
    assert [str(name) for name in names] == [
        "crawl/frontier.db",
        "crawl/pages",
        "crawl/logs/crawler.jsonl",
        "crawl/manifest.json",
        "crawl/lock",
    ]


def test_a_file_in_the_way(tmp_path: Path) -> None:
    """A typing mistake, so code 2, and the file stays."""
    (tmp_path / "file").write_text("x")
    for root in (tmp_path / "file", tmp_path / "file" / "crawl"):
        with pytest.raises(ConfigError, match="is no directory"):
            Job.at(root).create()
    assert (tmp_path / "file").read_text() == "x"


def test_a_name_that_is_too_long(tmp_path: Path) -> None:
    """A mistake of a person or a script would be called a fault of the crawler."""
    job = tmp_path / ("x" * 300)
    with pytest.raises(ConfigError, match="too long"):
        has_store(job)
    with pytest.raises(ConfigError, match="too long"):
        Job.at(job).create()


def test_unwritable_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found at the first record it would have cost a fetch; root may write anywhere, so ask."""
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(StorageError, match="Permission denied") as raised:
        Job.at(tmp_path / "crawl").create()
    assert raised.value.exit_code == 3


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_unwritable_parent(tmp_path: Path) -> None:
    """The same for a directory that cannot even be made."""
    tmp_path.chmod(0o500)
    with pytest.raises(StorageError, match="Permission denied"):
        Job.at(tmp_path / "crawl").create()


MOUNTS = """\
/dev/root / ext4 rw 0 0
server:/x {0}/net nfs4 rw 0 0
tmpfs {0}/net/local tmpfs rw 0 0
me@host: {0}/with\\040blank fuse.sshfs rw 0 0
//nas/x {0}/over ext4 rw 0 0
//nas/x {0}/over cifs rw 0 0
"""


def test_network_file_systems_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite's shared memory over NFS ends in a damaged frontier, days later."""
    mounts = tmp_path / "mounts"
    mounts.write_text(MOUNTS.format(tmp_path))
    found = {
        name: file_system_of(tmp_path / name / "crawl", mounts)
        for name in ("here", "net", "net/local", "with blank", "over", "network")
    }
    assert found == {
        "here": "ext4",
        "net": "nfs4",
        "net/local": "tmpfs",
        "with blank": "fuse.sshfs",
        "over": "cifs",
        "network": "ext4",
    }
    monkeypatch.setattr(directory, "file_system_of", lambda path: found[path.name])
    refuse_network_file_system(tmp_path / "here")
    with pytest.raises(FrontierError, match=r"network file system \(nfs4\)"):
        refuse_network_file_system(tmp_path / "net")


def test_a_system_without_mounts_is_not_refused(tmp_path: Path) -> None:
    """Outside of Linux nothing says what a file system is."""
    assert file_system_of(tmp_path, tmp_path / "none") is None
    refuse_network_file_system(tmp_path)


def test_move_aside_keeps_everything(tmp_path: Path) -> None:
    """--fresh that deletes would be the last command of somebody's week of crawling."""
    job = Job.at(tmp_path / "crawl", tmp_path / "out")
    assert move_aside(job) is None
    names = set()
    for round_number in range(2):
        job.create()
        (job.root / "frontier.db").write_text(f"{round_number}")
        (job.pages / "part-000001.jsonl").write_text("{}")
        (job.pages / "notes.txt").write_text("mine")
        aside = move_aside(job)
        assert aside is not None
        assert (aside / "frontier.db").read_text() == f"{round_number}"
        assert not job.root.exists()
        assert [path.name for path in job.pages.iterdir()] == ["notes.txt"]
        names.add(aside.name)
    assert len(names) == 2
    assert len(list(tmp_path.glob("out.*/part-000001.jsonl"))) == 2


def test_move_aside_touches_no_other_directory(tmp_path: Path) -> None:
    """`--job ~ --fresh` would rename a home directory."""
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(ConfigError, match="holds no crawl"):
        move_aside(Job.at(tmp_path))
    assert (tmp_path / "thesis.tex").exists()


def test_move_aside_of_a_running_crawl_is_refused(tmp_path: Path) -> None:
    """It would go on writing into the renamed directory, and the new one crawl the same."""
    job = Job.at(tmp_path / "crawl")
    job.create()
    with acquire(job.root), pytest.raises(JobLocked):
        move_aside(job)
    assert job.root.exists()
