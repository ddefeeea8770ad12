"""What a signal leaves of a command: its exit code and nothing else, wherever it came."""

import subprocess
import sys
from pathlib import Path

import pytest

from crawler.cli.errors import run_command
from crawler.cli.unraised import send_lost_signals_again

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


LOST = """
import sys, time
from crawler.cli import app
class Late:
    def __del__(self): {raised}
def command():
    {handled}
    try:
        late = Late(); del late
        while True: time.sleep(0.01)
    finally:
        print("unwound", flush=True)
app.make_app = lambda *_: lambda **_: command()
app.main()
"""
ON_TERM = "import signal; signal.signal(15, lambda *_: sys.exit(143))"


@pytest.mark.parametrize(
    ("raised", "handled", "code"),
    [("raise KeyboardInterrupt", "pass", 130), ("sys.exit(143)", ON_TERM, 143)],
    ids=["INT", "TERM"],
)
def test_a_signal_where_nothing_can_be_raised_still_ends_the_command(
    raised: str, handled: str, code: int
) -> None:
    """Python shows the exception and goes on: Ctrl-C would have done nothing but that."""
    done = subprocess.run(
        [sys.executable, "-c", LOST.format(raised=raised, handled=handled)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (code, "unwound\n", "")


def test_what_else_cannot_be_raised_is_shown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of a user's own code would be hidden."""

    class Late:
        def __init__(self, error: BaseException) -> None:
            self._error = error

        def __del__(self) -> None:
            raise self._error

    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    send_lost_signals_again()
    for error in (ValueError("theirs"), SystemExit(3), SystemExit("why")):
        Late(error)
    said = capsys.readouterr().err
    assert [word in said for word in ("theirs", "SystemExit: 3", "why")] == [True] * 3


@pytest.mark.parametrize("first", ["raise KeyboardInterrupt", "class B: a = A()"])
def test_ctrl_c_while_the_very_first_modules_are_loaded_shows_no_traceback(first: str) -> None:
    code = (
        "import sys\n"
        "class A:\n"
        "    def __set_name__(self, *_): raise KeyboardInterrupt\n"
        "class Finder:\n"
        "    def find_spec(name, *_):\n"
        "        if name == 'crawler.cli.app':\n"
        f"            {first}\n"
        "sys.meta_path.insert(0, Finder)\n"
        "from crawler.__main__ import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (130, "")
