"""Part files hold whole lines, whatever the disk does."""

import errno
import os
from pathlib import Path

import pytest

from crawler.errors import StorageError
from crawler.sink.jsonl import PartFile


def test_a_full_disk_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next batch would begin in the middle of a line."""
    part = PartFile(tmp_path / "part-000001.jsonl")
    part.append(b'{"a":1}\n')
    write, calls = os.write, []

    def fill_up(descriptor: int, data: bytes) -> int:
        if calls:
            raise OSError(errno.ENOSPC, "No space left on device")
        calls.append(1)
        return write(descriptor, bytes(data)[:3])

    monkeypatch.setattr(os, "write", fill_up)
    with pytest.raises(StorageError, match="no space left"):
        part.append(b'{"b":2}\n')
    monkeypatch.undo()
    part.append(b'{"c":3}\n')
    part.close()
    assert part.path.read_bytes() == b'{"a":1}\n{"c":3}\n'
