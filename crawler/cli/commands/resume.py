"""`crawler resume`: the end of what `crawler pause` began."""

import asyncio
import sys
from typing import Annotated

import typer

from crawler.cli.commands.pause import HostsArgument
from crawler.cli.options import JobOption


def resume(
    hosts: HostsArgument = None,
    job: JobOption = None,
    all_hosts: Annotated[
        bool, typer.Option("--all-hosts", help="All hosts that were paused by name.")
    ] = False,
) -> None:
    """Go on after crawler pause: the whole crawl, or some hosts. No delay gets shorter by it."""
    if hosts and all_hosts:
        raise typer.BadParameter("name hosts, or all of them with --all-hosts")
    sys.stdout.write(asyncio.run(_resume(job, hosts or [], all_hosts=all_hosts)) + "\n")


async def _resume(job: str | None, names: list[str], *, all_hosts: bool) -> str:
    from crawler.cli.job_control import open_job

    async with open_job(job) as opened:
        control = opened.frontier.control
        if not names and not all_hosts:
            changed = await control.pause(paused=False)
            text = "resumed" if changed else "not paused"
            heard = await opened.is_heard()
            if changed and not heard:
                text += ": no crawl runs, the same start goes on"
            everywhere = f"crawler resume --all-hosts{opened.flag}"
            if halted := await control.halted():
                text += f"; paused by name: {_some(halted)} ({everywhere} resumes them)"
            return text
        hosts = await control.halted() if all_hosts else []
        hosts += [await opened.host_of(name) for name in names]
        found = await control.halt(hosts, halted=False)
        if found.unknown:
            await opened.refuse_unknown(found.unknown)
        if not found.changed:
            return "no host is paused" if all_hosts else f"not paused: {', '.join(hosts)}"
        text = f"resumed {_some(found.changed)}"
        if not await opened.is_heard():
            text += ": no crawl runs, the same start goes on"
        if (await opened.frontier.counters()).get("paused"):
            text += f"; the whole crawl is paused, crawler resume{opened.flag} goes on"
        return text


def _some(hosts: list[str]) -> str:
    more = f" and {len(hosts) - 5} more" if len(hosts) > 5 else ""
    return ", ".join(hosts[:5]) + more
