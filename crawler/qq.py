"""The crawl as QuasiQueue runs it: writer, reader, context, and the runner that ties them.

    from crawler.qq import context, reader, runner, writer

`runner` and `writer` are made on first use, from `CRAWLER_*` alone; nothing happens at import.
`python -m crawler.qq` runs the daemon.
"""

import asyncio
import gc
import os
import secrets
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from crawler.clock import job_clock
from crawler.conf.load import load_settings
from crawler.conf.show import public_settings
from crawler.dealer.hangup import leave_at_once, meaning_of_hangup, noted
from crawler.dealer.queue import CrawlQueue
from crawler.errors import ConfigError, CrawlerError, ending_behind
from crawler.job.directory import Job, has_store, move_aside
from crawler.job.lock import acquire
from crawler.logs import bind, configure, get_logger
from crawler.pipeline.context import context
from crawler.pipeline.ending import GOES_ON, Ending
from crawler.pipeline.reader import reader
from crawler.pipeline.renewing import LiveSettings
from crawler.pipeline.run import Orders, failure_logged, run_node
from crawler.pipeline.seeding import check_sources
from crawler.pipeline.store import site_limits

if TYPE_CHECKING:
    from crawler.conf.settings import Settings
    from crawler.model.plan import Plan
    from crawler.model.work import Item
    from crawler.pipeline.node import CrawlNode
    from crawler.pipeline.watching.snapshot import Snapshot
    from crawler.ports import Now

NAME = "crawler"

__all__ = ["Phase", "Runner", "context", "reader", "run_crawl", "runner", "writer"]  # noqa: F822 - lazy

Phase = Literal["running", "reloading"]
"""running: readers are about to start, or nothing was to change · reloading: settings are read."""


def run_crawl(
    settings: "Settings",
    *,
    load: "Callable[[], Settings] | None" = None,
    on_snapshot: "Callable[[Snapshot], None] | None" = None,
    on_note: "Callable[[str], None] | None" = None,
) -> Ending:
    """Crawl until the end, in this process and its readers; return how it ended.

    Args:
        settings: of the crawl.
        load: reads them again, when SIGHUP asks for it.
        on_snapshot: is told once a second how it goes.
        on_note: is told what a person should know at once; without it, the log is.

    Raises:
        CrawlerError: what a person must mend; its `exit_code` is the process's.
    """
    runner = Runner(settings, load=load, on_snapshot=on_snapshot)
    runner.on_note = on_note
    runner.answer_signals()
    if "NOTIFY_SOCKET" not in os.environ:
        return asyncio.run(runner.main())
    from crawler.pipeline.watching.announcing import Announcer  # noqa: PLC0415 - a start without is faster

    with Announcer.of(os.environ, timeout_s=settings.timeout) as announcer:
        runner.listeners.append(announcer.take)
        runner.on_phase.append(announcer.begin)
        runner.on_work = announcer.work
        return announcer.ended(asyncio.run(runner.main()))


