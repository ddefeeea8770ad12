"""The last lines of a crawl."""

import json
from pathlib import Path
from typing import Any

import pytest

from crawler.cli.live.summary import summarise


def _manifest(job: Path, **changes: Any) -> None:
    values: dict[str, Any] = {
        "started_at": "2026-01-01T00:00:00.000Z",
        "ended_at": "2026-01-01T00:01:01.000Z",
        "ended": "signal",
        "states": {"ready": 4, "leased": 0, "waiting": 1, "done": 3, "dead": 1},
        "reasons": {"robots": 1},
        "counters": {"records": 1_003, "bytes": 2_000_000, "status:200": 1_000, "error:dns": 3},
        "parts": [{"bytes": 1_500}, {"bytes": 500}],
    }
    (job / "manifest.json").write_text(json.dumps(values | changes))


def test_it_says_what_came_of_it_and_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With --fresh the same command would throw away what was crawled."""
    monkeypatch.chdir(tmp_path)
    _manifest(tmp_path)
    assert summarise(tmp_path, tmp_path / "pages", fresh=True).splitlines() == [
        "  records  pages: 1,003 in 2 parts, 2.0 kB",
        "  status   200 1,000",
        "  errors   dns 3",
        "  refused  robots 1",
        "  took     1 min 01 s; 2.0 MB fetched in all runs",
        "  go on    the same command again without --fresh: 5 URLs are left",
        "  look     crawler inspect --job .",
    ]


def test_a_complete_crawl_is_not_asked_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "crawl").mkdir()
    _manifest(tmp_path / "crawl", ended="complete")
    text = summarise(tmp_path / "crawl", tmp_path / "out", fresh=False)
    assert "go on" not in text
    assert text.endswith("  look     crawler inspect\n")


def test_only_what_is_there_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was packed takes its packed size, what was pruned takes none."""
    monkeypatch.chdir(tmp_path)
    parts = [
        {"bytes": 9_000, "pruned": True, "packed": None},
        {"bytes": 9_000, "pruned": False, "packed": {"bytes": 1_000}},
        {"bytes": 2_000, "pruned": False, "packed": None},
    ]
    _manifest(tmp_path, parts=parts, ended="paused")
    text = summarise(tmp_path, tmp_path / "pages", fresh=False)
    assert "pages: 1,003 in 3 parts, of which 1 pruned, 3.0 kB packed\n" in text
    job = f"--job {tmp_path.name}"
    monkeypatch.chdir(tmp_path.parent)
    text = summarise(tmp_path, tmp_path / "pages", fresh=False)
    assert f"go on    crawler resume --all-hosts {job}, then the same command: 5 URLs" in text
    assert text.endswith(f"  look     crawler inspect {job}\n")


def test_without_a_manifest_nothing_is_said(tmp_path: Path) -> None:
    """A disk that is full must not end in a traceback after all else went well."""
    assert summarise(tmp_path, tmp_path, fresh=False) == ""
    (tmp_path / "manifest.json").write_text("{")
    assert summarise(tmp_path, tmp_path, fresh=False) == ""
