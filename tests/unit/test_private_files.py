"""What a crawl writes is for its user alone from the first moment, and goes nowhere else."""

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crawler import logs
from crawler.errors import StorageError
from crawler.job.manifest import write_manifest
from crawler.sink.jsonl import PartFile


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    """Whatever the user's umask is: with this one a careless file is open to all."""
    before = os.umask(0)
    yield
    os.umask(before)
    logs.configure()
    logs.close()


def _part(path: Path) -> None:
    PartFile(path).close()


def _log(path: Path) -> None:
    logs.configure(path)


def _manifest(path: Path) -> None:
    write_manifest(path, {"format": 1})


WRITERS = [_part, _log, _manifest]


@pytest.mark.parametrize("write", WRITERS)
def test_a_new_file_is_private(tmp_path: Path, write: Callable[[Path], None]) -> None:
    """Others could read it, if only between its making and a chmod."""
    write(tmp_path / "file")
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("write", "name"), [(_part, "file"), (_log, "file"), (_manifest, ".file.new")]
)
def test_nothing_is_written_through_a_link(
    tmp_path: Path, write: Callable[[Path], None], name: str
) -> None:
    """A link in a shared directory would have us write into a file of somebody else."""
    target = tmp_path / "target"
    target.write_text("precious")
    (tmp_path / name).symlink_to(target)
    with pytest.raises(StorageError):
        write(tmp_path / "file")
    assert target.read_text() == "precious"
