"""One run of the parent: tend the readers, give back, claim, deal, beat; then wind down.

All calls of the node are awaited here, one after the other, so none is in flight at a fork.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from multiprocessing.process import BaseProcess
from signal import Signals
from typing import Any, Literal, NamedTuple, Protocol

from crawler.dealer.alarm import Alarm
from crawler.dealer.dealer import Dealer
from crawler.dealer.deck import Deck
from crawler.dealer.fleet import Fleet
from crawler.dealer.memory import MemoryGuard
from crawler.dealer.messages import ReaderEnds
from crawler.dealer.pace import Pace
from crawler.dealer.watchdog import Watchdog
from crawler.dealer.window import RequeueWindow
from crawler.errors import is_external
from crawler.model.work import Item
from crawler.ports import Node, Now

logger = logging.getLogger(__name__)

_BEAT_S = 0.25
_WAITING = 8
"""Items that a reader at full concurrency may have waiting, so that it never waits for a deal."""
_REFILL_BELOW = 0.3
"""QuasiQueue's Builder asks the writer only while the queue holds less than this share."""
_GRACE_MAX_S = 8.0
"""After a stop all of a node is gone within this time, whatever the settings say."""
_KILL_SHARE = 0.92
"""Of the grace: then the readers that are left are killed, and buried in the rest of it."""
_UNKILLABLE_S = 2.0
"""After the grace: no process is waited for any longer."""


class DealerSettings(Protocol):
    """QuasiQueue's settings, and one of ours."""

    num_processes: int
    max_queue_size: int
    prevent_requeuing_time: float
    full_queue_sleep_min: float
    full_queue_sleep_max: float
    graceful_shutdown_timeout: float
    lookup_block_size: int
    max_jobs_per_process: int | None
    concurrent_tasks_per_process: int
    max_reader_memory: int | None
    per_host: int
    """Fetches that may run side by side at one host without delay."""

    def model_dump(self) -> dict[str, Any]: ...


class Ending(NamedTuple):
    """How a run ended, where it did not raise."""

    reason: Literal["finished", "signal", "stopped"]
    """finished: the node said so · signal: `signal` says which · stopped: `request_stop`."""
    signal: Signals | None = None


