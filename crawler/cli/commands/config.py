"""`crawler config`: whether the settings can be used, and where each of them comes from."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from crawler.cli.options import ConfigOption, JobOption

app = typer.Typer(
    help="Check and show settings.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)


@app.command()
def check(
    file: Annotated[
        str | None,
        typer.Argument(metavar="[FILE]", show_default=False, help="Crawl file to check."),
    ] = None,
    job: JobOption = None,
) -> None:
    """Check a crawl file, together with the environment and .env; say what is wrong, or nothing."""
    from crawler.cli.errors import say
    from crawler.conf.load import load_settings
    from crawler.pipeline.renewing import checked_plan

    settings = load_settings({"config": file, "job": job}, os.environ, Path.cwd())
    checked_plan(settings)
    for note in settings.notes:
        say(note)
    sys.stdout.write(f"{settings.config or 'settings'}: good\n")


@app.command()
def show(
    config: ConfigOption = None,
    job: JobOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show every setting with its value and its source; secrets are masked."""
    from crawler.cli.errors import say
    from crawler.conf.load import load_settings
    from crawler.conf.show import show_settings

    settings = load_settings({"config": config, "job": job}, os.environ, Path.cwd())
    for note in settings.notes:
        say(note)
    shown = show_settings(settings)
    if as_json:
        found = {line.name: {"value": line.value, "source": line.source} for line in shown}
        sys.stdout.write(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
        return
    rows = [(line.name, text, line.source) for line in shown for text in _texts(line.value)]
    name_width = max(len(name) for name, _, _ in rows)
    value_width = min(48, max(len(value) for _, value, _ in rows))
    for name, value, source in rows:
        sys.stdout.write(f"{name:<{name_width}}  {value:<{value_width}}  {source}\n")


def _texts(value: object) -> list[str]:
    """A site table has a row of its own."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [_text([f"{key}={_text(one)}" for key, one in table.items()]) for table in value]
    return [_text(value)]


def _text(value: object) -> str:
    from crawler.cli.printable import printable
    from crawler.policy.parameters import DEFAULT_NAMES, DEFAULT_WORD

    if value is None or value == []:
        return "-"
    if value == list(DEFAULT_NAMES):
        return DEFAULT_WORD  # as it can be typed; a line of a thousand characters helps nobody
    if isinstance(value, list):
        return printable(" ".join(str(part) for part in value))
    return printable(str(value).lower() if isinstance(value, bool) else str(value))
