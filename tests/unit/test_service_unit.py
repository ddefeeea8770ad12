"""The systemd unit, read as text, and by systemd itself where it is there."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNIT = Path(__file__).parents[2] / "config/quasicrawler.service"


@pytest.fixture
def lines() -> dict[str, list[str]]:
    """Return the values of each key; a key may come again."""
    found: dict[str, list[str]] = {}
    for key, value in re.findall(r"^(\w+)=(.*)$", UNIT.read_text("utf-8"), re.MULTILINE):
        found.setdefault(key, []).append(value.strip())
    return found


def _seconds(text: str) -> float:
    number = re.fullmatch(r"(\d+)\s*(s|sec|min)?", text)
    assert number is not None, text
    return int(number[1]) * (60 if number[2] == "min" else 1)


def test_stop_reaches_the_parent_alone_and_has_time(lines: dict[str, list[str]]) -> None:
    """Readers that get SIGTERM from systemd would lose their drain; a short time would kill it."""
    assert lines["KillMode"] == ["mixed"]
    assert _seconds(lines["TimeoutStopSec"][0]) > 8
    assert lines.get("KillSignal", ["SIGTERM"]) == ["SIGTERM"]


def test_restarts_what_restarting_can_help(lines: dict[str, list[str]]) -> None:
    """A wrong configuration would fail again for ever; a reader's death would end the crawl."""
    assert lines["Restart"] == ["always"]
    assert "2" in lines["RestartPreventExitStatus"][0].split()
    assert lines["OOMPolicy"] == ["continue"]


def test_runs_without_rights(lines: dict[str, list[str]]) -> None:
    """A page that takes over a reader would own the machine."""
    assert lines["NoNewPrivileges"] in (["yes"], ["true"])
    assert lines["ProtectSystem"] == ["strict"]
    assert "DynamicUser" in lines or lines["User"] != ["root"]


def test_systemd_accepts_it(tmp_path: Path) -> None:
    """A misspelt key is ignored by systemd, with a line in a log that nobody reads."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not here")
    copy = tmp_path / UNIT.name
    text = re.sub(r"^(Exec\w+)=\S+", r"\1=/bin/true", UNIT.read_text("utf-8"), flags=re.MULTILINE)
    copy.write_text(text, "utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", copy],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    said = [line for line in done.stderr.splitlines() if UNIT.name in line]
    assert done.returncode == 0, done.stderr
    assert said == []
