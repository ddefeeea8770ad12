"""A reader process: QuasiQueue's own `reader_runner` on our inbox, then drain, close, exit.

When the runner returns, for whatever reason, the loop and its tasks are still alive; stock would
let `asyncio.run` cancel them.
"""

import asyncio
import inspect
import logging
import multiprocessing
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from quasiqueue.reader import reader_runner

from crawler.dealer.inbox import Inbox, drive
from crawler.dealer.link import ParentLink
from crawler.dealer.messages import Duties, ReaderEnds
from crawler.dealer.process import is_orphan, leave, settle_in
from crawler.errors import CrawlerError, is_external
from crawler.logs import bind, flush
from crawler.model.work import Item

logger = logging.getLogger(__name__)

_BEAT_S = 0.25
_DRAIN_SHARE = 5 / 8
"""Of the time from a stop to the parent's kill: running tasks may end …"""
_CANCEL_SHARE = 1 / 8
"""… then they are cancelled and give their items back …"""
_CLOSE_SHARE = 1 / 8
"""… then the context flushes and closes; the rest is slack before the kill."""
_CLOSE_AT_RECYCLING_S = 30.0
EXIT_BROKEN = 70
"""The context could not be made."""


def accepted(function: Callable[..., Any], **offered: object) -> dict[str, object]:
    """Return those of the offered arguments that the function takes by name."""
    names = inspect.signature(function).parameters
    return {name: value for name, value in offered.items() if name in names}


def worker_main(ends: ReaderEnds, duties: Duties) -> None:
    """Run in the child, from fork to exit; never returns."""
    try:
        settle_in(parent_pid=duties.parent_pid, foreign_fds=ends.foreign_fds)
        bind(reader=ends.name)
        asyncio.run(Worker(ends, duties).live())
    except BaseException:  # the process ends here, whatever it was
        logger.exception("reader_died", extra={"reader": ends.name})
    finally:
        leave(1)


