"""Packed parts read as the parts they were made from: all lines, any offset, and damage is told."""

import os
from pathlib import Path

import pytest

from crawler.errors import StorageError
from crawler.sink import packing
from crawler.sink.packed import load_zstd, table_of
from crawler.sink.packing import pack_part
from crawler.sink.reading import open_part, packed_path, part_size, temporary_path

LINES = b"".join(b'{"n":%d,"text":"%s"}\n' % (n, b"word " * (n % 50)) for n in range(3000))


@pytest.fixture
def part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(packing, "FRAME_BYTES", 10_000)
    path = tmp_path / "part-000001.jsonl"
    path.write_bytes(LINES + b"not committed")
    return path


def _packed(part: Path) -> Path:
    pack_part(part, len(LINES))
    temporary_path(part).rename(packed_path(part))
    part.unlink()
    return packed_path(part)


def test_lines_and_offsets_are_those_of_the_part(part: Path) -> None:
    packed = _packed(part)
    assert packed.stat().st_size < len(LINES) / 4
    assert packed.stat().st_mode & 0o777 == 0o600
    assert part_size(part) == part_size(packed) == len(LINES)
    with open_part(part) as file:
        assert file.readlines() == LINES.splitlines(keepends=True)
        for offset in (0, 9_999, 10_000, 123_456, len(LINES) - 1, len(LINES), len(LINES) + 9):
            file.seek(offset)
            assert file.read(20_000) == LINES[offset : offset + 20_000]


def test_a_frame_ends_with_a_line_and_any_tool_unpacks_the_file(part: Path) -> None:
    packed = _packed(part)
    zstd = load_zstd()
    assert zstd.decompress(packed.read_bytes()) == LINES
    first = zstd.ZstdDecompressor().decompress(packed.read_bytes())
    assert 10_000 <= len(first) < 10_500
    assert first.endswith(b"}\n")


def test_one_that_is_open_goes_on_while_it_is_packed(part: Path) -> None:
    with open_part(part) as file:
        head = file.read(100)
        _packed(part)
        assert head + file.read(len(LINES) - 100) == LINES
    with open_part(part) as file:
        assert file.read() == LINES


def test_damage_is_told_where_it_is(part: Path) -> None:
    packed = _packed(part)
    data = bytearray(packed.read_bytes())
    data[len(data) // 2] ^= 0xFF
    packed.write_bytes(data)
    with open_part(part) as file:
        assert file.read(10_000) == LINES[:10_000]
        with pytest.raises(OSError, match="damaged in the frame at byte"):
            file.read()


def test_a_cut_file_has_no_lines_that_count(part: Path) -> None:
    packed = _packed(part)
    os.truncate(packed, packed.stat().st_size - 1)
    assert part_size(part) == 0
    with open_part(packed) as file, pytest.raises(OSError, match="damaged"):
        file.read()


def test_what_another_tool_packed_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl.zst"
    path.write_bytes(load_zstd().compress(LINES))
    with open_part(path) as file:
        assert file.read() == LINES
        file.seek(5)
        assert file.readline() == LINES[5:].splitlines(keepends=True)[0]


def test_a_part_that_lacks_bytes_is_not_packed(part: Path) -> None:
    with pytest.raises(StorageError, match="lacks 1 bytes"):
        pack_part(part, len(LINES) + len(b"not committed") + 1)


def test_what_is_missing_is_told_by_the_name_it_had(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        open_part(tmp_path / "part-000009.jsonl")
    assert str(caught.value.filename).endswith("part-000009.jsonl")


def test_what_does_not_read_back_is_not_kept(part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "table_of", lambda frames: table_of(frames[:-1]))
    with pytest.raises(StorageError, match="does not hold what"):
        pack_part(part, len(LINES))