class Run:
    """From the first launch to the last burial."""

    def __init__(
        self,
        node: Node,
        settings: DealerSettings,
        *,
        writer: Callable[[int], AsyncIterator[Item]],
        launch: Callable[[ReaderEnds], BaseProcess],
        name: Callable[[], str],
        now: Now,
        end: Callable[[Ending], None],
        reader_stuck_s: float,
        parent_stuck_s: float,
        limit_of: Callable[[str], int | None] | None = None,
    ) -> None:
        self._node = node
        self._name = name
        self._now = now
        self._end = end
        self._loop = asyncio.get_running_loop()
        self._alarm = Alarm()
        self._grace_s = min(settings.graceful_shutdown_timeout, _GRACE_MAX_S)
        self._ended_at: float | None = None
        self._beat_at = 0.0
        self._heard = False
        self._error: Exception | None = None
        self._low = settings.max_queue_size * _REFILL_BELOW
        self._slept_full = False
        self._deck = Deck(per_host=settings.per_host, now=now, limit_of=limit_of)
        self._builder = RequeueWindow(
            self._deck, settings, writer, max_populate=settings.max_queue_size
        )
        self._pace = Pace(
            wait_ms=node.wait_ms,
            poll_s=self._builder.full_queue_sleep_time,
            max_s=settings.full_queue_sleep_max,
        )
        self._dealer = Dealer(self._deck, settled=node.settled, news=self._on_news)
        concurrency = settings.concurrent_tasks_per_process
        self._fleet = Fleet(
            self._dealer,
            launch,
            size=settings.num_processes,
            concurrency=concurrency,
            credit=concurrency + _WAITING,
            max_jobs=settings.max_jobs_per_process,
            grace_s=self._grace_s,
            wake=self._alarm.ring,
            dealt=self._on_dealt,
        )
        self.state = self._fleet.state
        self._memory = MemoryGuard(settings.max_reader_memory, self._loop.time, self._grace_s)
        self._watchdog = Watchdog(
            lambda: list(self._dealer.readers),
            reader_stuck_s=reader_stuck_s,
            parent_stuck_s=parent_stuck_s,
        )

    def end(self) -> None:
        """The run has been asked to end; the clock of the grace starts now."""
        if self._ended_at is None:
            self._ended_at = self._loop.time()
        self._alarm.ring()

    async def live(self) -> None:
        """Crawl until the end is asked for, wind down, leave no process; raise what went wrong."""
        self._watchdog.start()
        self._beat_watchdog()
        try:
            try:
                await self._crawl()
            except Exception as error:  # noqa: BLE001 - raised again below, readers ended first
                self._error = error
                self._end(Ending("stopped"))
            await self._wind_down()
        finally:
            self._watchdog_timer.cancel()
            self._watchdog.stop()
            self._fleet.abandon()
        if self._error is not None:
            raise self._error

    # -- the crawl -------------------------------------------------------------------------------

    async def _crawl(self) -> None:
        while self._ended_at is None:
            launch_in = await self._tend_readers()
            await self._give_back()
            if self._deck.qsize() < self._low and self._pace.due_in(self._loop.time()) <= 0:
                await self._claim()
                if self._heard and self._dealer.has_nothing_out():
                    # All is settled: the end, most likely. An idle node beats no faster than ever.
                    self._beat_at = 0.0
            self._dealer.deal()
            if self._loop.time() >= self._beat_at and not await self._beat():
                self._end(Ending("finished"))
            await self._alarm.wait(self._idle_for(launch_in))

    def _idle_for(self, launch_in: float) -> float:
        now = self._loop.time()
        waits = [self._beat_at - now]
        if launch_in > 0:
            waits.append(launch_in)
        self._slept_full = self._deck.qsize() >= self._low
        if not self._slept_full:
            waits.append(self._pace.due_in(now))
        return max(min(waits), 0.0)

    async def _claim(self) -> None:
        self._pace.begin()
        began_at = self._loop.time()
        await self._builder.populate()
        self._pace.claimed(
            began_at=began_at,
            ended_at=self._loop.time(),
            desired=self._builder.desired,
            pulled=self._builder.pulled,
        )
        for item in self._builder.dropped:
            self._node.dropped(item)
            due = item.claimed_at + self._builder.window_ms
            await self._node.give_back([item], due)
        self._builder.dropped.clear()
        # A scope root told before this claim was committed reaches readers before its items.
        for reader in self._dealer.readers:
            self._dealer.hear(reader)

    async def _beat(self) -> bool:
        self._heard = False
        self._beat_at = self._loop.time() + _BEAT_S
        self._memory.look(self._dealer.readers)
        goes_on = await self._node.beat()
        self._dealer.steer(self._node.steering())
        return goes_on

    # -- what readers leave behind ---------------------------------------------------------------

    async def _tend_readers(self) -> float:
        """Replace and bury the dead; return after how many seconds to launch (0: nothing to)."""
        graves = []
        for reader in self._fleet.dead():
            begun = self._fleet.begun_by(reader)
            held = self._dealer.remove(reader)
            self._fleet.forget(reader)
            graves.append((reader.name, held, begun))
        launch_in = 0.0 if self._dealer.stopping else self._fleet.fill(self._name)
        for name, held, begun in graves:
            self._forget(held)
            await self._ask(self._node.bury(name, held, begun))
            self._pace.news()
        if not self._dealer.stopping:
            self._fleet.check()
        return launch_in

    async def _give_back(self) -> None:
        """Free what nobody works on, out of the window first, so that it may be offered again."""
        if returned := self._dealer.returned:
            self._dealer.returned = []
            await self._free(returned, None)
        if failed := self._dealer.failed:
            self._dealer.failed = []
            await self._free(failed, self._now() + self._builder.window_ms)
        if taken_back := self._deck.taken_back:
            self._deck.taken_back = []
            by_end: dict[int, list[Item]] = {}
            for item, until in taken_back:
                by_end.setdefault(until, []).append(item)
            for until, items in by_end.items():
                await self._free(items, until)

    async def _free(self, items: list[Item], due: int | None) -> None:
        self._forget(items)
        await self._ask(self._node.give_back(items, due))

    def _forget(self, items: list[Item]) -> None:
        for item in items:
            self._builder.forget(item)

    async def _ask(self, call: Awaitable[object]) -> None:
        """Await the node; while winding down its first error is kept, and readers still end."""
        try:
            await call
        except Exception as error:
            if not self._dealer.stopping:
                raise
            if is_external(error):  # said once: what ended the crawl is most often the same
                logger.info("wind_down_failed", extra={"error": str(error)})
            else:
                logger.exception("wind_down_failed")
            self._error = self._error or error

    # -- the end ---------------------------------------------------------------------------------

    async def _wind_down(self) -> None:
        """Readers get their drain, then are killed; everything undealt is given back at once."""
        ended_at = self._ended_at or self._loop.time()
        kill_at = ended_at + self._grace_s * _KILL_SHARE
        self._dealer.stopping = True
        self._node.wind_down(int((kill_at - self._loop.time()) * 1000))
        self._fleet.stop_all()
        self._dealer.returned += self._deck.take_all()
        self._beat_at = 0.0  # so that who watches hears of it at once
        while True:
            await self._tend_readers()
            await self._give_back()
            now = self._loop.time()
            if not self._dealer.readers or now > ended_at + self._grace_s + _UNKILLABLE_S:
                return
            if now >= kill_at:
                self._fleet.kill_all()
            if now >= self._beat_at:
                await self._ask(self._beat())
            await self._alarm.wait(_BEAT_S if now >= kill_at else min(_BEAT_S, kill_at - now))

    # -- callbacks -------------------------------------------------------------------------------

    def _on_news(self) -> None:
        self._heard = True
        self._pace.news()
        self._alarm.ring()

    def _on_dealt(self) -> None:
        """The deck has become low while the loop slept on a full one."""
        if self._slept_full and self._deck.qsize() < self._low:
            self._slept_full = False
            self._alarm.ring()

    def _beat_watchdog(self) -> None:
        self._watchdog.parent_beat()
        self._watchdog_timer = self._loop.call_later(_BEAT_S, self._beat_watchdog)