class Worker:
    """One reader process's life."""

    def __init__(self, ends: ReaderEnds, duties: Duties) -> None:
        self._ends = ends
        self._stop = duties.stop
        self._reader = duties.reader
        self._context = duties.context
        # No sleep on Empty: `drive` waits instead.
        self._settings = {
            **duties.settings,
            "reader_name": ends.name,
            "empty_queue_sleep_time": 0,
        }
        self._parent_pid = duties.parent_pid
        self._running: set[asyncio.Task[Any]] = set()
        self._inbox: Inbox | None = None

    async def live(self) -> None:
        """Serve until recycled or stopped, then end the process."""
        self._loop = asyncio.get_running_loop()
        self._link = ParentLink(self._ends.ack_fd, self._ends.region, self._loop)
        self._stop_seen = asyncio.Event()
        self._failure: asyncio.Future[BaseException] = self._loop.create_future()
        self._beat()
        exit_code = 0
        try:
            ctx = await self._make_context()
            if ctx is not None:
                await self._serve(ctx)
        except _ContextFailed:
            exit_code = EXIT_BROKEN
        except CrawlerError as error:
            self._report(error)
            exit_code = EXIT_BROKEN
        except Exception:  # left to `asyncio.run` it would wait for tasks without a limit
            logger.exception("reader_died", extra={"reader": self._ends.name})
            exit_code = 1
        await self._link.drain(self._ends.grace_s * _CLOSE_SHARE)
        flush()
        leave(exit_code)

    async def _make_context(self) -> dict[str, Any] | None:
        """Return the context, None if a stop came first."""
        arguments = accepted(self._context, settings=self._settings)
        making = asyncio.ensure_future(self._context(**arguments))
        stop = asyncio.ensure_future(self._stop_seen.wait())
        await asyncio.wait({making, stop}, return_when=asyncio.FIRST_COMPLETED)
        if not making.done():
            making.cancel()
            await asyncio.wait({making}, timeout=self._ends.grace_s * _CANCEL_SHARE)
            return None
        stop.cancel()
        try:
            return making.result()
        except Exception as error:
            self._report(error)
            raise _ContextFailed from error

    def _report(self, error: Exception) -> None:
        """Tell the parent why this process cannot go on, so that no item is blamed for it."""
        if is_external(error):
            # A full disk, say: each reader meets it, the parent says it once, for all.
            extra = {"reader": self._ends.name, "error": str(error)}
            logger.info("reader_broken", extra=extra)
            self._link.broken(str(error), error.exit_code)
            return
        logger.error("reader_broken", extra={"reader": self._ends.name}, exc_info=error)
        self._link.broken(f"{type(error).__name__}: {error}", CrawlerError.exit_code)

    async def _serve(self, ctx: dict[str, Any]) -> None:
        inbox = self._inbox = Inbox(
            self._ends.deal_fd,
            self._link,
            self._loop,
            concurrency=self._settings["concurrent_tasks_per_process"],
            on_pause=ctx["on_pause"],
            on_root=ctx["on_root"],
            on_named=ctx["on_named"],
        )
        self._call = partial(
            self._reader, **accepted(self._reader, ctx=ctx, settings=self._settings)
        )
        ctx["attach"](self._link)
        if "measures" in ctx:
            ctx["measures"].move_to(self._ends.region.measures)
        parent = multiprocessing.parent_process()
        if parent is not None:
            # The runner asks this for each item; the real one is a system call or two.
            parent.is_alive = inbox.parent_is_alive  # type: ignore[method-assign]
        inbox.open()
        self._link.ready()
        runner = reader_runner(inbox, self._stop, self._run_item, lambda: ctx, self._settings)  # type: ignore[arg-type]
        driver = asyncio.ensure_future(_as_task(drive(runner, inbox)))
        driver.add_done_callback(lambda _: inbox.close())
        for task in ctx["background"]:
            task.add_done_callback(self._on_background_end)
        stopped = await self._until_done(driver, inbox.stopped)
        inbox.close()
        await self._end_tasks(driver)
        closing = asyncio.ensure_future(ctx["close"]())
        limit_s = self._ends.grace_s * _CLOSE_SHARE if stopped else _CLOSE_AT_RECYCLING_S
        await asyncio.wait({closing}, timeout=limit_s)
        if self._failure.done():
            raise self._failure.result()
        if closing.done():
            closing.result()

    async def _until_done(self, driver: asyncio.Task[None], stopped: asyncio.Event) -> bool:
        """Wait for the runner and its tasks; after a stop no longer than the drain may take."""
        stop = asyncio.ensure_future(stopped.wait())
        try:
            # Recycling loses no task, however long it takes; a stop that comes meanwhile counts.
            ends: set[asyncio.Future[Any]] = {stop, self._failure}
            while (open_tasks := self._open_tasks(driver)) and not any(e.done() for e in ends):
                await asyncio.wait(open_tasks | ends, return_when=asyncio.FIRST_COMPLETED)
            if stop.done() and open_tasks:
                await asyncio.wait(open_tasks, timeout=self._ends.grace_s * _DRAIN_SHARE)
            return stop.done() or self._stop.is_set()
        finally:
            stop.cancel()

    async def _end_tasks(self, driver: asyncio.Task[None]) -> None:
        if open_tasks := self._open_tasks(driver):
            for task in open_tasks:
                task.cancel()
            await asyncio.wait(open_tasks, timeout=self._ends.grace_s * _CANCEL_SHARE)
        if driver.done() and not driver.cancelled() and (error := driver.exception()) is not None:
            raise error

    def _on_background_end(self, task: asyncio.Future[Any]) -> None:
        """Without its committer (say) this process can only fetch what it will never settle."""
        if task.cancelled() or self._failure.done():
            return
        if (error := task.exception()) is not None:
            self._failure.set_result(error)

    def _open_tasks(self, driver: asyncio.Task[None]) -> set[asyncio.Future[Any]]:
        return {task for task in (*self._running, driver) if not task.done()}

    async def _run_item(self, item: Item) -> None:
        """One item: what `reader_runner` starts as a task."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine that runs is a task's
        self._running.add(task)
        self._link.started(item)
        try:
            await self._call(item=item)
        except Exception as error:
            # QuasiQueue would never look at it; the lease must not hang until it expires.
            extra = {"reader": self._ends.name, "url": item.url}
            if is_external(error):
                # Every task meets it, and the committer's end tells the parent.
                logger.info("reader_raised", extra=extra | {"error": str(error)})
            else:
                logger.exception("reader_raised", extra=extra)
            self._link.failed(item)
        finally:
            self._running.discard(task)
            if self._inbox is not None:
                self._inbox.release()
            self._link.ended(item)

    def _beat(self) -> None:
        """Several times a second: the loop is alive; look at what needs no message."""
        if is_orphan(self._parent_pid):
            leave(1)
        self._ends.region.beat(time.monotonic_ns() // 1_000_000)
        if self._stop.is_set():
            self._stop_seen.set()
            if self._inbox is not None:
                self._inbox.stop()
        self._loop.call_later(_BEAT_S, self._beat)


class _ContextFailed(Exception):
    """Told to the parent already."""


async def _as_task(driven: drive) -> None:
    await driven
