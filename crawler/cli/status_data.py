"""What `crawler status` says of a job, as data; reads only, works while the crawl runs.

`look` is the one way to it: for the text, the JSON and whoever watches.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from crawler.errors import ConfigError
from crawler.model.control import OriginRules
from crawler.model.part import Shipping
from crawler.model.view import HostState, Outlook
from crawler.pipeline.changed_rules.identity import LAST_RUN
from crawler.pipeline.crew import crew_of
from crawler.pipeline.disk_guard import FULL
from crawler.pipeline.moments import rfc3339
from crawler.pipeline.watching.snapshot import Budget
from crawler.ports import Frontier

if TYPE_CHECKING:
    from crawler.job.lock import Holder

REFUSED = "refused:"
"""Counters of links that were not taken when they were found, by the rule that refused them."""
MOST_HOSTS = 10
STATES = ("ready", "leased", "waiting", "done", "dead")


class Found(NamedTuple):
    """What the store of a job holds at one moment."""

    job: Path
    at: int
    counters: Mapping[str, int]
    outlook: Outlook
    hosts: Sequence[HostState]
    dead: Mapping[str, int]
    holder: "Holder | None"
    """Who runs it."""
    shipping: Shipping | None = None
    """Of parts that a command is to take."""
    halted: Sequence[str] = ()
    """Hosts that a person paused."""
    robots: Mapping[str, Sequence[OriginRules]] = MappingProxyType({})
    """Of hosts that wait: origins whose robots.txt has not come."""
    readers: tuple[int, int] | None = None
    """Processes that are ready, and how many there should be; None: nobody has noted it."""
    disk_full: str | None = None
    """Where there is too little space for the crawl that runs."""

    budget: Budget = Budget()
    """As its last start had it."""

    def holds(self) -> tuple[str, ...]:
        """Why nothing is claimed for now, as a snapshot has it."""
        paused = ("operator",) if self.counters.get("paused") else ()
        return (*(("disk",) if self.disk_full else ()), *paused)


async def look(job: Path) -> Found:
    """Open the store of a job, read, close it.

    Raises:
        ConfigError: there is no job.
    """
    from crawler.clock import job_clock, new_offset_ms
    from crawler.frontier.sqlite import SqliteFrontier
    from crawler.job.directory import has_store
    from crawler.job.lock import holder
    from crawler.ports import FrontierOptions

    if not has_store(job):
        raise ConfigError(f"no job in {job}: name one with --job, or begin one with crawler start")
    options = FrontierOptions(delay_ms=0, per_host=1, lease_ms=1, window_ms=0, robots=True)
    frontier = SqliteFrontier(job / "frontier.db", options, read_only=True)
    now = job_clock(new_offset_ms())()
    await frontier.open()
    try:
        counters = await frontier.counters()
        outlook = await frontier.outlook(now=now)
        hosts = await _hosts(frontier, now)
        dead = await frontier.dead_reasons()
        halted = await frontier.control.halted()
        waiting = await frontier.control.table(
            now=now, sort="left", limit=MOST_HOSTS, only_waiting=True
        )
        shipping = await frontier.sealed.shipping()
        meta = await frontier.meta()
    finally:
        await frontier.close()
    robots = {
        row.state.host: [one for one in row.origins if one.obstacle is not None or one.gone]
        for row in waiting
    }
    held = holder(job)
    return Found(
        job,
        now,
        counters,
        outlook,
        hosts,
        dead,
        held,
        shipping,
        halted,
        robots,
        crew_of(meta, held.pid) if held else None,
        meta.get(FULL) or None if held else None,
        _budget(meta),
    )


def _budget(meta: Mapping[str, str]) -> Budget:
    last = json.loads(meta.get(LAST_RUN) or "{}")
    pages = last.get("max_pages") if last.get("recrawl_ms") is None else None
    return Budget(pages, last.get("max_total_bytes"))


def as_json(found: Found) -> dict[str, Any]:
    """Return the object that `crawler status --json` prints."""
    counters, outlook, now, held = found.counters, found.outlook, found.at, found.holder
    return {
        "job": str(found.job),
        "running": None if held is None else {"pid": held.pid, "host": held.host},
        "paused": bool(counters.get("paused")),
        "halted": list(found.halted),
        "disk_full": found.disk_full,
        "readers": None
        if found.readers is None
        else dict(zip(("ready", "configured"), found.readers, strict=True)),
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
        "statuses": _named(counters, "status:"),
        "errors": _named(counters, "error:"),
        "dead": dict(found.dead),
        "shipping": None if found.shipping is None else _shipping(found.shipping, now),
        "refused": _named(counters, REFUSED),
        "refused_back": counters.get("refused_back", 0),
        "hosts": [
            {
                "host": host.host,
                "ready": host.ready,
                "leased": host.leased,
                "waiting": host.waiting,
                "done": host.done,
                "delay_ms": host.delay_ms,
                "paused_for_ms": max(0, host.paused_until - now),
                "halted": bool(host.halted),
                "robots": [
                    {
                        "origin": one.origin,
                        "obstacle": "gone" if one.gone else one.obstacle,
                        "due_in_ms": max(0, one.due - now),
                    }
                    for one in found.robots.get(host.host, ())
                ],
                "failures_in_row": host.failures_in_row,
                "last_failure": host.last_failure,
                "latency_ms": host.latency_ms,
                "throttled": host.throttled,
            }
            for host in found.hosts
        ],
    }


def _shipping(shipping: Shipping, now: int) -> dict[str, Any]:
    due = shipping.next_due
    return {
        "waiting": shipping.waiting,
        "failed": shipping.failed,
        "next_try_in_ms": None if due is None else max(0, due - now),
        "most_tries": shipping.most_tries,
        "error": shipping.error,
    }


def _named(counters: Mapping[str, int], prefix: str) -> dict[str, int]:
    return {
        name.removeprefix(prefix): n
        for name, n in sorted(counters.items())
        if name.startswith(prefix)
    }


async def _hosts(frontier: Frontier, now: int) -> list[HostState]:
    """Those that wait first, which is what somebody who looks wants to know; no host twice."""
    waiting = await frontier.hosts(now=now, limit=MOST_HOSTS, only_waiting=True)
    busy = await frontier.hosts(now=now, limit=MOST_HOSTS)
    return list({host.host: host for host in (*waiting, *busy)}.values())
