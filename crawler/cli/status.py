"""`crawler status`: what a job holds and how it stands, also while it runs."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from crawler.cli.options import JobOption
from crawler.errors import ConfigError
from crawler.model.view import HostState
from crawler.pipeline.moments import rfc3339, span
from crawler.ports import Frontier

JsonOption = Annotated[bool, typer.Option("--json", help="For programs.")]
REFUSED = "refused:"
"""Counters of links that were not taken, by the rule that refused them."""
MOST_HOSTS = 10
STATES = ("ready", "leased", "waiting", "done", "dead")


def status(job: JobOption = None, as_json: JsonOption = False) -> None:
    """Show counts by state, hosts with work left, and whether a crawl is running."""
    import os

    from crawler.conf.load import load_settings

    settings = load_settings({} if job is None else {"job": job}, os.environ, Path.cwd())
    found = asyncio.run(_look(Path(settings.job)))
    if as_json:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
    else:
        sys.stdout.write(_text(found))


async def _look(job: Path) -> dict[str, Any]:
    from crawler.clock import job_clock, new_offset_ms
    from crawler.frontier.sqlite import SqliteFrontier
    from crawler.job.lock import holder
    from crawler.ports import FrontierOptions

    path = job / "frontier.db"
    if not path.exists():
        raise ConfigError(f"no job in {job}: name one with --job, or begin one with crawler start")
    options = FrontierOptions(delay_ms=0, per_host=1, lease_ms=1, window_ms=0, robots=True)
    frontier = SqliteFrontier(path, options, read_only=True)
    now = job_clock(new_offset_ms())()
    await frontier.open()
    try:
        counters = await frontier.counters()
        outlook = await frontier.outlook(now=now)
        hosts = await _hosts(frontier, now)
        dead = await frontier.dead_reasons()
    finally:
        await frontier.close()
    held = holder(job)
    return {
        "job": str(job),
        "running": None if held is None else {"pid": held.pid, "host": held.host},
        "states": {state: counters.get(state, 0) for state in STATES},
        "later": outlook.later,
        "next_visit_at": None if outlook.next_visit is None else rfc3339(outlook.next_visit),
        "next_visit_in_ms": None if outlook.next_visit is None else outlook.next_visit - now,
        "records": counters.get("records", 0),
        "bytes": counters.get("bytes", 0),
        "failures": counters.get("failures", 0),
        "requisites": counters.get("requisites", 0),
        "requisites_found": counters.get("requisites_found", 0),
        "sitemaps": counters.get("sitemaps", 0),
        "sitemap_failures": counters.get("sitemap_failures", 0),
        "dead": dead,
        "refused": {
            name.removeprefix(REFUSED): n
            for name, n in sorted(counters.items())
            if name.startswith(REFUSED)
        },
        "hosts": [
            {
                "host": host.host,
                "ready": host.ready,
                "leased": host.leased,
                "waiting": host.waiting,
                "done": host.done,
                "delay_ms": host.delay_ms,
                "paused_for_ms": max(0, host.paused_until - now),
                "failures_in_row": host.failures_in_row,
                "last_failure": host.last_failure,
                "latency_ms": host.latency_ms,
                "throttled": host.throttled,
            }
            for host in hosts
        ],
    }


async def _hosts(frontier: Frontier, now: int) -> list[HostState]:
    """Those that wait first, which is what somebody who looks wants to know; no host twice."""
    waiting = await frontier.hosts(now=now, limit=MOST_HOSTS, only_waiting=True)
    busy = await frontier.hosts(now=now, limit=MOST_HOSTS)
    return list({host.host: host for host in (*waiting, *busy)}.values())


def _pause(host: dict[str, Any]) -> str:
    """Say why a host has nothing to give now."""
    text = f", paused for {span(host['paused_for_ms'])}" if host["paused_for_ms"] else ""
    if host["failures_in_row"]:
        times = host["failures_in_row"]
        often = "once" if times == 1 else f"{times} times in a row"
        text += f", failed {often}: {host['last_failure']}"
    return text


def _text(found: dict[str, Any]) -> str:
    running = found["running"]
    state = f"running as process {running['pid']}" if running else "not running"
    lines = [
        f"{found['job']}: {state}",
        f"records  {found['records']}, {found['failures']} failures, {found['bytes']} bytes",
        "urls     " + ", ".join(f"{n} {state}" for state, n in found["states"].items()),
    ]
    if found["requisites_found"]:
        lines.append(
            f"needed   {found['requisites']} requisites of {found['requisites_found']} found"
        )
    if found["later"]:
        wait = found["next_visit_in_ms"]
        when = f"in {span(wait)}" if wait > 0 else "now"
        lines.append(f"later    {found['later']} to be visited again, the first {when}")
    if found["sitemaps"]:
        lines.append(f"sitemaps {found['sitemaps']}, {found['sitemap_failures']} failures")
    if found["dead"]:
        lines.append("dead     " + ", ".join(f"{n} {why}" for why, n in found["dead"].items()))
    if found["refused"]:
        refused = ", ".join(f"{n} {why}" for why, n in found["refused"].items())
        lines.append(f"links    refused: {refused}")
    lines += [
        f"host     {host['host']}: {host['ready'] + host['leased'] + host['waiting']} left, "
        f"{host['done']} done, every {host['delay_ms'] / 1000:g} s{_pause(host)}"
        for host in found["hosts"]
        if host["ready"] + host["leased"] + host["waiting"]
    ]
    return "\n".join(lines) + "\n"
