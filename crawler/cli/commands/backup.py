"""`crawler backup`: copy a job, also while it runs."""

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crawler.cli.options import JobOption
from crawler.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawler.pipeline.upkeep.backing_up import BackedUp

NICENESS = 10
_EVERY_S = 0.5


def backup(
    target: Annotated[
        Path, typer.Argument(metavar="DEST", show_default=False, help="A new or empty directory.")
    ],
    *,
    job: JobOption = None,
) -> None:
    """Copy a job as it is at one moment, also while it runs: store, parts, checksums."""
    from crawler.cli.job_control import job_log
    from crawler.cli.output import find_job
    from crawler.job.directory import has_store
    from crawler.pipeline.upkeep.backing_up import back_up

    directory = find_job(job)
    if not has_store(directory):
        raise ConfigError(f"{directory} has no frontier.db: there is no job to back up")
    os.nice(NICENESS)  # the crawl goes first
    done = back_up(directory, target, meter())
    with job_log(directory) as log:
        log.info("job_backed_up", target=str(target.absolute()))
    tell(done, f"{directory} backed up in {target}")


def meter() -> "Callable[[int, int], None]":
    """Return what shows how far it is, on a terminal."""
    shown_at = 0.0

    def show(done: int, total: int) -> None:
        nonlocal shown_at
        if time.monotonic() - shown_at < _EVERY_S:
            return
        shown_at = time.monotonic()
        from crawler.cli.wording import size

        share = min(100, 100 * done // max(1, total))
        sys.stderr.write(f"\r{share:3} % of {size(total)} ")
        sys.stderr.flush()

    return show if sys.stderr.isatty() else lambda _done, _total: None


def tell(done: "BackedUp", what: str) -> None:
    from crawler.cli.wording import size

    if sys.stderr.isatty():
        sys.stderr.write("\r")
    typer.echo(f"{what}: {done.parts} parts, {done.records} records, {size(done.bytes)}", err=True)
