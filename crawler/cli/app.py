"""`crawler`: the commands, and what an error looks like: one line on stderr and its exit code."""

import gc
import os
import signal
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from keyword import iskeyword
from types import FunctionType
from typing import TYPE_CHECKING, NoReturn

from crawler.cli.streams import make_streams_safe
from crawler.cli.unraised import send_lost_signals_again
from crawler.errors import ending_behind

if TYPE_CHECKING:
    import typer

COMMANDS = (
    "start",
    "status",
    "hosts",
    "add",
    "pause",
    "resume",
    "stop",
    "reload",
    "retry",
    "inspect",
    "report",
    "export",
    "diff",
    "explain",
    "try",
    "reparse",
    "prune",
    "backup",
    "restore",
    "demo",
    "health",
    "version",
)
"""Each is a function of that name in the module of that name; `try_` where Python has the name."""
GROUPS = ("config",)
"""Each is an `app` in the module of that name."""

_ROOM = 17_000
"""Slots of 8 bytes: just over 128 kB, so that the chunk has 256 kB."""


def make_app(names: Sequence[str] = (*COMMANDS, *GROUPS)) -> "typer.Typer":
    """Return the command line, or as much of it as has these names.

    Modules of commands import what they need when they run.
    """
    import typer

    app = typer.Typer(
        help="Crawl the web from seeds to JSON lines: durable, polite, fast.",
        no_args_is_help=True,
        add_completion=False,
        # Rich is loaded by the views that draw with it, not to print a usage line.
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        # With a callback a single command keeps its name: `crawler start`, not `crawler`.
        callback=_no_options_of_its_own,
    )
    for name in names:
        python_name = f"{name}_" if iskeyword(name) else name
        module = import_module(f"crawler.cli.commands.{python_name}")
        if name in GROUPS:
            app.add_typer(module.app, name=name)
        else:
            app.command(name)(getattr(module, python_name))
    return app


def _no_options_of_its_own() -> None: ...


def __getattr__(name: str) -> "typer.Typer":
    """Make `app` on first use: nothing happens at import."""
    if name == "app":
        return make_app()
    raise AttributeError(name)


def main() -> None:
    """Run a command and end the process with its exit code."""
    make_streams_safe()
    send_lost_signals_again()
    # What is imported at start stays for good: looking at it again and again only costs time.
    gc.disable()
    # Nobody's plugins for pydantic have business here; looking for them reads the metadata of
    # every installed package.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

    def command() -> object:
        # Only the chosen command is imported; help and a misspelt name need all of them.
        chosen = sys.argv[1:2]
        known = bool(chosen) and chosen[0] in (*COMMANDS, *GROUPS)
        app = make_app(chosen) if known else make_app()
        if chosen != ["start"]:  # which does it once it has imported its own
            gc.enable()
        return app(prog_name="crawler", standalone_mode=False)

    try:
        from crawler.cli.errors import run_command

        exit_code = _with_room(run_command)(command)
    except BaseException as error:
        # So early that nobody is there yet to say so, or once more while it is being said.
        if not isinstance(ending_behind(error), KeyboardInterrupt):
            raise
        exit_code = 128 + signal.SIGINT
    _leave(exit_code)


def _with_room(function: Callable[..., int]) -> Callable[..., int]:
    """Return a function below which calls may nest without system calls.

    CPython keeps frames in chunks of 16 kB and maps and unmaps one whenever calls cross the edge of
    the last: a thousand times at a start, by bad luck for every page. A frame that claims more gets
    a chunk of twice its size, of which the rest is for all calls within it. Claimed is not used:
    no memory is touched.
    """
    assert isinstance(function, FunctionType)  # noqa: S101 - for mypy
    code = function.__code__.replace(co_stacksize=_ROOM)
    return FunctionType(code, function.__globals__, function.__name__)


def _leave(exit_code: int) -> NoReturn:
    """End the process now: all is closed, and taking modules apart one by one serves nobody."""
    try:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError):
                continue  # nobody reads it any more
    finally:  # also where Ctrl-C comes once more
        os._exit(exit_code)
