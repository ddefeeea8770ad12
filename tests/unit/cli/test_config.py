"""Flags, errors and `config`, in one process."""

import inspect
import json
import os
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from crawler.cli import errors
from crawler.cli.app import make_app
from crawler.cli.options import CRAWL_OPTIONS, with_crawl_options
from crawler.conf.sources import NAMES
from crawler.errors import CrawlerError, FrontierDamaged, JobLocked, StorageError


def test_every_option_is_a_setting() -> None:
    """A flag of another name would be refused at load, with a message that blames the user."""
    assert set(CRAWL_OPTIONS) <= set(NAMES)


def _typed(*args: str) -> dict[str, object]:
    seen: list[dict[str, object]] = []
    app = typer.Typer(rich_markup_mode=None)
    app.command()(with_crawl_options(seen.append))
    result = CliRunner().invoke(app, args, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return seen[0]


def test_only_what_was_typed_is_passed_on() -> None:
    """A flag's default would beat the environment and the file."""
    assert _typed() == {}
    assert _typed("a", "-", "-p", "2", "--no-robots", "-H", "A: b", "-H", "C: d", "-d", "0") == {
        "seeds": ["a", "-"],
        "num_processes": "2",
        "robots": False,
        "header": ["A: b", "C: d"],
        "depth": "0",
    }


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (("-v",), {"log_level": "info"}),
        (("-vvv",), {"log_level": "debug"}),
        (("-q",), {"log_level": "error", "progress": "off"}),
        (("-q", "--progress", "plain"), {"log_level": "error", "progress": "plain"}),
        (("-v", "--log-level", "error"), {"log_level": "error"}),
    ],
)
def test_verbosity(args: tuple[str, ...], expected: dict[str, object]) -> None:
    """-q that still draws, or -v that beats an explicit level, surprises."""
    assert _typed(*args) == expected


def test_a_command_keeps_its_name_and_help() -> None:
    """`crawler start --help` would describe the decorator."""

    @with_crawl_options
    def start(flags: dict[str, object]) -> None:
        """Crawl."""

    assert (start.__name__, start.__doc__) == ("start", "Crawl.")
    assert set(inspect.signature(start).parameters) == {*CRAWL_OPTIONS, "quiet", "verbose"}


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (JobLocked("crawl is in use"), 4, "crawl is in use"),
        (FrontierDamaged("bad\x1b[2J\nhttp://u:p@h"), 4, "bad\\x1b[2J http://***@h"),
        (StorageError("no"), 3, "no"),
        (OSError(28, "No space left on device", "crawl/x"), 3, "crawl/x: No space left on device"),
        (CrawlerError("x"), 1, "x"),
        (ValueError("x"), 1, "internal error: ValueError: x (CRAWLER_DEBUG=1 shows where)"),
    ],
)
def test_an_error_is_one_line_and_its_code(
    error: Exception, code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A traceback tells a person nothing, and a script that looks at the code even less."""

    def command() -> None:
        raise error

    assert errors.run_command(command) == code
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"crawler: {line}\n")


def test_traceback_of_a_fault_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it nobody could ever mend the fault."""
    from crawler import logs

    def command() -> None:
        logs.configure(tmp_path / "log", level="critical")
        raise ZeroDivisionError("inside")

    try:
        assert errors.run_command(command) == 1
        assert f"(traceback in {tmp_path / 'log'})" in capsys.readouterr().err
        (line,) = (tmp_path / "log").read_text().splitlines()
        assert "in command" in json.loads(line)["exception"]
        monkeypatch.setenv("CRAWLER_DEBUG", "1")
        errors.run_command(command)
        assert "Traceback" in capsys.readouterr().err
    finally:
        logs.configure()
        logs.close()


def test_interrupt_and_exit_codes() -> None:
    """The codes are what scripts and service managers see."""

    def interrupted() -> None:
        raise KeyboardInterrupt

    assert errors.run_command(interrupted) == 130
    assert errors.run_command(lambda: sys.exit(7)) == 7
    assert errors.run_command(lambda: sys.exit(None)) == 0
    assert errors.run_command(lambda: sys.exit("text")) == 1
    assert errors.run_command(lambda: None) == 0
    assert errors.run_command(lambda: True) == 0


def test_every_command_says_what_it_does() -> None:
    """The list of commands is what a stranger reads first."""
    result = CliRunner().invoke(make_app(), ["--help"])
    for name in ("start", "status", "inspect", "config", "version"):
        (line,) = [x for x in result.output.splitlines() if x.split()[:1] == [name]]
        assert len(line.split()) > 3


def test_rich_is_loaded_by_those_who_draw(capfd: pytest.CaptureFixture[str]) -> None:
    """A tenth of a second of every start, for a usage line."""
    code = (
        "import sys; from crawler.cli.app import make_app; make_app()(['start', '--help'],"
        "standalone_mode=False); sys.exit(any(m.split('.')[0] in ('rich', 'aiohttp', 'quasiqueue')"
        " for m in sys.modules))"
    )
    assert os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-c", code]) == 0
    assert "--max-pages" in capfd.readouterr().out