class Runner:
    """One run of one job. `main()` is what QuasiQueue's runner offers."""

    def __init__(
        self,
        settings: "Settings",
        *,
        load: "Callable[[], Settings] | None" = None,
        on_snapshot: "Callable[[Snapshot], None] | None" = None,
    ) -> None:
        self._settings = settings
        self._load = load
        self._live: LiveSettings | None = None
        self.listeners = [] if on_snapshot is None else [on_snapshot]
        self.on_phase: list[Callable[[Phase], None]] = []
        """Called, in the parent's loop, with each phase that begins."""
        self.on_work: Callable[[], None] | None = None
        self.on_note: Callable[[str], None] | None = None
        self._node: CrawlNode | None = None
        self._queue: CrawlQueue | None = None
        self._stop_signals = {signal.SIGINT, signal.SIGTERM}
        self._reloads = False

    def answer_signals(self) -> None:
        """Answer signals from now on; the main thread only.

        While no readers are at work one that stops ends the process at once: the job is good at any
        moment. Without that, Ctrl-C would wait for the end of standard input, and the first process
        of a container would not hear SIGTERM.
        """
        if threading.current_thread() is not threading.main_thread():
            return
        match meaning_of_hangup():
            case "stop":
                self._stop_signals.add(signal.SIGHUP)
            case "reload" if self._load is not None:
                self._reloads = True
                signal.signal(signal.SIGHUP, lambda *_: None)  # they were read just now
        leave_at_once(self._stop_signals)

    async def writer(self, desired: int) -> "AsyncIterator[Item]":
        """Yield at most `desired` leased items: QuasiQueue's writer, while `main` runs."""
        if self._node is None:
            raise CrawlerError("the writer claims for a running crawl; start the runner first")
        async for item in self._node.writer(desired):
            yield item

    async def main(self) -> Ending:
        settings = self._settings
        live = self._live = LiveSettings(settings, self._load)
        job = Job.at(live.plan.job, live.plan.output)
        check_sources(settings.seeds, needed=(is_new := settings.fresh or not has_store(job.root)))
        if is_new and settings.http is not None:
            from crawler.admin.running import refuse_taken  # noqa: PLC0415 - as below

            refuse_taken(settings.http, job)
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
                max_bytes=settings.log_max_bytes,
                keep=settings.log_keep,
            )
            bind(run=secrets.token_hex(4))
            for note in settings.notes:
                get_logger("crawler.conf").warning("setting_noted", note=note)
            with failure_logged():
                async with self._admin(live.plan, job), self._hangups():
                    return await self._crawl(live)

    @asynccontextmanager
    async def _hangups(self) -> "AsyncIterator[None]":
        """Answer SIGHUP in the loop, where it means to read the settings again."""
        if not self._reloads:
            yield
            return
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, self.reload)
        try:
            yield
        finally:
            loop.remove_signal_handler(signal.SIGHUP)
            signal.signal(signal.SIGHUP, signal.SIG_IGN)  # it has ended: nothing to reload

    @asynccontextmanager
    async def _admin(self, plan: "Plan", job: Job) -> "AsyncIterator[None]":
        """Serve what `--http` asks for, from before the first reader until after the last."""
        if self._settings.http is None:
            yield
            return
        from crawler.admin.running import admin_server  # noqa: PLC0415 - a start without is faster

        async with admin_server(plan, job, self._settings.http, self._settings.http_token) as watch:
            self.listeners.append(watch.take)
            yield

    def _tell(self, snapshot: "Snapshot") -> None:
        for listener in self.listeners:
            listener(snapshot)

    async def _crawl(self, live: LiveSettings) -> Ending:
        """Run the crawl, and again each time its settings are read again."""
        started_at = job_clock(live.plan.clock_offset_ms)()
        while True:
            orders = Orders(
                plan=live.plan,
                seeds=live.seeds,
                settings=public_settings(live.settings),
                on_snapshot=self._tell if self.listeners else None,
                started_at=started_at if live.has_changed else None,
                on_note=self.on_note,
                goes_on=lambda: live.are_due,
                asked_to_stop=partial(noted, self._stop_signals),
                on_work=self.on_work,
            )
            try:
                ending = await run_node(orders, self._manage)
            except ConfigError as error:
                if not live.go_back(error):
                    raise
            else:
                if ending is not GOES_ON:
                    return ending
                live.take_up()

    def reload(self) -> None:
        """Read the settings again; what changed holds once the readers have wound down.

        Settings that cannot be used are logged, and those that hold stay.
        """
        self._begin("reloading")
        if self._live is None or not self._live.read_again():
            self._begin("running")
        elif self._queue is not None:
            self._queue.request_stop()

    async def _manage(self, node: "CrawlNode", now: "Now") -> int | None:
        self._node = node
        live = self._live
        if live is None or live.are_due:
            return None  # they came while the last ones were taken up
        queue = self._queue = CrawlQueue(
            NAME,
            node,
            reader,
            context,
            live.settings,
            now=now,
            limit_of=site_limits(live.plan),
            stop_signals=self._stop_signals,
        )
        node.fleet = queue.state
        # A signal that comes while it winds down for other settings ends it for good.
        node.renews = lambda: live.are_due and (queue.ending is None or queue.ending.signal is None)
        self._begin("running")
        try:
            ending = await queue.main()
        finally:
            self._queue = None
            leave_at_once(self._stop_signals)
        return None if ending.signal is None else int(ending.signal)

    def _begin(self, phase: Phase) -> None:
        for hear in self.on_phase:
            hear(phase)


@lru_cache(maxsize=1)
def _from_environment() -> Runner:
    return Runner(_load(), load=_load)


def _load() -> "Settings":
    return load_settings({}, os.environ, Path.cwd())


def __getattr__(name: str) -> Any:
    if name in ("runner", "writer"):
        return _from_environment() if name == "runner" else _from_environment().writer
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
        ending = run_crawl(_load(), load=_load)
    except CrawlerError as error:
        sys.stderr.write(f"crawler: {error}\n")
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - one line for the operator, the rest in the job's log
        if (ended := ending_behind(error)) is not None:
            raise ended from None
        get_logger("crawler.qq").exception("run_failed")
        sys.stderr.write(f"crawler: internal error: {type(error).__name__}: {error}\n")
        return CrawlerError.exit_code
    sys.stderr.write(f"crawler: {ending.line}\n")
    return ending.exit_code


if __name__ == "__main__":
    sys.exit(main())
