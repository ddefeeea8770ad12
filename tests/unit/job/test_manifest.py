"""The manifest: the old one or the new one, and hashes of what was committed."""

import json
import stat
from pathlib import Path

import pytest

from crawler.errors import StorageError
from crawler.job.manifest import build_manifest, read_manifest, write_manifest
from crawler.job.versions import find_versions
from crawler.model.view import HostState


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
    assert [entry.name for entry in tmp_path.iterdir()] == ["manifest.json"]


def test_ctrl_c_leaves_nothing_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a manifest would lie among the records."""

    def interrupt(_descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_manifest(tmp_path / "manifest.json", {"run": 1})
    assert not list(tmp_path.iterdir())


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
