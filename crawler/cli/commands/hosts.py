"""`crawler hosts`: the hosts of a job, one on each line."""

import asyncio
import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from crawler.cli.options import JobOption
from crawler.model.control import HostRow, HostSort, OriginRules

if TYPE_CHECKING:
    from collections.abc import Sequence

_NUMBERS = range(1, 7)
"""Columns that are set to the right."""


def hosts(
    job: JobOption = None,
    sort: Annotated[
        str,
        typer.Option("--sort", metavar="KEY", help="left, done, failures, latency, next, host."),
    ] = "left",
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many.")] = 50,
    waiting: Annotated[
        bool, typer.Option("--waiting", help="Only those that wait for something.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """List hosts: what is left, done and failed, when each is asked next, and what it waits for."""
    from crawler.job.directory import job_flag

    if sort not in get_args(HostSort):
        raise typer.BadParameter(f"--sort must be one of {', '.join(get_args(HostSort))}")
    found = asyncio.run(_read(job, sort, limit, waiting=waiting))
    if as_json:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
        return
    flag = job_flag(Path(found["job"]))
    lines = [_cells(one, flag) for one in found["hosts"]]
    if not lines:
        sys.stdout.write("no host waits\n" if waiting else "no hosts yet\n")
        return
    head = ("host", "left", "out", "done", "failed", "delay", "next", "state")
    for line in _aligned([head, *lines]):
        sys.stdout.write(line + "\n")


async def _read(job: str | None, sort: Any, limit: int, *, waiting: bool) -> dict[str, Any]:
    from crawler.cli.job_control import open_job

    async with open_job(job, read_only=True) as opened:
        now = opened.now()
        rows = await opened.frontier.control.table(
            now=now, sort=sort, limit=limit, only_waiting=waiting
        )
        paused = bool((await opened.frontier.counters()).get("paused"))
        return {
            "job": str(opened.job),
            "paused": paused,
            "hosts": [_host(row, now, robots=opened.plan.robots) for row in rows],
        }


def _host(row: HostRow, now: int, *, robots: bool) -> dict[str, Any]:
    state = row.state
    return {
        "host": state.host,
        "ready": state.ready,
        "leased": state.leased,
        "waiting": state.waiting,
        "done": state.done,
        "dead": row.dead,
        "failures": state.fails,
        "delay_ms": state.delay_ms,
        "next_in_ms": max(0, state.next_at - now) if state.ready else None,
        "paused_for_ms": max(0, state.paused_until - now),
        "halted": bool(state.halted),
        "failures_in_row": state.failures_in_row,
        "last_failure": state.last_failure,
        "latency_ms": state.latency_ms,
        "throttled": state.throttled,
        "robots": [_origin(one, now) for one in row.origins] if robots else [],
    }


def _origin(one: OriginRules, now: int) -> dict[str, Any]:
    return {
        "origin": one.origin,
        "verdict": "gone" if one.gone else one.obstacle or one.verdict or "unasked",
        "due_in_ms": max(0, one.due - now) if one.obstacle else None,
    }


def _cells(host: dict[str, Any], flag: str) -> tuple[str, ...]:
    from crawler.cli.printable import printable

    wait = host["next_in_ms"]
    return (
        printable(host["host"]),
        f"{host['ready'] + host['waiting']:,}",
        f"{host['leased']:,}",
        f"{host['done']:,}",
        f"{host['failures']:,}",
        f"{host['delay_ms'] / 1000:g} s",
        "-" if wait is None or host["halted"] else _in(wait),
        _state(host, flag),
    )


def _in(wait_ms: int) -> str:
    from crawler.pipeline.moments import span

    if wait_ms < 1000:
        return "<1 s" if wait_ms else "now"
    return span(wait_ms)


def _state(host: dict[str, Any], flag: str) -> str:
    from crawler.pipeline.moments import span

    found = []
    if host["halted"]:
        found.append(f"paused by you: crawler resume {shlex.quote(host['host'])}{flag}")
    if host["paused_for_ms"]:
        found.append(f"asked for a pause of {span(host['paused_for_ms'])}")
    if host["failures_in_row"]:
        times = host["failures_in_row"]
        often = "once" if times == 1 else f"{times} in a row"
        found.append(f"failed {often}: {host['last_failure']}")
    for one in host["robots"]:
        if one["verdict"] == "gone":
            found.append("given up: no connection for robots.txt")
        elif one["due_in_ms"] is not None:
            found.append(f"waits for robots.txt ({one['verdict']}), {span(one['due_in_ms'])}")
    return "; ".join(found)


def _aligned(rows: "Sequence[tuple[str, ...]]") -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            cell.rjust(width) if column in _NUMBERS else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
