"""The systemd unit, read as text, and by systemd itself where it is there."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from crawler.conf.settings import Settings
from crawler.model.exit_codes import EXIT_CODES
from crawler.pipeline.watching.progress import patience_ms

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
    not_again = set(lines["RestartPreventExitStatus"][0].split())
    assert not_again == {"0", "2", "4", "5", "6", "7"}
    assert not_again <= set(map(str, EXIT_CODES))
    assert set(lines["SuccessExitStatus"][0].split()) == {"7", "130", "143"}
    assert lines["OOMPolicy"] == ["continue"]


def test_waits_for_what_the_crawl_says(lines: dict[str, list[str]]) -> None:
    """`systemctl start` would return before there is a crawl, or a large one never be up."""
    assert lines["Type"] == ["notify"]
    assert lines["NotifyAccess"] == ["main"]
    assert lines["TimeoutStartSec"] == ["infinity"]
    assert lines["ExecReload"] == ["/bin/kill -HUP $MAINPID"]


def test_the_watchdog_is_more_patient_than_a_try(lines: dict[str, list[str]]) -> None:
    """A crawl whose servers are slow would be restarted for ever."""
    timeout_s = Settings.model_fields["timeout"].default
    assert _seconds(lines["WatchdogSec"][0]) * 1000 > patience_ms(int(timeout_s * 1000))
    # In order where it can, and it is then restarted: the code of a signal is not in the list.
    assert lines["WatchdogSignal"] == ["SIGTERM"]


def test_runs_without_rights(lines: dict[str, list[str]]) -> None:
    """A page that takes over a reader would own the machine."""
    assert lines["NoNewPrivileges"] in (["yes"], ["true"])
    assert lines["ProtectSystem"] == ["strict"]
    assert "DynamicUser" in lines or lines["User"] != ["root"]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return the unit with programs that are there."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not here: it comes with systemd")
    copy = tmp_path / UNIT.name
    text = re.sub(r"^(Exec\w+)=\S+", r"\1=/bin/true", UNIT.read_text("utf-8"), flags=re.MULTILINE)
    copy.write_text(text, "utf-8")
    shutil.copy(UNIT.with_suffix(".timer"), tmp_path)
    return copy


def test_systemd_finds_it_well_locked(copy: Path) -> None:
    """A line of hardening that goes missing is missed by nobody."""
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", copy],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if "unrecognized option" in done.stderr:
        pytest.skip("this systemd-analyze cannot look at files")
    assert done.returncode == 0, done.stdout[-2000:]


def test_systemd_accepts_it(copy: Path) -> None:
    """A misspelt key is ignored by systemd, with a line in a log that nobody reads."""
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", copy, copy.with_suffix(".timer")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    said = [line for line in done.stderr.splitlines() if UNIT.stem in line]
    assert done.returncode == 0, done.stderr
    assert said == []
