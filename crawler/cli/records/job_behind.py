"""Which job a path belongs to, and what its frontier says of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class States:
    """What the frontier of a job says of its URLs."""

    urls: dict[str, int]
    """By state, all five: ready, leased, done, waiting, dead."""
    dead: dict[str, int]
    """Those that are dead, by reason."""


def job_behind(path: Path) -> Path | None:
    """Return the job that a directory is, or holds the parts of; None: it is neither.

    Raises:
        FrontierError: there is one whose store cannot be read.
    """
    from crawler.job.directory import has_store

    if has_store(path):
        return path
    job = path.absolute().parent
    if not path.is_dir() or not has_store(job):
        return None
    from crawler.pipeline.committed import committed

    output = asyncio.run(committed(job)).output
    return job if output.resolve() == path.resolve() else None


def states_of(paths: Sequence[Path]) -> States | None:
    """Return the URLs of the one job that is asked for, by state; None: it is none, or more."""
    job = job_behind(paths[0]) if len(paths) == 1 else None
    return None if job is None else asyncio.run(_states(job))


async def _states(job: Path) -> States:
    from crawler.frontier.sqlite_listing import FrontierListing

    listing = FrontierListing(job / "frontier.db")
    await listing.open()
    try:
        states, dead = await listing.states()
    finally:
        await listing.close()
    return States(urls=states, dead=dead)
