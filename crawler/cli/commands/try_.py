"""`crawler try`: one URL through every rule, to see what a crawl would make of it."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crawler.cli.options import Flags, with_options

if TYPE_CHECKING:
    from crawler.conf.settings import Settings
    from crawler.model.plan import Plan
    from crawler.pipeline.trying.around import Around
    from crawler.pipeline.trying.trial import Trial

_LONG_WAIT_MS = 2_000


@with_options(
    *("job", "config", "scope", "include", "exclude", "depth", "strip_params", "robots"),
    *("delay", "timeout", "retries", "retry_base", "max_body"),
    *("main_text", "markdown", "simhash", "link_details"),
    *("header", "user_agent", "contact", "cookies", "proxy", "allow_net"),
    *("log_level", "log_format", "no_color"),
)
def try_(
    flags: Flags,
    *,
    url: Annotated[str, typer.Argument(metavar="URL", show_default=False, help="Any URL.")],
    extract: Annotated[
        str | None,
        typer.Option(
            "--extract",
            metavar="FILE",
            help="Crawl file whose [[extract]] tables count, instead of those of --config.",
        ),
    ] = None,
    http_cache: Annotated[
        bool, typer.Option("--http-cache", help="Keep responses, and use those that were kept.")
    ] = False,
    http_cache_age: Annotated[
        str,
        typer.Option(
            "--http-cache-age",
            metavar="TIME",
            help="Use no older ones; 0: ask again and keep the answer.",
        ),
    ] = "1d",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Fetch one URL by all rules of a crawl and show what comes of it; nothing is stored.

    Shows robots.txt's verdict, redirects, the response, the record, its fields, and the links that
    a crawl would take and refuse.
    """
    from crawler.conf.load import load_settings
    from crawler.conf.units import parse_duration_ms
    from crawler.errors import ConfigError
    from crawler.logs import configure, get_logger

    settings = load_settings(flags, os.environ, Path.cwd(), extract=extract)
    try:
        max_age_ms = parse_duration_ms(http_cache_age)
    except ValueError as error:
        raise ConfigError(f"--http-cache-age: {error}") from None
    configure(
        level=settings.log_level,
        log_format=settings.log_format,
        color=not settings.no_color and sys.stderr.isatty(),
        debug=settings.debug,
    )
    for note in settings.notes:
        get_logger("crawler.conf").warning("setting_noted", note=note)
    trial = asyncio.run(_try(url, settings, max_age_ms if http_cache else None))
    if as_json:
        from crawler.cli.printable import printable_json

        sys.stdout.write(printable_json(json.dumps(trial.as_json(), indent=2)) + "\n")
    else:
        from crawler.cli.try_view import show

        show(trial, color=not settings.no_color)
    sys.exit(trial.exit_code)


async def _try(url: str, settings: "Settings", max_age_ms: int | None) -> "Trial":
    from crawler.cache.responses import response_cache
    from crawler.clock import job_clock
    from crawler.logs import get_logger
    from crawler.pipeline.trying.trying import Kept, try_url

    plan, around = await _around(url, settings)
    now = job_clock(plan.clock_offset_ms)
    if max_age_ms is None:
        return await try_url(url, plan, now, around=around, on_wait=_say_wait)

    def failed(reason: str) -> None:
        get_logger("crawler.cache").warning("http_cache_failed", error=reason)

    responses = await response_cache(plan.cache_redis_url, os.environ, failed)
    try:
        kept = Kept(responses=responses, max_age_ms=max_age_ms)
        return await try_url(url, plan, now, around=around, kept=kept, on_wait=_say_wait)
    finally:
        await responses.close()


async def _around(url: str, settings: "Settings") -> "tuple[Plan, Around]":
    """Return the crawl around it: of a job that somebody named, else of the seeds there are."""
    from crawler.conf.packages import require_packages
    from crawler.conf.plan import make_plan
    from crawler.errors import ConfigError
    from crawler.job.directory import has_store
    from crawler.pipeline.seeding import read_seeds
    from crawler.pipeline.trying.around import JOB_TERMS, around_job, around_seeds
    from crawler.policy.canonicalization import canonicalize_seed
    from crawler.policy.parameters import Parameters

    plan = make_plan(settings)
    require_packages(plan)
    named = settings.source("job")
    if named == "flag" and not has_store(plan.job):
        raise ConfigError(f"no job in {plan.job}: leave --job out to go by the settings alone")
    if named == "default" or not has_store(plan.job):
        # What happens to lie in ./crawl must not decide about some other URL.
        canonical = Parameters(plan.strip_params).stripped(canonicalize_seed(url))
        return plan, around_seeds(canonical, set(read_seeds(settings.seeds, plan)), plan)

    from crawler.frontier.sqlite import SqliteFrontier
    from crawler.pipeline.store import frontier_options

    frontier = SqliteFrontier(plan.job / "frontier.db", frontier_options(plan), read_only=True)
    try:
        await frontier.open()
        given = [name for name in JOB_TERMS.values() if settings.source(name) != "default"]
        return await around_job(url, plan, given, frontier)
    finally:
        await frontier.close()


def _say_wait(host: str, wait_ms: int) -> None:
    """Nobody should wonder whether it hangs."""
    if wait_ms >= _LONG_WAIT_MS:
        from crawler.cli.errors import say
        from crawler.conf.units import format_duration

        say(f"waits {format_duration(wait_ms)}: the delay of {host}")
