"""A crawl in memory for the process transport: a node, readers, contexts, settings.

The node keeps the frontier's promises that matter to the transport: a lease id is never used twice,
a freed URL may be claimed again, nothing is claimed within the window unless it was freed. It
counts what happened to each lease, so that a test can say "nothing lost, nothing twice".
"""

import asyncio
import contextlib
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence
from typing import Any

import psutil
from quasiqueue import Settings

from crawler.dealer.queue import CrawlQueue
from crawler.model.control import Steering
from crawler.model.work import Item


def now_ms() -> int:
    return time.monotonic_ns() // 1_000_000


def make_item(url: str = "http://h0.test/1", **changes: Any) -> Item:
    host = url.split("/")[2]
    values = {
        "kind": "page",
        "url": url,
        "host": host,
        "host_hash": hash(host),
        "url_hash": hash(url),
        "ref": 1,
        "lease_id": 1,
        "claimed_at": now_ms(),
        "lease_until": now_ms() + 60_000,
        "depth": 0,
        "priority": 5,
        "tries": 0,
        "visit": 1,
        "delay_ms": 0,
        "rules_version": 0,
        "seed": False,
        "chain": (),
        "parent": None,
        "verdict": None,
        "alone": False,
        "etag": None,
        "last_modified": None,
        "content_hash": None,
    }
    return Item(**(values | changes))


class QueueSettings(Settings):
    """As the crawler's own settings will be, with test-sized defaults."""

    per_host: int = 16
    num_processes: int = 2
    max_queue_size: int = 300
    prevent_requeuing_time: float = 10.0
    full_queue_sleep_min: float = 0.05
    full_queue_sleep_max: float = 0.25
    graceful_shutdown_timeout: float = 8.0
    lookup_block_size: int = 100
    max_jobs_per_process: int | None = None
    max_reader_memory: int | None = None
    concurrent_tasks_per_process: int = 16


class MemoryNode:
    """`crawler.ports.Node` over a list of URLs; finished when each of them is settled."""

    def __init__(self, urls: Iterable[str], **changes: Any) -> None:
        self.changes = changes
        self.orders: Steering | None = None
        self.ready: deque[str] = deque(urls)
        self.delayed: list[tuple[int, str]] = []
        self.total = len(self.ready)
        self.leased: dict[int, Item] = {}
        self.claims: list[Item] = []
        self.settled_urls: Counter[str] = Counter()
        self.crashed: Counter[str] = Counter()
        self.given_back: list[tuple[Item, int | None]] = []
        self.drops: list[Item] = []
        self.buried: list[tuple[str, int, int]] = []
        self.keep_running = False
        self.on_beat: Callable[[], Any] | None = None
        self.next_lease = 1
        self.desired: list[int] = []
        self.grace_ms: int | None = None

    def item(self, url: str) -> Item:
        self.next_lease += 1
        return make_item(url, lease_id=self.next_lease, **self.changes)

    async def writer(self, desired: int) -> AsyncIterator[Item]:
        self.desired.append(desired)
        now = now_ms()
        for due, url in [entry for entry in self.delayed if entry[0] <= now]:
            self.delayed.remove((due, url))
            self.ready.append(url)
        items = []
        while self.ready and len(items) < desired:
            items.append(self.item(self.ready.popleft()))
        self.leased |= {item.lease_id: item for item in items}
        self.claims += items
        for item in items:
            yield item

    def _free(self, item: Item, due: int | None) -> None:
        if self.leased.pop(item.lease_id, None) is not None:
            if due is None:
                self.ready.append(item.url)
            else:
                self.delayed.append((due, item.url))

    async def bury(self, reader: str, held: Sequence[Item], started: Collection[int]) -> None:
        self.buried.append((reader, len(held), len(started)))
        for item in held:
            self.crashed[item.url] += item.lease_id in started
            self._free(item, None)

    async def give_back(self, items: Sequence[Item], due: int | None = None) -> None:
        for item in items:
            self.given_back.append((item, due))
            self._free(item, due)

    def settled(self, items: Sequence[Item]) -> None:
        for item in items:
            if self.leased.pop(item.lease_id, None) is not None:
                self.settled_urls[item.url] += 1

    def dropped(self, item: Item) -> None:
        self.drops.append(item)

    async def beat(self) -> bool:
        if self.on_beat is not None:
            self.on_beat()
        done = self.total <= len(self.settled_urls)
        return self.keep_running or not done

    def wind_down(self, grace_ms: int) -> None:
        self.grace_ms = grace_ms

    def steering(self) -> Steering | None:
        steering, self.orders = self.orders, None
        return steering

    def wait_ms(self) -> int | None:
        if self.ready:
            return 0
        return max(min(self.delayed)[0] - now_ms(), 0) if self.delayed else None


async def plain_context(settings: dict[str, Any]) -> dict[str, Any]:
    ctx: dict[str, Any] = {
        "link": None,
        "background": set(),
        "reader_name": settings["reader_name"],
        "pauses": {},
        "roots": [],
    }

    def attach(link: Any) -> None:
        ctx["link"] = link

    async def close() -> None:
        return None

    ctx["attach"] = attach
    ctx["close"] = close
    ctx["on_pause"] = ctx["pauses"].__setitem__
    ctx["on_root"] = ctx["on_named"] = ctx["roots"].append
    return ctx


async def quick_reader(item: Item, ctx: dict[str, Any]) -> None:
    link = ctx["link"]
    link.fetched(item)
    link.settled([item.lease_id])


def sleeping_reader(seconds: float) -> Callable[..., Any]:
    async def reader(item: Item, ctx: dict[str, Any]) -> None:
        link = ctx["link"]
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            link.returned([item])
            raise
        link.fetched(item)
        link.settled([item.lease_id])

    return reader


def urls(count: int, hosts: int = 10) -> list[str]:
    return [f"http://h{n % hosts}.test/{n}" for n in range(count)]


def crawl_queue(
    node: Any,
    reader: Callable[..., Any] = quick_reader,
    context: Callable[..., Any] = plain_context,
    **settings: Any,
) -> CrawlQueue:
    return CrawlQueue("test", node, reader, context, QueueSettings(**settings), now=now_ms)


def readers(pid: int | None = None) -> list[int]:
    """Pids of the living children of a process (this one), zombies not counted."""
    alive = []
    for child in psutil.Process(pid).children():
        with contextlib.suppress(psutil.NoSuchProcess):
            if child.status() != psutil.STATUS_ZOMBIE:
                alive.append(child.pid)
    return alive


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def until(condition: Callable[[], Any], timeout_s: float = 60.0) -> Any:
    """Poll until the condition holds; its value."""
    deadline = time.monotonic() + timeout_s
    while not (value := condition()):
        assert time.monotonic() < deadline, "condition did not come true in time"
        await asyncio.sleep(0.005)
    return value
