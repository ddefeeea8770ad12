"""The node: what the parent process knows and decides while the crawl runs.

It claims for QuasiQueue's writer, buries readers that died, keeps the frontier's house, and finds
out when the crawl is over. It works on `crawler.ports.Frontier` alone.
"""

import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from crawler.logs import get_logger
from crawler.model.control import Steering
from crawler.model.fleet import FleetState
from crawler.model.measures import Clocked
from crawler.model.plan import Plan
from crawler.model.view import HostState, Outlook
from crawler.model.work import Item
from crawler.pipeline.changed_rules.widening import Widening
from crawler.pipeline.crew import CrewNote
from crawler.pipeline.disk_guard import DiskGuard, refuse_gone
from crawler.pipeline.helm import OPERATOR, Helm
from crawler.pipeline.recovery import cut_parts
from crawler.pipeline.watching.snapshot import Budget, Snapshot
from crawler.ports import Frontier, Now

if TYPE_CHECKING:
    from crawler.pipeline.upkeep.aftercare import Aftercare

TICK_MS = 500
LOOK_MS = 500
"""How often the parent looks whether the crawl is over."""
CHECKPOINT_MS = 500
SNAPSHOT_MS = 1_000
MOST_HOSTS = 8
HOSTS_REST = 100
"""Hosts are listed again after so many times what it took: in a store of a million it takes a
quarter of a second, for which no claim is made."""
HOSTS_REST_MOST_MS = 60_000


