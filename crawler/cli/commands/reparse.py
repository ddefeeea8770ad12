"""`crawler reparse`: make the records of a crawl anew from the bodies that it kept."""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crawler.cli.options import Flags, with_options
from crawler.errors import ConfigError, StorageError

if TYPE_CHECKING:
    from crawler.conf.settings import Settings
    from crawler.model.plan import Plan
    from crawler.pipeline.reparsing.reparsing import Piece, Reread
    from crawler.pipeline.reparsing.run import Outcome, Reparse

DIRECTORY = "reparsed"
"""In the job, unless --output says otherwise."""


@with_options(
    *("job", "config", "num_processes"),
    *("main_text", "markdown", "simhash", "link_details"),
    *("progress", "no_color"),
)
def reparse(
    flags: Flags,
    *,
    output: Annotated[
        str | None,
        typer.Option(
            "-o", "--output", metavar="DIR", help="Where the new parts go (JOB/reparsed)."
        ),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Move what an earlier reparse made aside first.")
    ] = False,
) -> None:
    """Read the kept bodies of a crawl again: text, links, fields; no server is asked.

    The records of the crawl stay as they are; the new ones go to another directory. The same
    command again goes on where an earlier run stopped.
    """
    from crawler.cli.output import find_job
    from crawler.cli.unwinding import unwound_by_signals
    from crawler.conf.load import load_settings
    from crawler.conf.packages import require_packages
    from crawler.conf.plan import make_plan
    from crawler.job.directory import has_store, make_directory
    from crawler.job.lock import acquire
    from crawler.pipeline.committed import committed
    from crawler.pipeline.reparsing.run import Reparse, plan_of_job

    settings = load_settings(flags, os.environ, Path.cwd())
    if settings.extract:
        from crawler.pipeline.fields import check_extraction

        check_extraction(make_plan(settings))
    job = find_job(str(settings.job))
    if not has_store(job):
        raise ConfigError(f"{job} has no frontier.db, so nobody knows which of its bytes count")
    found = asyncio.run(committed(job))
    plan = plan_of_job(make_plan(settings), found)
    require_packages(plan)
    directory = job / DIRECTORY if output is None else Path(output)
    if fresh:
        _set_aside(directory)
    Reparse.refuse(found, directory)
    make_directory(directory)
    with acquire(directory), unwound_by_signals():
        work = Reparse(plan, found, directory)
        outcome, seconds = _run(work, plan, settings)
    _tell(outcome, seconds, directory, quiet=settings.progress == "off")


def _set_aside(directory: Path) -> None:
    """Move the directory away, if it holds what reparse made; nothing is deleted."""
    from crawler.job.directory import rename_aside
    from crawler.job.lock import acquire
    from crawler.pipeline.reparsing.receipt import is_ours

    if not directory.exists():
        return
    if not is_ours(directory):
        raise ConfigError(f"{directory} holds nothing that reparse made; --fresh does not move it")
    with acquire(directory):
        rename_aside(directory, time.strftime("%Y%m%d-%H%M%S"))


def _run(work: "Reparse", plan: "Plan", settings: "Settings") -> "tuple[Outcome, float]":
    from crawler.cli.live.reparse_progress import make_progress

    started = time.monotonic()
    if work.total_bytes:
        from crawler.dealer.crew import Crew

        # Forked before the view begins: it has a thread.
        processes = _processes(settings)
        with Crew(processes, lambda: _reader(plan)) as crew:
            view = make_progress(settings.progress, color=not settings.no_color)
            try:
                work.run(crew.run, processes, view.show)
            finally:
                view.close()
    return work.outcome, time.monotonic() - started


def _reader(plan: "Plan") -> "Callable[[Piece], Reread]":
    """Return what reads pieces; called once in each process."""
    from crawler.pipeline.reparsing.reparsing import Reparser

    reparser = Reparser(plan, plan.output)
    runner = asyncio.Runner()
    return lambda piece: runner.run(reparser.read(piece))


def _processes(settings: "Settings") -> int:
    if settings.source("num_processes") == "default":
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    return settings.num_processes


def _tell(outcome: "Outcome", seconds: float, directory: Path, *, quiet: bool) -> None:
    from crawler.cli.errors import say

    for line in outcome.warnings:
        say(f"warning: {line}; its record stays as it was")
    if not quiet:
        were = "was" if outcome.parts_before == 1 else "were"
        before = f", {outcome.parts_before} {were} there" if outcome.parts_before else ""
        parts = "1 part" if outcome.parts == 1 else f"{outcome.parts} parts"
        say(
            f"{outcome.read:,} of {outcome.records:,} records read again in {seconds:.1f} s: "
            f"{directory}, {parts}{before}"
        )
    if outcome.damaged:
        bodies = "1 body is" if outcome.damaged == 1 else f"{outcome.damaged:,} bodies are"
        raise StorageError(f"{bodies} damaged: what was recorded before is kept in {directory}")
