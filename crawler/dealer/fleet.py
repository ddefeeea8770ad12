"""The reader processes of a node: launched, watched, replaced, ended."""

import asyncio
import logging
import os
from collections import Counter
from collections.abc import Callable
from multiprocessing.process import BaseProcess

from crawler.dealer.board import Board
from crawler.dealer.dealer import Dealer
from crawler.dealer.handle import ReaderHandle
from crawler.dealer.memory import resident_bytes
from crawler.dealer.messages import Down, ReaderEnds
from crawler.dealer.process import start_quietly
from crawler.dealer.watchdog import monotonic_ms
from crawler.dealer.wire import FrameSink, FrameSource
from crawler.errors import CrawlerError, MachineError
from crawler.model.fleet import FleetState, ReaderState
from crawler.model.measures import SIZE as MEASURES
from crawler.model.measures import read_measures

logger = logging.getLogger(__name__)

_MAX_BROKEN = 5
_CALM_FAILURES = 2
_FIRST_REST_S = 0.1
_LONGEST_REST_S = 2.0
_REAP_S = 1.0
_WITHOUT_READERS_S = 60.0
"""A crawl without any reader ends after so long: whoever starts it again may have more luck."""
_BOARD_SPARE = 512
"""A lease stays on the board until its commit, and a committer may hold several batches."""