class CrawlNode:
    """Fulfils `crawler.ports.Node`; one instance per run of the parent."""

    def __init__(
        self,
        plan: Plan,
        frontier: Frontier,
        now: Now,
        *,
        started_at: int | None = None,
        on_snapshot: Callable[[Snapshot], None] | None = None,
    ) -> None:
        self._plan = plan
        self._frontier = frontier
        self._now = now
        self._on_snapshot = on_snapshot
        self._started_at = now() if started_at is None else started_at
        self._log = get_logger("crawler.node")
        self._widening = Widening(plan, frontier, now)
        self._disks = DiskGuard((plan.job, plan.output), plan.min_free_bytes, frontier)
        self._settled: Counter[int] = Counter()
        self._ahead: dict[int, int] = {}
        self._looked_at = self._ticked_at = self._checkpoint_at = 0
        self._snapshot_at = 0
        self._outlook: Outlook | None = None
        self._pages_at_start = -1
        self._hosts: list[HostState] = []
        self._hosts_at = 0
        self._goes_on = True
        self._visits_until = None if not plan.revisits else self._started_at
        """Visits that were due by then are made; without --keep-running, when the run began."""
        self._out = 0
        """Items claimed and not settled or freed yet, as far as this process has heard."""
        self.limit: str | None = None
        """Which limit ended the claims; None while there is none."""
        self._claims = Clocked()
        self.drops = 0
        self.holds: set[str] = set()
        """Why nothing is claimed for now, though the crawl is not over: operator, disk."""
        self._helm = Helm(frontier, self.holds)
        self._crew = CrewNote(frontier)
        self._finishing: str | None = None
        self.renews: Callable[[], bool] = bool
        """Whether its end is asked for because settings were read again."""
        self.gone_by: int | None = None
        """Once the end was asked for from outside: when the last reader is gone."""
        self.care: Aftercare | None = None
        """What packs and ships sealed parts, where that is asked for."""
        self.fleet: Callable[[], FleetState | None] | None = None
        """Asked once a second for what snapshots show of the processes."""

    async def writer(self, desired: int) -> AsyncIterator[Item]:
        """Claim at most `desired` items and commit, then yield them (QuasiQueue's writer)."""
        plan = self._plan
        if plan.max_total_bytes is not None or plan.max_time_ms is not None:
            # Looked at before each claim: only bodies in flight may go over.
            self._apply_limits(self._now(), await self._frontier.counters())
        if self._claims_nothing or self.holds or desired <= 0:
            return
        begun_ns = time.monotonic_ns()
        items = await self._frontier.claim(desired, now=self._now(), ahead=self._ahead)
        self._claims.add((time.monotonic_ns() - begun_ns) // 1000)
        if not items:
            # Nothing now: find out when, so that the parent sleeps exactly until then.
            self._outlook = await self._frontier.outlook(now=self._now())
        self._out += len(items)
        for item in items:
            yield item

    async def bury(self, reader: str, held: Sequence[Item], started: Collection[int]) -> None:
        parts = await self._frontier.seal(reader, now=self._now())
        cut_parts(parts, self._plan.output)
        freed = 0
        if held:
            self._out -= len(held)
            freed = await self._frontier.release(held, now=self._now(), crashed=started)
        if started:
            self._log.warning("reader_buried", reader=reader, freed=freed, started=len(started))
        elif freed:
            self._log.info("reader_buried", reader=reader, freed=freed, started=0)

    async def give_back(self, items: Sequence[Item], due: int | None = None) -> None:
        self._out -= len(items)
        await self._frontier.release(items, now=self._now(), due=due)

    def settled(self, items: Sequence[Item]) -> None:
        self._out -= len(items)
        settled = self._settled
        for item in items:
            if item.delay_ms == 0:
                settled[item.host_hash] += 1

    def dropped(self, item: Item) -> None:
        self.drops += 1
        self._log.error("item_dropped", url=item.url, claimed_at=item.claimed_at)

    async def beat(self) -> bool:
        now = self._now()
        if self.care is not None:
            await self.care.beat()
        if now - self._ticked_at >= TICK_MS:
            self._measure(now)
            self._ticked_at = now
            await self._disks.look(self.holds)
            refuse_gone(self._plan.output)
            if self.fleet is not None:
                await self._crew.take(self.fleet())
            if self._visits_until is not None and self._plan.keep_running:
                self._visits_until = now
            await self._frontier.tick(now=now, visits_until=self._visits_until)
        if now - self._checkpoint_at >= CHECKPOINT_MS:
            self._checkpoint_at = now
            await self._frontier.checkpoint()
        if self._out <= 0 or now - self._looked_at >= LOOK_MS:
            self._looked_at = now
            self._goes_on = await self._look(now)
            return self._goes_on
        return True

    async def has_work(self) -> bool:
        """Whether a run that is over has something to claim after all.

        Something was added after the last look, so that the crawl goes on, not the next start.
        """
        self.gone_by = None
        if self.limit is not None or self.holds:
            return False
        return (await self._frontier.outlook(now=self._now())).claimable > 0

    def _measure(self, now: int) -> None:
        """About one second of what each host without delay settles may be claimed ahead."""
        elapsed = max(1, now - self._ticked_at) / 1000
        self._ahead = {host: int(n / elapsed) for host, n in self._settled.items()}
        self._settled.clear()

    async def _look(self, now: int) -> bool:
        counters = await self._frontier.counters()
        await self._helm.hear(counters)
        outlook = self._outlook = await self._frontier.outlook(now=now)
        if self._pages_at_start < 0:
            self._pages_at_start = counters.get("records", 0)
        self._apply_limits(now, counters)
        if self._on_snapshot is not None and now - self._snapshot_at >= SNAPSHOT_MS:
            self._snapshot_at = now
            await self._show(now, counters, outlook)
        if not self._is_over(now, outlook):
            return True
        if self.limit is not None:
            return False
        return await self._widening.step() or self._plan.keep_running

    def _apply_limits(self, now: int, counters: Mapping[str, int]) -> None:
        plan = self._plan
        limit = None
        if plan.max_time_ms is not None and now - self._started_at >= plan.max_time_ms:
            limit = "max_time"
        elif plan.max_total_bytes is not None and counters.get("bytes", 0) >= plan.max_total_bytes:
            limit = "max_total_bytes"
        elif self._is_full(counters):
            limit = "max_pages"
        # Requisites go on after the last page, until another limit ends them too.
        if limit is not None and limit != self.limit and self.limit in (None, "max_pages"):
            self.limit = limit
            self._log.info("limit_reached", limit=limit)

    @property
    def _claims_nothing(self) -> bool:
        """Whether a limit ended the claims; that of pages holds no requisites back."""
        return self.limit is not None and not (self.limit == "max_pages" and self._plan.requisites)

    def _is_full(self, counters: Mapping[str, int]) -> bool:
        """Whether no page can come any more; where pages are visited again, those still are."""
        plan = self._plan
        if plan.max_pages is None or plan.revisits or counters.get("again"):
            return False
        return counters.get("pages", 0) >= plan.max_pages

    def _is_over(self, now: int, outlook: Outlook) -> bool:
        if self.limit in ("max_time", "max_total_bytes"):
            # Readers finish what they have begun, what still waits for one is given back.
            return True
        if outlook.leased:
            return False
        if self._claims_nothing:
            return True
        # Paused by a person it goes on; a full disk is no reason to wait where nothing is left.
        is_held = OPERATOR in self.holds or (bool(self.holds) and outlook.ready > 0)
        if is_held or outlook.claimable:
            return False
        until = self._visits_until
        if until is not None and outlook.next_visit is not None and outlook.next_visit <= until:
            return False
        return outlook.next_due is None or outlook.next_due > now + self._plan.max_wait_ms

    async def _show(self, now: int, counters: Mapping[str, int], outlook: Outlook) -> None:
        if now >= self._hosts_at:
            self._hosts = await self._list_hosts(now)
            ended_at = self._now()
            self._hosts_at = ended_at + min(HOSTS_REST * (ended_at - now), HOSTS_REST_MOST_MS)
        assert self._on_snapshot is not None  # noqa: S101 - the caller has looked
        self._on_snapshot(
            Snapshot(
                at=now,
                started_at=self._started_at,
                counters=counters,
                outlook=outlook,
                hosts=self._hosts,
                pages_at_start=self._pages_at_start,
                budget=Budget.of(self._plan, self._started_at),
                stopping=self.limit,
                holds=sorted(self.holds),
                gone_by=self.gone_by,
                renews=self.renews(),
                finishing=self._finishing,
                fleet=None if self.fleet is None else self.fleet(),
                drops=self.drops,
                claims=self._claims.read(),
            )
        )

    async def _list_hosts(self, now: int) -> list[HostState]:
        """Those with most left, and those that wait; no host twice."""
        busy = await self._frontier.hosts(now=now, limit=MOST_HOSTS)
        waiting = await self._frontier.hosts(now=now, limit=MOST_HOSTS, only_waiting=True)
        return list({host.host: host for host in (*busy, *waiting)}.values())

    async def begin(self) -> None:
        """Take in what a person has asked for, before the first claim."""
        await self._helm.begin()
        await self._disks.begin()

    def steering(self) -> Steering | None:
        return self._helm.told()

    def wind_down(self, grace_ms: int) -> None:
        if self.care is not None:
            self.care.wind_down()
        if self._goes_on:
            self.gone_by = self._now() + grace_ms
            self._looked_at = self._snapshot_at = 0

    async def show_finishing(self, doing: str) -> None:
        """Go on with snapshots after the last reader: what is done now may take an hour."""
        now = self._now()
        if self._on_snapshot is not None and now - self._snapshot_at >= SNAPSHOT_MS:
            self._snapshot_at, self._finishing = now, doing
            frontier = self._frontier
            await self._show(now, await frontier.counters(), await frontier.outlook(now=now))

    def wait_ms(self) -> int | None:
        outlook = self._outlook
        if outlook is None or outlook.next_at is None:
            return None
        return max(0, outlook.next_at - self._now())
