"""`crawler restore`: make a job of a backup."""

import os
from pathlib import Path
from typing import Annotated

import typer

from crawler.cli.options import JobOption


def restore(
    source: Annotated[
        Path, typer.Argument(metavar="BACKUP", show_default=False, help="What backup made.")
    ],
    *,
    job: JobOption = None,
) -> None:
    """Make a job of a backup, which crawler start then goes on with; no job is overwritten."""
    from crawler.cli.commands.backup import meter, tell
    from crawler.cli.unwinding import unwound_by_signals
    from crawler.conf.load import load_settings
    from crawler.pipeline.upkeep.backing_up import restore as bring_back

    settings = load_settings({} if job is None else {"job": job}, os.environ, Path.cwd())
    with unwound_by_signals():
        done = bring_back(source, Path(settings.job), meter())
    tell(done, f"{source} restored in {settings.job}")
