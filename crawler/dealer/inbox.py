"""A reader's end of the deal pipe, shaped like the queue that QuasiQueue's `reader_runner` reads.

`reader_runner` polls: it takes one item more than it may run and waits with it in its hand, blind
to the stop flag, and it sleeps for a fixed time when there is nothing. So the inbox offers an item
only while a slot is free, and `drive` turns the runner's sleep into a wait for the inbox.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from queue import Empty
from typing import Any

from crawler.dealer.link import ParentLink
from crawler.dealer.messages import Down
from crawler.dealer.wire import FrameSource
from crawler.model.work import Item

_END = "close"


class Inbox:
    """Items that were dealt to this reader and not begun yet."""

    def __init__(
        self,
        fd: int,
        link: ParentLink,
        loop: asyncio.AbstractEventLoop,
        *,
        concurrency: int,
        on_pause: Callable[[str, int], None],
        on_root: Callable[[str], None],
        on_named: Callable[[str], None],
    ) -> None:
        self._source = FrameSource(fd)
        self._link = link
        self._loop = loop
        self._free = concurrency
        self._on_pause = on_pause
        self._on_root = on_root
        self._on_named = on_named
        self._items: deque[Item] = deque()
        self._sleeper: asyncio.Future[None] | None = None
        self._closed = False
        self.starved = False
        """The last `get` found nothing."""
        self.stopped = asyncio.Event()
        """The parent asked to stop, or is gone."""
        link.inbox_size = self._items.__len__

    def open(self) -> None:
        """Begin to read what the parent deals."""
        self._loop.add_reader(self._source.fileno(), self._on_readable)

    def get(self, block: bool = True, timeout: float | None = None) -> Item | str:  # noqa: ARG002 - the shape of Queue
        """Hand out an item if a slot is free, the runner's word for the end; never blocks."""
        if self.stopped.is_set():
            return _END  # the flag of all readers need not be set: this one alone may be asked
        if self._items and self._free > 0:
            self._free -= 1
            return self._items.popleft()
        self.starved = True
        raise Empty

    def release(self) -> None:
        """A task has ended: its slot is free."""
        self._free += 1
        if self._items:
            self.wake()

    def close(self) -> None:
        """Begin nothing any more: give back what waits here, and what still comes."""
        self._closed = True
        self._give_back()

    def stop(self) -> None:
        self.close()
        self.stopped.set()
        self.wake()

    def parent_is_alive(self) -> bool:
        """Cheap stand-in for the check of the parent that the runner makes for each item."""
        return not self._source.ended

    def sleep(self) -> asyncio.Future[None]:
        """Return a future that ends when there may be something to do."""
        self._sleeper = self._loop.create_future()
        if self.stopped.is_set() or (self._items and self._free > 0):
            self._sleeper.set_result(None)
        return self._sleeper

    def wake(self) -> None:
        if self._sleeper is not None and not self._sleeper.done():
            self._sleeper.set_result(None)

    def _on_readable(self) -> None:
        for frame in self._source.read():
            match frame:
                case (Down.ITEMS, items):
                    self._items.extend(map(Item._make, items))
                case (Down.PAUSE, host, until):
                    self._on_pause(host, until)
                    self._give_back(host)
                case (Down.ROOT, root):
                    self._on_root(root)
                case (Down.NAMED, origin):
                    self._on_named(origin)
                case _:
                    self.stop()
        if self._source.ended:
            self._loop.remove_reader(self._source.fileno())
            self.stop()
        elif self._closed:
            self._give_back()
        elif self._items and self._free > 0:
            self.wake()

    def _give_back(self, host: str | None = None) -> None:
        back = [item for item in self._items if host is None or item.host == host]
        if back:
            keep = [item for item in self._items if host is not None and item.host != host]
            self._items.clear()
            self._items.extend(keep)
            self._link.unstarted(back)


class drive:  # noqa: N801 - used like a function: `await drive(coroutine, inbox)`
    """Await QuasiQueue's `reader_runner`, and wait for the inbox where it only yields.

    With `empty_queue_sleep_time=0` the runner's sleep after `Empty` is a bare yield, which a task
    takes as "again in the next turn". Everything else that it awaits passes through untouched.
    """

    def __init__(self, runner: Coroutine[Any, Any, None], inbox: Inbox) -> None:
        self._runner = runner
        self._inbox = inbox

    def __await__(self) -> Generator[Any, None, None]:
        resume: Callable[[], Any] = lambda: self._runner.send(None)  # noqa: E731
        while True:
            try:
                waits_for = resume()
            except StopIteration:
                return
            try:
                if waits_for is None and self._inbox.starved:
                    self._inbox.starved = False
                    yield from self._inbox.sleep()
                else:
                    yield waits_for
            except BaseException as error:  # noqa: BLE001 - thrown into us: the runner's to handle
                caught = error
                resume = lambda: self._runner.throw(caught)  # noqa: E731, B023
            else:
                resume = lambda: self._runner.send(None)  # noqa: E731
