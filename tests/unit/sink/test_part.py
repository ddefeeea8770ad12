"""Both files of a part grow together, or not at all."""

import os
from pathlib import Path

import pytest

from crawler.errors import StorageError
from crawler.model.result import PartMark
from crawler.ports import Part
from crawler.sink import jsonl
from crawler.sink.part import OpenPart

ROW = Part(7, "part-000007.jsonl", 0, 0, sealed=False)


def sizes(directory: Path) -> tuple[int, int]:
    return (
        (directory / "part-000007.jsonl").stat().st_size,
        (directory / "part-000007.warc.gz").stat().st_size,
    )


def test_marks_go_from_what_is_committed(tmp_path: Path) -> None:
    """The head of the bodies is written before anything is committed: it belongs to the first."""
    part = OpenPart(tmp_path, ROW, b"head")
    part.append(b"line\n", b"body")
    assert part.mark(1) == PartMark(7, 0, 5, 1, False, 0, 8)
    part.cut_back()
    assert sizes(tmp_path) == (0, 4)
    part.append(b"other line\n", b"other body")
    part.keep()
    part.append(b"x\n")
    assert part.mark(1, sealed=True) == PartMark(7, 11, 13, 1, True, 14, 14)
    part.close()


def test_without_bodies_there_is_one_file(tmp_path: Path) -> None:
    part = OpenPart(tmp_path, ROW)
    part.append(b"line\n")
    assert part.mark(1) == PartMark(7, 0, 5, 1)
    part.sync()
    part.close()
    assert [path.name for path in tmp_path.iterdir()] == ["part-000007.jsonl"]


@pytest.mark.parametrize("full", [b"line\n", b"body"])
def test_a_full_disk_leaves_both_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full: bytes
) -> None:
    """Bodies whose lines found no space would stay in the file, named by nobody."""
    part = OpenPart(tmp_path, ROW, b"head")
    part.append(b"first\n", b"first")
    part.keep()
    write = os.write

    def fails(descriptor: int, data: bytes) -> int:
        if bytes(data) == full:
            write(descriptor, data[:2])
            raise OSError(28, "No space left on device")
        return write(descriptor, data)

    monkeypatch.setattr(jsonl.os, "write", fails)
    with pytest.raises(StorageError, match="no space left"):
        part.append(b"line\n", b"body")
    assert sizes(tmp_path) == (6, 9)
    part.close()
