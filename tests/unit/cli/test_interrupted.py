"""What a signal leaves of a command: its exit code and nothing else, wherever it came."""

import subprocess
import sys
from pathlib import Path

import pytest

from crawler.cli.errors import run_command

ROOT = Path(__file__).parents[3]


class _Raises:
    """Raises where a class that has it is made, as a signal does that comes just then."""

    def __init__(self, what: BaseException) -> None:
        self._what = what

    def __set_name__(self, owner: type, name: str) -> None:
        raise self._what


@pytest.mark.parametrize(
    ("what", "code"), [(KeyboardInterrupt(), 130), (SystemExit(143), 143)], ids=["INT", "TERM"]
)
def test_a_signal_while_a_class_is_made_ends_the_command_as_anywhere(
    capsys: pytest.CaptureFixture[str], what: BaseException, code: int
) -> None:
    """Python makes a RuntimeError of it there: an internal error, and exit code 1."""
    assert run_command(lambda: type("Made", (), {"field": _Raises(what)})) == code
    assert capsys.readouterr().err == ""


def test_one_more_ctrl_c_shows_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is in a hurry presses it twice."""

    def flush() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.stdout, "flush", flush)
    assert run_command(lambda: None) == 130


@pytest.mark.parametrize(
    "typer",
    [
        "raise KeyboardInterrupt",
        "class A:\n def __set_name__(self, *_): raise KeyboardInterrupt\nclass B: a = A()",
    ],
    ids=["plainly", "while a class is made"],
)
def test_ctrl_c_while_the_first_modules_are_loaded_shows_no_traceback(
    tmp_path: Path, typer: str
) -> None:
    (tmp_path / "typer.py").write_text(typer)
    done = subprocess.run(
        [sys.executable, "-c", "from crawler.cli.app import main; main()", "version"],
        env={"PYTHONPATH": f"{tmp_path}:{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (130, "")


def test_ctrl_c_while_the_last_is_written_shows_no_traceback() -> None:
    code = (
        "import sys; from crawler.cli import app\n"
        "class Hurried:\n"
        "    def flush(self): raise KeyboardInterrupt\n"
        "sys.stdout = Hurried(); app._leave(3)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (3, "")
