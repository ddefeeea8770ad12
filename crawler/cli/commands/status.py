"""`crawler status`: what a job holds and how it stands, also while it runs."""

import asyncio
import json
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from crawler.cli.live.lines import say_readers
from crawler.cli.options import JobOption
from crawler.cli.status_data import as_json, look
from crawler.cli.wording import plural
from crawler.cli.wording import size as say_size
from crawler.job.directory import job_flag
from crawler.pipeline.moments import span

JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON object; with --watch one a line.")
]


def status(
    job: JobOption = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Look again every second, until Ctrl-C.")
    ] = False,
    in_json: JsonOption = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colours.")] = False,
) -> None:
    """Show counts by state, hosts with work left, and whether a crawl is running."""
    import os

    from crawler.conf.load import load_settings

    settings = load_settings({} if job is None else {"job": job}, os.environ, Path.cwd())
    if watch:
        from crawler.cli.live.watch import watch_job

        watch_job(Path(settings.job), in_json=in_json, color=not (no_color or settings.no_color))
        return
    found = as_json(asyncio.run(look(Path(settings.job))))
    if in_json:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
    else:
        sys.stdout.write(_text(found))


def _pause(host: dict[str, Any], flag: str) -> str:
    """Say why a host has nothing to give now."""
    if host["halted"]:
        return f", paused by you: crawler resume {shlex.quote(host['host'])}{flag}"
    text = f", paused for {span(host['paused_for_ms'])}" if host["paused_for_ms"] else ""
    for one in host["robots"]:
        if one["obstacle"] == "gone":
            text += ", given up: no connection for robots.txt"
        else:
            text += f", waits {span(one['due_in_ms'])} for robots.txt ({one['obstacle']})"
    if host["failures_in_row"]:
        times = host["failures_in_row"]
        often = "once" if times == 1 else f"{times} times in a row"
        text += f", failed {often}: {host['last_failure']}"
    return text


def _shipping(shipping: dict[str, Any]) -> str:
    """Say how many parts wait for the command, and how it fails."""
    text = f"{shipping['waiting']} to be shipped"
    if shipping["failed"]:
        tries = shipping["most_tries"]
        often = "once" if tries == 1 else f"{tries} times"
        wait = shipping["next_try_in_ms"]
        when = f"in {span(wait)}" if wait else "now"
        text += f"; {shipping['failed']} failed up to {often} ({shipping['error']}), again {when}"
    return text


def _stands(found: dict[str, Any]) -> str:
    if not found["running"]:
        return "not running"
    text = f"running as process {found['running']['pid']}"
    if found["readers"] is not None:
        text += f", {say_readers(**found['readers'])}"
    return f"paused, {text}" if found["paused"] or found["disk_full"] else text


def _text(found: dict[str, Any]) -> str:
    failures = plural(found["failures"], "failure")
    flag = job_flag(Path(found["job"]))
    lines = [
        f"{found['job']}: {_stands(found)}",
        f"records  {found['records']:,}, {failures}, {say_size(found['bytes'])} fetched",
        "urls     " + ", ".join(f"{n} {state}" for state, n in found["states"].items()),
    ]
    if found["paused"]:
        lines.append(f"paused   by you: crawler resume{flag} goes on")
    if found["disk_full"]:
        lines.append(f"paused   until there is space on the disk of {found['disk_full']}")
    if found["halted"]:
        some = ", ".join(found["halted"][:5])
        more = f" and {len(found['halted']) - 5} more" if len(found["halted"]) > 5 else ""
        lines.append(f"paused   {some}{more}: crawler resume HOST{flag}, or --all-hosts")
    if found["requisites_found"]:
        lines.append(
            f"needed   {found['requisites']} requisites of {found['requisites_found']} found"
        )
    if found["later"]:
        wait = found["next_visit_in_ms"]
        when = f"in {span(wait)}" if wait > 0 else "now"
        lines.append(f"later    {found['later']} to be visited again, the first {when}")
    if found["sitemaps"]:
        lines.append(
            f"sitemaps {found['sitemaps']}, {plural(found['sitemap_failures'], 'failure')}"
        )
    if found["shipping"] and found["shipping"]["waiting"]:
        lines.append(f"parts    {_shipping(found['shipping'])}")
    if found["dead"]:
        lines.append("dead     " + ", ".join(f"{n} {why}" for why, n in found["dead"].items()))
    if found["refused"]:
        refused = ", ".join(f"{n} {why}" for why, n in found["refused"].items())
        back = f"; {found['refused_back']} came back since" if found["refused_back"] else ""
        lines.append(f"links    refused when found: {refused}{back}")
    lines += [
        f"host     {host['host']}: {host['ready'] + host['leased'] + host['waiting']} left, "
        f"{host['done']} done, every {host['delay_ms'] / 1000:g} s{_pause(host, flag)}"
        for host in found["hosts"]
        if host["ready"] + host["leased"] + host["waiting"]
    ]
    return "\n".join(lines) + "\n"
