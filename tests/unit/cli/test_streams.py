"""stderr that takes nothing, and streams that are closed: the command does what it would do."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.crawl import LOOPBACK
from tests.support.web import Web, page

ROOT = Path(__file__).parents[3]
DEAF = ["2>/dev/full", "2>&-", "0<&- 1>&- 2>&-"]


def run(redirection: str, *words: object, cwd: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["sh", "-c", f'exec "$0" -m crawler "$@" {redirection}', sys.executable, *map(str, words)],
        cwd=cwd,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("redirection", DEAF)
def test_an_error_that_nobody_hears_has_its_exit_code(tmp_path: Path, redirection: str) -> None:
    """A service manager would take a mistake in the settings for a fault that a restart cures."""
    assert run(redirection, "status", "--job", "nowhere", cwd=tmp_path).returncode == 2
    assert run(redirection, "status", "--nonsense", cwd=tmp_path).returncode == 2


@pytest.mark.parametrize("redirection", DEAF)
def test_a_crawl_that_nobody_hears_is_whole(tmp_path: Path, redirection: str) -> None:
    """Its log, or what is said at its end, would fail it; or go to its store, by the number of a
    closed stream."""
    words = ("--job", "job", *LOOPBACK, "--delay", "0", "-vv", "--progress", "plain")
    with Web({"/": page()}) as web:
        done = run(redirection, "start", web.url(), *words, cwd=tmp_path)
    assert done.returncode == 0
    assert '"status":200' in "".join(p.read_text() for p in tmp_path.glob("job/pages/*"))
    assert run(redirection, "backup", "copy", "--job", "job", cwd=tmp_path).returncode == 0
    assert run("", "restore", "copy", "--job", "again", cwd=tmp_path).returncode == 0


def test_what_nobody_reads_on_stdout_still_fails(tmp_path: Path) -> None:
    """A full disk would leave half a result that nothing complains of."""
    done = run(">/dev/full", "version", cwd=tmp_path)
    assert done.returncode == 3
    assert done.stderr == "crawler: No space left on device\n"
