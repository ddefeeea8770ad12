"""`crawler stop`: end the crawl that runs, as Ctrl-C does, and wait until it has ended."""

import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer

from crawler.cli.options import JobOption

if TYPE_CHECKING:
    from pathlib import Path

_POLL_S = 0.02


def stop(
    job: JobOption = None,
    timeout: Annotated[
        str, typer.Option("--timeout", metavar="TIME", help="How long to wait for its end (30s).")
    ] = "30s",
) -> None:
    """Stop the crawl in good order: what is being fetched is finished, the same start goes on."""
    from crawler.cli.job_control import job_path

    sys.stdout.write(_stop(job_path(job), _seconds(timeout)) + "\n")


def _seconds(timeout: str) -> float:
    from crawler.conf.units import parse_duration_ms

    try:
        return parse_duration_ms(timeout) / 1000
    except ValueError as error:
        raise typer.BadParameter(f"--timeout: {error}") from None


def _stop(job: "Path", timeout_s: float) -> str:
    import os
    import signal

    from crawler.cli.job_control import is_here
    from crawler.errors import ConfigError, JobLocked
    from crawler.job.directory import has_store
    from crawler.job.lock import holder

    if not has_store(job):
        raise ConfigError(f"no job in {job}: name one with --job")
    held = holder(job)
    if held is None:
        return f"no crawl runs in {job}"
    if not is_here(held):
        raise JobLocked(f"{job} is in use by {held}: stop it there")
    try:
        os.kill(held.pid, signal.SIGTERM)
    except ProcessLookupError:
        return f"no crawl runs in {job}"
    except PermissionError:
        raise JobLocked(f"{held} is another user's: stop it as that user") from None
    deadline = time.monotonic() + timeout_s
    while held.is_alive():
        if time.monotonic() > deadline:
            raise JobLocked(f"{held} was told to stop and has not ended after {timeout_s:g} s")
        time.sleep(_POLL_S)
    return f"stopped process {held.pid}; the same start goes on"
