"""Checksums for the manifest: of what was committed, while the loop turns."""

import asyncio
import hashlib
import threading
import time
from pathlib import Path
from typing import Any, BinaryIO, Self

import pytest

from crawler.errors import StorageError
from crawler.job import checksums
from crawler.job.checksums import hash_parts
from crawler.ports import Part


def _part(name: str, count: int) -> Part:
    return Part(part_id=1, name=name, bytes=count, records=1, sealed=True)


async def test_hash_covers_the_committed_bytes_only(tmp_path: Path) -> None:
    """What a killed reader left behind would make a good part look damaged."""
    (tmp_path / "part-000001.jsonl").write_bytes(b"{}\n" * 1000 + b"torn")
    (entry,) = await hash_parts([_part("part-000001.jsonl", 3000)], tmp_path)
    assert entry["sha256"] == hashlib.sha256(b"{}\n" * 1000).hexdigest()


async def test_bodies_are_hashed_like_their_part(tmp_path: Path) -> None:
    """An archive that nobody can verify is one that nobody can hand on."""
    (tmp_path / "part-000001.jsonl").write_bytes(b"{}\n")
    (tmp_path / "part-000001.warc.gz").write_bytes(b"member" + b"torn")
    part = _part("part-000001.jsonl", 3)._replace(store_bytes=6)
    entries = await hash_parts([part], tmp_path)
    sha256 = hashlib.sha256(b"member").hexdigest()
    assert entries[0]["warc"] == {"name": "part-000001.warc.gz", "bytes": 6, "sha256": sha256}
    (tmp_path / "part-000001.warc.gz").unlink()
    again = await hash_parts([part], tmp_path, previous={"parts": entries})
    assert again == entries
    with pytest.raises(StorageError, match="is missing"):
        await hash_parts([part], tmp_path)
    assert (await hash_parts([part._replace(store_bytes=0)], tmp_path))[0]["warc"] is None


async def test_parts_that_have_not_grown_are_not_read_again(tmp_path: Path) -> None:
    """A restart of a large crawl would read all of it at every end."""
    part = _part("part-000001.jsonl", 3)
    previous: dict[str, Any] = {"parts": [{"name": part.name, "bytes": 3, "sha256": "known"}]}
    (entry,) = await hash_parts([part], tmp_path, previous=previous)
    assert entry["sha256"] == "known"
    with pytest.raises(StorageError, match="is missing"):
        await hash_parts([part._replace(bytes=4)], tmp_path, previous=previous)


@pytest.mark.parametrize("previous", [None, {}, {"parts": 3}, {"parts": [{}]}, {"parts": ["x"]}])
async def test_a_strange_old_manifest_is_no_help_and_no_harm(
    tmp_path: Path, previous: dict[str, Any] | None
) -> None:
    """A file that a person has edited must not end the crawl with an internal error."""
    (tmp_path / "p").write_bytes(b"x")
    (entry,) = await hash_parts([_part("p", 1)], tmp_path, previous=previous)
    assert entry["sha256"] == hashlib.sha256(b"x").hexdigest()


async def test_parts_that_lost_bytes_are_told(tmp_path: Path) -> None:
    """A hash of what is left would certify the loss."""
    (tmp_path / "p").write_bytes(b"xx")
    with pytest.raises(StorageError, match="1 bytes too short"):
        await hash_parts([_part("p", 3)], tmp_path)
    assert (await hash_parts([_part("never-opened", 0)], tmp_path))[0]["records"] == 1


async def test_a_stop_does_not_wait_for_hashes(tmp_path: Path) -> None:
    """Hashing 100 GB would take longer than the service manager waits."""
    (tmp_path / "p").write_bytes(b"x")
    (entry,) = await hash_parts([_part("p", 1)], tmp_path, deadline_s=time.monotonic())
    assert entry["sha256"] is None


class _WaitsForTheLoop:
    """A file each of whose pieces comes only once the loop has turned."""

    def __init__(self, file: BinaryIO, loop: asyncio.AbstractEventLoop) -> None:
        self._file = file
        self._loop = loop

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self, size: int) -> bytes:
        turned = threading.Event()
        self._loop.call_soon_threadsafe(turned.set)
        assert turned.wait(20), "the loop stands still while a piece is read"
        return self._file.read(size)


async def test_who_asks_is_answered_while_a_large_file_is_read(tmp_path: Path) -> None:
    """Kubernetes would restart a crawl that sums up a gigabyte: its `/healthz` waits."""
    data = b"0123456789abcdef" * (3 * checksums.PIECE_BYTES // 16) + b"end"
    (tmp_path / "part-000001.warc.gz").write_bytes(data)
    (tmp_path / "part-000001.jsonl").write_bytes(b"{}\n")
    loop = asyncio.get_running_loop()
    pieces = 0

    async def count() -> None:
        nonlocal pieces
        pieces += 1

    def open_slowly(path: Path) -> Any:
        file = path.open("rb")
        return _WaitsForTheLoop(file, loop) if path.suffix == ".gz" else file

    part = _part("part-000001.jsonl", 3)._replace(store_bytes=len(data))
    (entry,) = await hash_parts([part], tmp_path, open_part=open_slowly, on_piece=count)
    assert entry["warc"] is not None
    assert entry["warc"]["sha256"] == hashlib.sha256(data).hexdigest()
    assert pieces == 5, "four of the archive, one of the lines"
