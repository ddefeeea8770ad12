"""One run of a node: open the job, recover, sow, crawl, write the receipt.

The process manager is handed in (`crawler.qq` makes it), since it lies above this layer.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, NamedTuple

from crawler.cache.rules import RulesCache
from crawler.clock import job_clock
from crawler.errors import CrawlerError, FrontierError
from crawler.job.checksums import hash_parts
from crawler.job.directory import Job, refuse_network_file_system
from crawler.job.manifest import build_manifest, read_manifest, write_manifest
from crawler.job.versions import find_versions
from crawler.logs import flush, get_logger
from crawler.model.plan import Plan
from crawler.model.view import HostState
from crawler.pipeline.changed_rules.identity import changes_of, identity_of
from crawler.pipeline.changed_rules.rejudging import pend, rejudge
from crawler.pipeline.changed_rules.widening import roots_of_new_crawl
from crawler.pipeline.ending import GOES_ON, Ending, judge_ending
from crawler.pipeline.joining import Before, joined
from crawler.pipeline.node import CrawlNode
from crawler.pipeline.recovery import recover
from crawler.pipeline.seeding import SeedReport, sow
from crawler.pipeline.store import open_frontier
from crawler.pipeline.unmatched import say_unmatched
from crawler.pipeline.watching.snapshot import Snapshot
from crawler.ports import Frontier, Now
from crawler.sink.reading import open_part

if TYPE_CHECKING:
    from crawler.pipeline.upkeep.aftercare import Aftercare

HASHING_SECONDS = 1.5
"""After a signal no more time than this goes into the checksums of the manifest."""

Manage = Callable[[CrawlNode, Now], Awaitable[int | None]]
"""Runs the readers until the end; returns the signal that ended it, if one did."""


class Orders(NamedTuple):
    """What one run is asked to do."""

    plan: Plan
    seeds: Sequence[str]
    settings: dict[str, Any]
    """As the manifest shows them."""
    on_snapshot: Callable[[Snapshot], None] | None = None
    started_at: int | None = None
    """When this process began the crawl, if it ran it before, by other settings."""
    on_note: Callable[[str], None] | None = None
    """Told at the start what a person should know at once."""
    goes_on: Callable[[], bool] = lambda: False
    """Whether it is to be run again, by other settings, once this run has wound down."""
    asked_to_stop: Callable[[], AbstractContextManager[Callable[[], int | None]]] = lambda: (
        nullcontext(lambda: None)
    )
    """Within it, says which signal came; outside, one ends the process where no reader works."""
    on_work: Callable[[], None] | None = None
    """Called at the end after each piece of what is summed up, which may take minutes in all."""


@contextmanager
def failure_logged() -> Iterator[None]:
    """Let a run that fails end in the job's log as well: who looks later has nothing else."""
    try:
        yield
    except CrawlerError as error:
        get_logger("crawler.run").info(
            "crawl_ended", ending="error", exit_code=error.exit_code, error=str(error)
        )
        raise
    finally:
        flush()


async def run_node(orders: Orders, manage: Manage) -> Ending:
    """Run a node whose job is made and locked; return how it ended, `GOES_ON` if it has not.

    Raises:
        CrawlerError: configuration, output or frontier cannot be used.
    """
    plan = orders.plan
    job = Job.at(plan.job, plan.output)
    refuse_network_file_system(job.root)
    now = job_clock(plan.clock_offset_ms)
    started_at = orders.started_at or now()
    await RulesCache(plan).prepare()
    frontier = await _store_of(job, plan)
    try:
        meta = await frontier.meta()
        changes = changes_of(plan, meta)
        await recover(frontier, plan.output, now)
        before = await Before.of(frontier)
        report = await sow(orders.seeds, frontier, plan, now)
        if orders.started_at is None:
            await _tell_of_joining(orders, frontier, before, report)
        # Only now is it a crawl: a typing mistake in its first command binds nobody.
        # Together with what is pending: a kill must not leave rules that nothing is judged by.
        await frontier.set_meta(
            identity_of(plan)
            | await pend(changes, plan, meta, frontier)
            | await roots_of_new_crawl(frontier)
        )
        for change in changes.shown:
            get_logger("crawler.run").warning("settings_changed", change=change)
        await rejudge(plan, frontier, now)
        get_logger("crawler.run").info(
            "crawl_started",
            seeds_new=report.new,
            seeds_known=report.known,
            seeds_rejected=report.rejected,
        )
        node = CrawlNode(plan, frontier, now, started_at=started_at, on_snapshot=orders.on_snapshot)
        node.care = care = _aftercare(plan, frontier, now)
        await node.begin()
        signal_number: int | None = None
        error: CrawlerError | None = None
        try:
            signal_number = await manage(node, now)
            while signal_number is None and not orders.goes_on() and await node.has_work():
                signal_number = await manage(node, now)
            if care is not None and signal_number is None and not orders.goes_on():
                with orders.asked_to_stop() as asked:
                    await care.finish(node.show_finishing, asked)
                    signal_number = asked()
        except CrawlerError as failure:
            error = failure
            raise
        finally:
            if care is not None:
                care.abandon()
                if error is None and not orders.goes_on():
                    await care.say_what_is_left()
            ending = await _end(
                orders,
                frontier,
                node,
                now=now,
                started_at=started_at,
                records_before=before.records if orders.started_at is None else None,
                signal_number=signal_number,
                error=error,
            )
        if ending is GOES_ON:
            return ending
        get_logger("crawler.run").info(
            "crawl_ended", ending=ending.word, exit_code=ending.exit_code
        )
        return ending
    finally:
        await frontier.close()


