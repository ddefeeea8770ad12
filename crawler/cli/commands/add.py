"""`crawler add`: more seeds for a job, whether its crawl runs or not."""

import asyncio
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from crawler.cli.options import JobOption


def add(
    seeds: Annotated[
        list[str],
        typer.Argument(
            metavar="SEEDS|URL|-", show_default=False, help="Seed files, URLs, or - for stdin."
        ),
    ],
    job: JobOption = None,
) -> None:
    """Add seeds to a crawl; one that runs takes them at once.

    The scope lies around them as well. What is known already is left alone.
    """
    sys.stdout.write(asyncio.run(_add(job, seeds)) + "\n")


async def _add(job: str | None, seeds: list[str]) -> str:
    from crawler.cli.job_control import job_log, open_job
    from crawler.cli.wording import plural
    from crawler.pipeline.seeding import check_sources, sow

    check_sources(seeds, needed=True)
    async with open_job(job) as opened:
        control = opened.frontier.control

        async def announce(_roots: Sequence[str]) -> None:
            """Readers hear of the roots before they get a page of them."""
            await control.order()
            await opened.is_heard()

        report = await sow(seeds, opened.frontier, opened.plan, opened.now, announce=announce)
        await control.order()
        with job_log(opened.job) as log:
            log.info("seeds_added", new=report.new, known=report.known, rejected=report.rejected)
        heard = await opened.is_heard()
        text = f"added {plural(report.new, 'URL')}"
        if report.known:
            text += f", {report.known:,} known already"
        if report.rejected:
            text += f", {report.rejected:,} rejected"
        holder = opened.holder()
        if heard:
            text += ": the crawl that runs takes them" if report.new else ""
        elif holder is not None:
            text += f"; {holder} has not answered: it takes them, or the next start does"
        else:
            text += ": no crawl runs, the same start takes them"
        if heard and (await opened.frontier.counters()).get("paused"):
            text += f"; it is paused, crawler resume{opened.flag} goes on"
        return text
