"""The crawl as QuasiQueue runs it: writer, reader, context, and the runner that ties them.

    from crawler.qq import context, reader, runner, writer

`runner` and `writer` are made on first use, from `CRAWLER_*` alone; nothing happens at import.
`python -m crawler.qq` runs the daemon.
"""

import asyncio
import gc
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.conf.load import load_settings
from crawler.conf.packages import require_packages
from crawler.conf.plan import make_plan
from crawler.conf.show import public_settings
from crawler.dealer.queue import CrawlQueue
from crawler.errors import ConfigError, CrawlerError
from crawler.job.directory import Job, move_aside
from crawler.job.lock import acquire
from crawler.logs import configure, get_logger
from crawler.pipeline.context import context
from crawler.pipeline.ending import SIGNAL_BASE, Ending
from crawler.pipeline.reader import reader
from crawler.pipeline.run import Orders, run_node
from crawler.pipeline.seeding import check_sources
from crawler.pipeline.store import site_limits

if TYPE_CHECKING:
    from crawler.conf.settings import Settings
    from crawler.model.plan import Plan
    from crawler.model.work import Item
    from crawler.pipeline.node import CrawlNode, Snapshot
    from crawler.ports import Now

NAME = "crawler"

__all__ = ["Runner", "context", "reader", "run_crawl", "runner", "writer"]  # noqa: F822 - lazy


def run_crawl(
    settings: "Settings", *, on_snapshot: "Callable[[Snapshot], None] | None" = None
) -> Ending:
    """Crawl until the end, in this process and its readers; return how it ended.

    Raises:
        CrawlerError: what a person must mend; its `exit_code` is the process's.
    """
    _answer_signals()
    return asyncio.run(Runner(settings, on_snapshot=on_snapshot).main())


def _answer_signals() -> None:
    """End at once on a signal while no readers are at work: the job is good at any moment.

    Without that, Ctrl-C would wait for the end of standard input, and the first process of a
    container would not hear SIGTERM.
    """
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _leave)


def _leave(number: int, _frame: object) -> None:
    os.write(2, b"crawler: stopped; the same command goes on\n")
    raise SystemExit(SIGNAL_BASE + number)


class Runner:
    """One run of one job. `main()` is what QuasiQueue's runner offers."""

    def __init__(
        self,
        settings: "Settings",
        *,
        on_snapshot: "Callable[[Snapshot], None] | None" = None,
    ) -> None:
        self._settings = settings
        self._node: CrawlNode | None = None
        self._limit_of: Callable[[str], int | None] | None = None
        self._listeners = [] if on_snapshot is None else [on_snapshot]

    async def writer(self, desired: int) -> "AsyncIterator[Item]":
        """Yield at most `desired` leased items: QuasiQueue's writer, while `main` runs."""
        if self._node is None:
            raise CrawlerError("the writer claims for a running crawl; start the runner first")
        async for item in self._node.writer(desired):
            yield item

    async def main(self) -> Ending:
        settings = self._settings
        plan = make_plan(settings)
        require_packages(plan, http=settings.http is not None)
        self._limit_of = site_limits(plan)
        if plan.extract:
            from crawler.pipeline.fields import check_extraction  # noqa: PLC0415 - who has tables

            check_extraction(plan)
        job = Job.at(plan.job, plan.output)
        check_sources(settings.seeds, needed=settings.fresh or not job.frontier.exists())
        if settings.fresh:
            move_aside(job)
        job.create()
        with acquire(job.root):
            configure(
                job.log,
                level=settings.log_level,
                log_format=settings.log_format,
                color=not settings.no_color and sys.stderr.isatty(),
                debug=settings.debug,
            )
            for note in settings.notes:
                get_logger("crawler.conf").warning("setting_noted", note=note)
            async with self._admin(plan, job):
                orders = Orders(
                    plan=plan,
                    seeds=settings.seeds,
                    settings=public_settings(settings),
                    on_snapshot=self._tell if self._listeners else None,
                )
                return await run_node(orders, self._manage)

    @asynccontextmanager
    async def _admin(self, plan: "Plan", job: Job) -> "AsyncIterator[None]":
        """Serve what `--http` asks for, from before the first reader until after the last."""
        settings = self._settings
        if settings.http is None:
            yield
            return
        # Not a millisecond of a start without it.
        from crawler.admin.running import admin_server  # noqa: PLC0415

        async with admin_server(plan, job, settings.http, settings.http_token) as watch:
            self._listeners.append(watch.take)
            yield

    def _tell(self, snapshot: "Snapshot") -> None:
        for listener in self._listeners:
            listener(snapshot)

    async def _manage(self, node: "CrawlNode", now: "Now") -> int | None:
        self._node = node
        queue = CrawlQueue(
            NAME,
            node,
            reader,
            context,
            self._settings,
            now=now,
            limit_of=self._limit_of,
        )
        node.fleet = queue.state
        ending = await queue.main()
        _answer_signals()
        return None if ending.signal is None else int(ending.signal)


@lru_cache(maxsize=1)
def _from_environment() -> Runner:
    return Runner(load_settings({}, os.environ, Path.cwd()))


def __getattr__(name: str) -> Any:
    if name == "runner":
        return _from_environment()
    if name == "writer":
        return _from_environment().writer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def main() -> int:
    """Run the daemon from the environment alone; return its exit code."""
    if len(sys.argv) > 1:
        sys.stderr.write(
            "crawler: python -m crawler.qq takes no arguments: CRAWLER_SEEDS and its like say "
            "what to do; for flags use crawler start\n"
        )
        return ConfigError.exit_code
    gc.freeze()  # modules are no garbage: neither here nor in the readers are they looked at again
    try:
        ending = run_crawl(load_settings({}, os.environ, Path.cwd()))
    except CrawlerError as error:
        sys.stderr.write(f"crawler: {error}\n")
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - one line for the operator, the rest in the job's log
        get_logger("crawler.qq").exception("run_failed")
        sys.stderr.write(f"crawler: internal error: {type(error).__name__}: {error}\n")
        return CrawlerError.exit_code
    sys.stderr.write(f"crawler: {ending.line}\n")
    return ending.exit_code


if __name__ == "__main__":
    sys.exit(main())