async def _tell_of_joining(
    orders: Orders, frontier: Frontier, before: Before, report: SeedReport
) -> None:
    seeds = (await frontier.counters()).get("seeds", 0)
    note = joined(orders.plan, before, report, seeds)
    if note is None:
        return
    log = get_logger("crawler.run")
    if orders.on_note is None:
        log.warning("crawl_joined", note=note)
    else:
        log.info("crawl_joined", note=note)
        orders.on_note(note)


def _aftercare(plan: Plan, frontier: Frontier, now: Now) -> "Aftercare | None":
    """Return what packs and ships parts; nothing of it is loaded where nobody asked for it."""
    if plan.compress_parts == "none" and plan.on_part_sealed is None:
        return None
    from crawler.pipeline.upkeep.aftercare import Aftercare

    return Aftercare(plan, frontier.sealed, now)


async def _end(
    orders: Orders,
    frontier: Frontier,
    node: CrawlNode,
    *,
    now: Now,
    started_at: int,
    records_before: int | None,
    signal_number: int | None,
    error: CrawlerError | None,
) -> Ending:
    """Judge the ending and write the receipt; after an error as much of it as still can be."""
    plan = orders.plan
    if error is None and signal_number is None and orders.goes_on():
        return GOES_ON
    try:
        counters = await frontier.counters()
        outlook = await frontier.outlook(now=now())
        ending = judge_ending(
            plan,
            counters,
            outlook,
            limit=node.limit,
            signal_number=signal_number,
            records_before=records_before,
        )
        if error is not None:
            ending = Ending("error", error.exit_code, str(error))
        waiting = await frontier.hosts(now=now(), limit=100, only_waiting=True)
        job = Job.at(plan.job, plan.output)
        deadline = time.monotonic() + HASHING_SECONDS if signal_number is not None else None

        async def tell() -> None:
            if orders.on_work is not None:
                orders.on_work()
            if error is None:
                await node.show_finishing("summing up what was written")
            await asyncio.sleep(0)  # who asks how it is gets an answer between two small parts

        parts = await hash_parts(
            await frontier.parts(),
            plan.output,
            previous=read_manifest(job.manifest),
            deadline_s=deadline,
            open_part=open_part,
            on_piece=tell,
        )
        manifest = build_manifest(
            started_at=started_at,
            ended_at=now(),
            ended=ending.word,
            exit_code=ending.exit_code,
            counters=counters,
            reasons=await frontier.dead_reasons(),
            parts=parts,
            waiting_hosts=waiting,
            later=outlook.later,
            next_visit=outlook.next_visit,
            settings=orders.settings,
            versions=find_versions(),
        )
        write_manifest(job.manifest, manifest)
    except CrawlerError:
        if error is None:
            raise
        return Ending("error", error.exit_code, str(error))
    if signal_number is None and error is None:
        await say_unmatched(plan.sites, frontier)
    if ending.exit_code == 7 and waiting:
        names = ", ".join(host.host + _why(host) for host in waiting[:3])
        more = f" and {len(waiting) - 3} more" if len(waiting) > 3 else ""
        ending = Ending(ending.word, ending.exit_code, f"{ending.line} ({names}{more})")
    return ending


async def _store_of(job: Job, plan: Plan) -> Frontier:
    """Open the job's store; a new one only where there is nothing yet that it would not know."""
    has_parts = any(plan.output.glob("part-*.jsonl*"))
    if has_parts and not (job.frontier.exists() and job.frontier.stat().st_size):
        raise _lost(job, "is empty" if job.frontier.exists() else "is missing")
    frontier = await open_frontier(plan, check=True)
    if has_parts and not await frontier.parts():
        await frontier.close()
        raise _lost(job, "knows no part")
    return frontier


def _lost(job: Job, how: str) -> FrontierError:
    """Return the error for records that are there without their store: nothing is fetched twice."""
    return FrontierError(
        f"{job.frontier} {how}, but {job.pages} holds parts: put it back, "
        "or begin anew with --fresh (what is there is kept aside)"
    )


def _why(host: HostState) -> str:
    if host.halted:
        return ": paused by you"
    if not host.failures_in_row:
        return ""
    return f": {host.last_failure}, {host.failures_in_row} times in a row"
