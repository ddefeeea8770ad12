"""`crawler`: the commands, and what an error looks like: one line on stderr and its exit code."""

import gc
import sys
from importlib import import_module

import typer

COMMANDS = ("start", "status", "inspect", "demo", "version")
"""Each is a function of that name in the module of that name."""


def make_app() -> typer.Typer:
    """Return the command line. Modules of commands import what they need when they run."""
    app = typer.Typer(
        help="Crawl the web from seeds to JSON lines: durable, polite, fast.",
        no_args_is_help=True,
        add_completion=False,
        # Rich is loaded by the views that draw with it, not to print a usage line.
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    for name in COMMANDS:
        app.command(name)(getattr(import_module(f"crawler.cli.{name}"), name))
    app.add_typer(import_module("crawler.cli.config").app, name="config")
    return app


def __getattr__(name: str) -> typer.Typer:
    """Make `app` on first use: nothing happens at import."""
    if name == "app":
        return make_app()
    raise AttributeError(name)


def main() -> None:
    """Run a command and end the process with its exit code."""
    # What is imported at start stays for good: looking at it again and again only costs time.
    gc.disable()
    from crawler.cli.errors import run_command

    def command() -> object:
        app = make_app()
        gc.enable()
        return app(prog_name="crawler", standalone_mode=False)

    sys.exit(run_command(command))
