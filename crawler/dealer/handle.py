"""The parent's side of one reader process: its pipes, what it holds, how it is ended."""

import contextlib
import os
import signal
import threading
from multiprocessing.process import BaseProcess

from crawler.dealer.board import Region
from crawler.dealer.wire import FrameSink, FrameSource
from crawler.model.work import Item


class ReaderHandle:
    """One reader, from launch to burial."""

    def __init__(
        self, name: str, region_index: int, region: Region, *, credit: int, max_jobs: int | None
    ) -> None:
        self.name = name
        self.region_index = region_index
        self.region = region
        self._credit = credit
        self._jobs_left = max_jobs or 1 << 62
        self.process: BaseProcess
        self.sink: FrameSink
        self.source: FrameSource
        self.pidfd: int | None = None
        self.held: dict[int, Item] = {}
        """By lease: dealt, and neither settled nor returned."""
        self.fetching: set[int] = set()
        """Leases whose fetch has not ended: they use their host."""
        self.running: set[int] = set()
        """Leases whose task has not ended: they use this reader's credit."""
        self.ready = False
        """Its context stands."""
        self.reserved = False
        """Gets nothing but one item that must be alone."""
        self.ended_on_purpose = False
        """The parent ended it: nothing it held is to blame."""
        self.broken: tuple[str, int] | None = None
        """Why its context could not be made, and the exit code for that."""
        self.outgrew = False
        """It has, or had, more memory than it may have."""
        self._retired = False
        self._kill_lock = threading.Lock()
        self._killed = False

    @property
    def retiring(self) -> bool:
        """Was dealt all the jobs it may run; it finishes them and goes."""
        return self._jobs_left <= 0

    def fds(self) -> tuple[int, int]:
        """The parent's ends, which no other reader may keep open."""
        return self.sink.fileno(), self.source.fileno()

    def has_room(self) -> bool:
        return (
            self.ready
            and not self.reserved
            and self._jobs_left > 0
            and len(self.running) < self._credit
        )

    def hold(self, item: Item) -> None:
        lease_id = item.lease_id
        self.held[lease_id] = item
        self.fetching.add(lease_id)
        self.running.add(lease_id)
        self._jobs_left -= 1

    def retire(self) -> None:
        """Deal it nothing more: it is about to end on purpose, and another takes its place."""
        self._jobs_left = 0
        self._retired = True
        self.ended_on_purpose = True

    def job_not_run(self) -> None:
        """An item came back unstarted: the reader still counts on another one."""
        self._jobs_left += not self._retired

    def watch(self) -> None:
        """Get a handle of the process that cannot come to mean another one."""
        if hasattr(os, "pidfd_open") and self.process.pid is not None:
            with contextlib.suppress(OSError):  # no open file left: its pipe tells its end, too
                self.pidfd = os.pidfd_open(self.process.pid)

    def kill(self) -> bool:
        """SIGKILL, once; from any thread. Say whether this call did it."""
        with self._kill_lock:
            if self._killed:
                return False
            self._killed = True
            if self.pidfd is None:
                self.process.kill()
            else:
                signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
            return True

    @property
    def was_killed(self) -> bool:
        """Whether this side killed it; asked before `release`."""
        return self._killed

    def release(self) -> None:
        """Close what is left of a process that has ended and was reaped."""
        with self._kill_lock:
            self._killed = True
            if self.pidfd is not None:
                os.close(self.pidfd)
                self.pidfd = None
        self.sink.close()
        self.source.close()
        self.process.close()