class ReadersBroken(CrawlerError):
    """Readers cannot work: their context fails again and again, or their storage failed."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class Fleet:
    """Keeps `size` readers at work; those that finish their last jobs may overlap with new ones."""

    def __init__(
        self,
        dealer: Dealer,
        launch: Callable[[ReaderEnds], BaseProcess],
        *,
        size: int,
        concurrency: int,
        credit: int,
        max_jobs: int | None,
        grace_s: float,
        wake: Callable[[], None],
        dealt: Callable[[], None],
    ) -> None:
        self._dealer = dealer
        self._launch = launch
        self._size = size
        self._credit = credit
        self._max_jobs = max_jobs
        self._grace_s = grace_s
        self._wake = wake
        self._dealt = dealt
        self._loop = asyncio.get_running_loop()
        self._board = Board(readers=2 * size, slots=concurrency + _BOARD_SPARE)
        self._failures = 0
        self._broken = 0
        self._not_before = 0.0
        self._failing_since: float | None = None
        """When the first of the starts failed that have failed since."""
        self._why = ("", 1)
        self._restarts: Counter[str] = Counter()
        self._past = [0] * MEASURES
        """What readers measured whose regions others have now."""

    def state(self) -> FleetState:
        """Return what to show of the readers, as of now."""
        readers = [
            ReaderState(
                name=reader.name,
                pid=reader.process.pid or 0,
                ready=reader.ready,
                held=len(reader.held),
                slot=reader.region_index,
                rss_bytes=resident_bytes(reader.process.pid),
            )
            for reader in self._dealer.readers
        ]
        return FleetState(
            readers=readers,
            configured=self._size,
            queue_depth=self._dealer.deck.qsize(),
            in_flight=sum(reader.held for reader in readers),
            restarts=dict(self._restarts),
            measured=read_measures(self._measures()),
            parent_pid=os.getpid(),
            parent_rss_bytes=resident_bytes(os.getpid()),
        )

    def _measures(self) -> list[int]:
        readers = [reader.region.measures.tolist() for reader in self._dealer.readers]
        return [sum(column) for column in zip(self._past, *readers, strict=True)]

    def fill(self, name: Callable[[], str]) -> float:
        """Launch what is missing; return after how many seconds to come again (0: all there)."""
        while sum(not reader.retiring for reader in self._dealer.readers) < self._size:
            rest_s = self._not_before - self._loop.time()
            if rest_s > 0:
                return rest_s
            index = self._board.take()
            if index is None:
                return 0.0  # the retiring ones first; their end wakes the loop
            try:
                self._start(name(), index)
            except OSError as error:
                self._not_started(error, index)
            else:
                self._failing_since = None
        return 0.0

    def _not_started(self, error: OSError, index: int) -> None:
        """This machine has no process, memory or file left: those that are there go on."""
        now = self._loop.time()
        self._not_before = now + _LONGEST_REST_S
        self._board.give_back(index)
        if self._failing_since is None:
            self._failing_since = now
            extra = {"error": str(error), "readers": len(self._dealer.readers)}
            logger.warning("reader_not_started", extra=extra)
        elif now - self._failing_since > _WITHOUT_READERS_S and not self._dealer.readers:
            raise ReadersBroken(
                f"no reader process can be started: {error}", MachineError.exit_code
            ) from error

    def dead(self) -> list[ReaderHandle]:
        """Return readers whose process has ended, reaped, their last words heard."""
        ended = []
        for reader in list(self._dealer.readers):
            if reader.process.exitcode is not None:
                self._unwatch(reader)
                self._dealer.hear(reader, to_end=True)
                ended.append(reader)
        return ended

    def begun_by(self, reader: ReaderHandle) -> frozenset[int]:
        """Return the leases to blame for a death: none if it was meant, or in good order."""
        if reader.ended_on_purpose or reader.broken or reader.process.exitcode == 0:
            return frozenset()
        return reader.region.begun() & reader.held.keys()

    def forget(self, reader: ReaderHandle) -> None:
        """Close what is left of a dead reader, and note how it died."""
        exit_code = reader.process.exitcode
        # Killed from outside (out of memory, say): the operator must know. Errors tell themselves.
        was_killed = exit_code is not None and exit_code < 0 and not reader.ended_on_purpose
        level = logging.WARNING if was_killed else logging.INFO
        is_restart = reader.outgrew or not reader.ended_on_purpose
        reason = _reason(reader, exit_code) if is_restart else "stop"
        extra = {"reader": reader.name, "reader_pid": reader.process.pid, "exit_code": exit_code}
        logger.log(level, "reader_ended", extra=extra | {"reason": reason})
        if is_restart:
            self._restarts[reason] += 1
        self._past = [n + m for n, m in zip(self._past, reader.region.measures, strict=True)]
        reader.region.clear()
        self._board.give_back(reader.region_index)
        reader.release()
        if reader.broken is not None and reader.ready:
            self._broken = _MAX_BROKEN  # it had all it needs and lost it: the disk, the frontier
        elif reader.ready or reader.ended_on_purpose:
            self._failures = self._broken = 0
            return
        self._failures += 1
        if self._failures > _CALM_FAILURES:
            rest_s = _FIRST_REST_S * 2 ** (self._failures - _CALM_FAILURES - 1)
            self._not_before = self._loop.time() + min(rest_s, _LONGEST_REST_S)
        # Killed from outside (by a person, for its memory) says nothing about the context.
        self._broken += reader.broken is not None or (exit_code is not None and exit_code >= 0)
        self._why = reader.broken or (f"exit code {exit_code}", 1)

    def check(self) -> None:
        """Raise `ReadersBroken` once it is no use to try again."""
        if self._broken >= _MAX_BROKEN:
            why, exit_code = self._why
            if exit_code == CrawlerError.exit_code:
                why = f"reader processes cannot work: {why}"
            raise ReadersBroken(why, exit_code)

    def stop_all(self) -> None:
        """Ask all readers to end: nothing that they hold is to blame for that."""
        for reader in self._dealer.readers:
            reader.ended_on_purpose = True
        self._dealer.broadcast(Down.STOP.value)

    def kill_all(self) -> None:
        for reader in self._dealer.readers:
            reader.ended_on_purpose = True
            reader.kill()

    def abandon(self) -> None:
        """Kill and reap whatever is left, without the loop; nothing is buried."""
        self.kill_all()
        for reader in list(self._dealer.readers):
            reader.process.join(_REAP_S)
            self._unwatch(reader)
            self._dealer.remove(reader)
            if reader.process.exitcode is not None:
                self.forget(reader)

    def _start(self, name: str, index: int) -> None:
        region = self._board.region(index)
        region.beat(monotonic_ms())  # a child that hangs before its loop turns is stuck as well
        reader = ReaderHandle(name, index, region, credit=self._credit, max_jobs=self._max_jobs)
        deal_out, deal_in = os.pipe()
        try:
            ack_out, ack_in = os.pipe()
        except OSError:
            os.close(deal_out)
            os.close(deal_in)
            raise
        reader.sink = FrameSink(deal_in, self._loop)
        reader.source = FrameSource(ack_out)
        foreign = [deal_in, ack_out]
        for other in self._dealer.readers:
            foreign += other.fds()
        ends = ReaderEnds(name, deal_out, ack_in, tuple(foreign), region, self._grace_s)
        reader.process = self._launch(ends)
        try:
            start_quietly(reader.process)
        except OSError:
            region.clear()
            reader.release()
            raise
        finally:
            os.close(deal_out)
            os.close(ack_in)
        reader.watch()
        self._loop.add_reader(ack_out, self._on_ack, reader)
        if reader.pidfd is not None:
            self._loop.add_reader(reader.pidfd, self._on_end, reader)
        self._dealer.add(reader)
        logger.info("reader_launched", extra={"reader": name, "reader_pid": reader.process.pid})

    def _on_ack(self, reader: ReaderHandle) -> None:
        self._dealer.hear(reader)
        if reader.source.ended:
            self._loop.remove_reader(reader.source.fileno())
            self._wake()
        self._dealer.deal()
        self._dealt()

    def _on_end(self, reader: ReaderHandle) -> None:
        # Readable until reaped: the loop in `queue` does that, once it is woken.
        if reader.pidfd is not None:
            self._loop.remove_reader(reader.pidfd)
        self._wake()

    def _unwatch(self, reader: ReaderHandle) -> None:
        self._loop.remove_reader(reader.source.fileno())
        if reader.pidfd is not None:
            self._loop.remove_reader(reader.pidfd)


def _reason(reader: ReaderHandle, exit_code: int | None) -> str:
    """Return a word of `RESTARTS` for a reader that ended while the crawl goes on."""
    if reader.outgrew:
        return "memory"
    if exit_code is not None and exit_code < 0:
        return "stuck" if reader.was_killed else "killed"
    return "jobs" if exit_code == 0 else "crash"
