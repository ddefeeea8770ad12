"""`CrawlQueue`: QuasiQueue with a transport that loses, starves and doubles nothing.

The shape is QuasiQueue's: a name, a reader, a writer, a context, settings; its Builder asks the
writer, its `reader_runner` runs the readers. Signals, launching and the loop are ours.
"""

import asyncio
import inspect
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from multiprocessing.process import BaseProcess
from typing import Any, cast

from quasiqueue import QuasiQueue
from quasiqueue import Settings as QuasiQueueSettings

from crawler.dealer.board import StopFlag
from crawler.dealer.messages import Duties, ReaderEnds
from crawler.dealer.run import DealerSettings, Ending, Run
from crawler.dealer.worker import worker_main
from crawler.model.fleet import FleetState
from crawler.model.work import Item
from crawler.ports import Node, Now


class CrawlQueue(QuasiQueue):
    """A QuasiQueue with a pipe pair per reader; `await main()` runs it to its end."""

    reader_stuck_s = 10.0
    """A reader whose loop has not turned for so long is killed."""
    parent_stuck_s = 30.0
    """The parent ends itself with exit code 1 if its own loop has not turned for so long."""

    def __init__(
        self,
        name: str,
        node: Node,
        reader: Callable[..., Awaitable[None]],
        context: Callable[..., Awaitable[dict[str, Any]]],
        settings: DealerSettings,
        *,
        now: Now,
        limit_of: Callable[[str], int | None] | None = None,
        stop_signals: Collection[signal.Signals] = (signal.SIGINT, signal.SIGTERM),
    ) -> None:
        """Make a queue that has not begun.

        Args:
            name: of the queue.
            node: the crawl.
            reader: runs one item.
            context: makes what a reader process has.
            settings: plain values.
            now: the job's clock.
            limit_of: says for a host what holds there instead of `per_host` of the settings.
            stop_signals: end the run in good order.
        """
        if not inspect.iscoroutinefunction(reader) or "item" not in _names(reader):
            raise TypeError("the reader must be an async function with a parameter named `item`")
        if not inspect.iscoroutinefunction(context):
            raise TypeError("the context must be an async function")
        super().__init__(
            name,
            cast("Any", reader),
            cast("Any", node.writer),
            cast("Any", context),
            cast("QuasiQueueSettings", settings),
        )
        self._node = node
        self._now = now
        self._limit_of = limit_of
        self._stop_signals = frozenset(stop_signals)
        self._crawl_settings = settings
        self._stop = StopFlag()
        self._run: Run | None = None
        self._epoch = f"{now():x}-{os.getpid():x}"
        self.ending: Ending | None = None
        """Set once the run is asked to end, kept afterwards."""

    # -- QuasiQueue's interface ------------------------------------------------------------------

    async def main(self) -> Ending:  # type: ignore[override]
        """Run until the node is finished, a signal or `request_stop`; raise what broke the run."""
        loop = asyncio.get_running_loop()
        self.setup_signals(self._stop)
        try:
            await self._run_loop(self._stop)
        finally:
            for number in self._stop_signals:
                loop.remove_signal_handler(number)
        return self.ending or Ending("stopped")

    def setup_signals(self, shutdown_event: Any) -> None:  # noqa: ARG002 - QuasiQueue's signature
        """Handle signals that stop as callbacks of the loop; a second one changes nothing."""
        loop = asyncio.get_running_loop()
        for number in self._stop_signals:
            loop.add_signal_handler(number, self._end, Ending("signal", number))

    def launch_process(self, import_queue: ReaderEnds, shutdown_event: Any) -> BaseProcess:
        """Make the process of one reader (started by the fleet, signals held back)."""
        duties = Duties(
            reader=cast("Any", self.reader),
            context=cast("Any", self.context),
            settings=self._crawl_settings.model_dump(),
            stop=shutdown_event,
            parent_pid=os.getpid(),
        )
        process = multiprocessing.get_context("fork").Process(
            name=import_queue.name,
            target=worker_main,
            args=(import_queue, duties),
            daemon=True,
        )
        return cast("BaseProcess", process)

    async def _run_loop(self, shutdown_event: Any) -> None:
        self._run = Run(
            self._node,
            self._crawl_settings,
            writer=cast("Callable[[int], AsyncIterator[Item]]", self.writer),
            launch=lambda ends: self.launch_process(ends, shutdown_event),
            name=self._next_name,
            now=self._now,
            end=self._end,
            reader_stuck_s=self.reader_stuck_s,
            parent_stuck_s=self.parent_stuck_s,
            limit_of=self._limit_of,
        )
        if self.ending is not None:
            self._run.end()
        await self._run.live()

    # -- ours ------------------------------------------------------------------------------------

    def state(self) -> FleetState | None:
        """Return what to show of the processes, as of now; None before there are any."""
        return None if self._run is None else self._run.state()

    def request_stop(self) -> None:
        """End the run as a signal does; from the parent's loop, any time."""
        self._end(Ending("stopped"))

    def _end(self, ending: Ending) -> None:
        if self.ending is not None:
            if self.ending.reason == "stopped" and ending.reason == "signal":
                self.ending = ending  # it would run again by other settings: now it must not
            return  # a second signal is neither faster nor slower
        self.ending = ending
        self._stop.set()
        if self._run is not None:
            self._run.end()

    def _next_name(self) -> str:
        """Name a reader: unique over all runs of a job, because its parts are registered to it."""
        self.worker_launches += 1
        return f"reader-{self._epoch}-{self.worker_launches:03d}"


def _names(function: Callable[..., Any]) -> Collection[str]:
    return inspect.signature(function).parameters.keys()
