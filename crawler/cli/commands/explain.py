"""`crawler explain`: why a URL was, or was not, crawled, and what happens next to it."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crawler.cli.options import ConfigOption, JobOption

if TYPE_CHECKING:
    from crawler.model.plan import Plan
    from crawler.pipeline.explaining.account import Account


def explain(
    url: Annotated[str, typer.Argument(metavar="URL", show_default=False, help="Any URL.")],
    job: JobOption = None,
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say why a URL was, or was not, crawled: scope, robots, budgets, state, what comes next.

    Works for any URL, on a finished job, while the crawl runs, and without a job.
    """
    from crawler.cli.explain_view import lines
    from crawler.clock import job_clock, new_offset_ms
    from crawler.conf.load import load_settings
    from crawler.conf.plan import make_plan
    from crawler.job.directory import has_store
    from crawler.pipeline.explaining.explanation import explain_from_settings

    settings = load_settings({"job": job, "config": config}, os.environ, Path.cwd())
    plan = make_plan(settings)
    now = job_clock(new_offset_ms())()
    if has_store(plan.job):
        account = asyncio.run(_ask(url, plan, now))
    else:
        account = explain_from_settings(url, plan, settings.seeds, now)
    if as_json:
        text = json.dumps(account.as_json(), indent=2)
    else:
        text = "\n".join(lines(account, str(plan.job)))
    if hasattr(sys.stdout, "reconfigure"):
        # A terminal that cannot show a letter gets its escape, not an error.
        sys.stdout.reconfigure(errors="backslashreplace")
    sys.stdout.write(text + "\n")


async def _ask(url: str, plan: "Plan", now: int) -> "Account":
    from crawler.frontier.sqlite import SqliteFrontier
    from crawler.job.lock import holder
    from crawler.pipeline.explaining.explanation import explain_in_job
    from crawler.pipeline.store import frontier_options

    frontier = SqliteFrontier(plan.job / "frontier.db", frontier_options(plan), read_only=True)
    held = holder(plan.job)
    try:
        await frontier.open()
        running = None if held is None else held.pid
        return await explain_in_job(url, plan, frontier, running=running, now=now)
    finally:
        await frontier.close()
