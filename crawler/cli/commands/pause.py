"""`crawler pause`: claim nothing more, in all or of some hosts, until `crawler resume`."""

import asyncio
import sys
from typing import Annotated

import typer

from crawler.cli.options import JobOption

HostsArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="HOST", show_default=False, help="These hosts only; addresses will do."),
]


def pause(hosts: HostsArgument = None, job: JobOption = None) -> None:
    """Fetch nothing more until crawler resume: of the whole crawl, or of some hosts.

    What is being fetched is finished. It holds over restarts, and works whether the crawl runs.
    """
    sys.stdout.write(asyncio.run(_pause(job, hosts or [])) + "\n")


async def _pause(job: str | None, names: list[str]) -> str:
    from crawler.cli.job_control import open_job
    from crawler.cli.wording import plural

    async with open_job(job) as opened:
        control = opened.frontier.control
        resume = f"crawler resume{opened.flag}"
        if not names:
            if not await control.pause(paused=True):
                return f"paused already; {resume} goes on"
            if await opened.is_heard():
                return f"paused: what is being fetched is finished; {resume} goes on"
            return f"paused: the next start fetches nothing until {resume}"
        hosts = [await opened.host_of(name) for name in names]
        runs = opened.holder() is not None
        found = await control.halt(hosts, halted=True)
        if found.unknown:
            await opened.refuse_unknown(found.unknown)
        if not found.changed:
            return f"paused already: {', '.join(hosts)}"
        await opened.is_heard()
        left = 0
        for row in await opened.frontier.hosts(now=opened.now(), limit=1 << 30, only_waiting=True):
            left += row.ready if row.host in found.changed else 0
        when = "" if runs else ", from the next start on"
        text = f"paused {', '.join(found.changed)}{when}: {plural(left, 'URL')} held back"
        outlook = await opened.frontier.outlook(now=opened.now())
        if runs and not outlook.waiting and outlook.ready <= outlook.halted:
            but = " but what is under way" if outlook.leased else ""
            text += f"; nothing else is left{but}, so the crawl ends (with --keep-running it waits)"
        return text
