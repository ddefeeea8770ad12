"""The manifest: the old one or the new one, and hashes of what was committed."""

import hashlib
import json
import stat
import time
from pathlib import Path
from typing import Any

import pytest

from crawler.errors import StorageError
from crawler.job import manifest
from crawler.job.manifest import build_manifest, read_manifest, write_manifest
from crawler.job.versions import find_versions
from crawler.model.view import HostState
from crawler.ports import Part


def hash_parts(*given: Any, **more: Any) -> list[manifest.PartEntry]:
    return list(manifest.hash_parts(*given, **more))


def _part(name: str, count: int) -> Part:
    return Part(part_id=1, name=name, bytes=count, records=1, sealed=True)


def test_hash_covers_the_committed_bytes_only(tmp_path: Path) -> None:
    """What a killed reader left behind would make a good part look damaged."""
    (tmp_path / "part-000001.jsonl").write_bytes(b"{}\n" * 1000 + b"torn")
    (entry,) = hash_parts([_part("part-000001.jsonl", 3000)], tmp_path)
    assert entry["sha256"] == hashlib.sha256(b"{}\n" * 1000).hexdigest()


def test_bodies_are_hashed_like_their_part(tmp_path: Path) -> None:
    """An archive that nobody can verify is one that nobody can hand on."""
    (tmp_path / "part-000001.jsonl").write_bytes(b"{}\n")
    (tmp_path / "part-000001.warc.gz").write_bytes(b"member" + b"torn")
    part = _part("part-000001.jsonl", 3)._replace(store_bytes=6)
    entries = hash_parts([part], tmp_path)
    sha256 = hashlib.sha256(b"member").hexdigest()
    assert entries[0]["warc"] == {"name": "part-000001.warc.gz", "bytes": 6, "sha256": sha256}
    (tmp_path / "part-000001.warc.gz").unlink()
    again = hash_parts([part], tmp_path, previous={"parts": entries})
    assert again == entries
    with pytest.raises(StorageError, match="is missing"):
        hash_parts([part], tmp_path)
    assert hash_parts([part._replace(store_bytes=0)], tmp_path)[0]["warc"] is None


def test_parts_that_have_not_grown_are_not_read_again(tmp_path: Path) -> None:
    """A restart of a large crawl would read all of it at every end."""
    part = _part("part-000001.jsonl", 3)
    previous: dict[str, Any] = {"parts": [{"name": part.name, "bytes": 3, "sha256": "known"}]}
    (entry,) = hash_parts([part], tmp_path, previous=previous)
    assert entry["sha256"] == "known"
    with pytest.raises(StorageError, match="is missing"):
        hash_parts([part._replace(bytes=4)], tmp_path, previous=previous)


@pytest.mark.parametrize("previous", [None, {}, {"parts": 3}, {"parts": [{}]}, {"parts": ["x"]}])
def test_a_strange_old_manifest_is_no_help_and_no_harm(
    tmp_path: Path, previous: dict[str, Any] | None
) -> None:
    """A file that a person has edited must not end the crawl with an internal error."""
    (tmp_path / "p").write_bytes(b"x")
    (entry,) = hash_parts([_part("p", 1)], tmp_path, previous=previous)
    assert entry["sha256"] == hashlib.sha256(b"x").hexdigest()


def test_parts_that_lost_bytes_are_told(tmp_path: Path) -> None:
    """A hash of what is left would certify the loss."""
    (tmp_path / "p").write_bytes(b"xx")
    with pytest.raises(StorageError, match="1 bytes too short"):
        hash_parts([_part("p", 3)], tmp_path)
    assert hash_parts([_part("never-opened", 0)], tmp_path)[0]["records"] == 1


def test_a_stop_does_not_wait_for_hashes(tmp_path: Path) -> None:
    """Hashing 100 GB would take longer than the service manager waits."""
    (tmp_path / "p").write_bytes(b"x")
    (entry,) = hash_parts([_part("p", 1)], tmp_path, deadline_s=time.monotonic())
    assert entry["sha256"] is None


def test_write_replaces_the_whole_file(tmp_path: Path) -> None:
    """A torn manifest is one that no tool can read."""
    path = tmp_path / "manifest.json"
    assert read_manifest(path) is None
    write_manifest(path, {"long": "x" * 10_000})
    write_manifest(path, {"ä": "\ud800"})
    assert json.loads(path.read_text("utf-8")) == {"ä": "\ud800"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["manifest.json"]


def test_a_failed_write_keeps_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk would take the receipt of the last run, too."""
    path = tmp_path / "manifest.json"
    write_manifest(path, {"run": 1})

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StorageError, match="No space left"):
        write_manifest(path, {"run": 2})
    assert read_manifest(path) == {"run": 1}


def test_says_all_that_the_design_asks_for() -> None:
    """What reads the parts afterwards relies on these names."""
    host = HostState("a.example", 2, 0, 5, 1, 1000, 1_700_000_000_000, 0, 0, 5, "timeout", 80, 2)
    manifest = build_manifest(
        started_at=1_700_000_000_123,
        ended_at=1_700_000_060_000,
        ended="deferred",
        exit_code=7,
        counters={"ready": 2, "done": 5, "records": 5},
        reasons={"robots": 3},
        parts=[],
        waiting_hosts=[host],
        settings={"delay": "1s"},
        versions=find_versions(),
    )
    assert manifest["started_at"] == "2023-11-14T22:13:20.123Z"
    assert manifest["states"] == {"ready": 2, "leased": 0, "waiting": 0, "done": 5, "dead": 0}
    assert manifest["counters"] == {"records": 5}
    assert manifest["waiting_hosts"] == [
        {
            "host": "a.example",
            "urls": 3,
            "until": "2023-11-14T22:13:20.000Z",
            "failures_in_row": 5,
            "last_failure": "timeout",
            "latency_ms": 80,
            "throttled": 2,
        }
    ]
    assert "missing" not in manifest["versions"].values()
    json.dumps(manifest)
