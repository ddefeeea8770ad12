"""`crawler diff`: what changed on a page between two visits."""

import asyncio
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crawler.cli.options import JobOption

if TYPE_CHECKING:
    from crawler.cli.comparing.view import Line


def diff(
    url: Annotated[str, typer.Argument(metavar="URL", show_default=False, help="A crawled URL.")],
    *,
    job: JobOption = None,
    visits: Annotated[
        str | None,
        typer.Option(
            "--visits", metavar="N..M", help="Which two (the last that changed it, the one before)."
        ),
    ] = None,
    html: Annotated[
        bool, typer.Option("--html", help="Compare the kept bodies instead of the texts.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="Plain text.")] = False,
) -> None:
    """Show what changed on a page: text, title, status, links, fields.

    Reads the records of a job, also while it runs.
    """
    from crawler.cli.comparing.pages import differ
    from crawler.cli.comparing.view import difference_lines
    from crawler.cli.comparing.visits import find_pair, read_range
    from crawler.cli.output import find_job, write, write_json

    numbers = read_range(visits)
    directory = find_job(job)
    pair, notes = find_pair(directory, _spellings(url, directory), numbers)
    for note in notes:
        typer.echo(f"warning: {note}", err=True)
    if pair is None:
        typer.echo(f"{url}: no visit brought another page than the one before", err=True)
        if as_json:
            write(["null"])
        return
    found = differ(pair, source=html)
    if as_json:
        write_json(found)
    elif sys.stdout.isatty() and not (no_color or _is_dull()):
        _draw(difference_lines(found))
    else:
        write(text for _, text in difference_lines(found))


def _spellings(url: str, job: Path) -> list[str]:
    """Return what a URL may be called in the records; what redirects lead to keeps parameters."""
    from crawler.job.directory import has_store
    from crawler.pipeline.changed_rules.identity import LAST_RUN
    from crawler.pipeline.committed import committed
    from crawler.policy.canonicalization import canonicalize_seed
    from crawler.policy.parameters import Parameters

    spelt = canonicalize_seed(url)
    if not has_store(job):
        return [spelt]
    meta = asyncio.run(committed(job)).meta
    names = json.loads(meta.get(LAST_RUN, "{}")).get("strip_params", ())
    return list(dict.fromkeys((spelt, Parameters(names).stripped(spelt))))


def _is_dull() -> bool:
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"


def _draw(lines: "Iterable[Line]") -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    for style, text in lines:
        console.print(Text(text, style=style), soft_wrap=True)
