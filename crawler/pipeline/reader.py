"""The reader: one item through robots, fetch, parse and extract to one settlement.

QuasiQueue calls `reader(item=..., ctx=...)` as a task, up to `concurrent_tasks_per_process` at
once. It catches everything: a fault of a site is a record, a fault of ours is a record with
`error` "internal" and a log line, a cancelled task gives its item back, and so does one for which
this machine has no file, memory or thread left.
"""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, assert_never

from crawler.cache.rules import RulesCache
from crawler.errors import CrawlerError, MachineError, lack_of
from crawler.fetch.fetcher import Fetcher
from crawler.fetch.robots import RobotsFetcher
from crawler.logs import get_logger
from crawler.model.measures import Measures
from crawler.model.plan import Plan
from crawler.model.result import Deferred, Failed, Fetched, HostNote, Redirected, Result
from crawler.model.url import origin, request_target, with_tls
from crawler.model.work import Item
from crawler.pipeline.committer import Committer
from crawler.pipeline.host_watch import HostWatch
from crawler.pipeline.pages import PageSettler
from crawler.pipeline.settlement import Settlement
from crawler.pipeline.sitemaps import SitemapSettler
from crawler.policy.admission import Admission
from crawler.policy.health import SLOW_DOWN
from crawler.policy.revisit import conditions
from crawler.policy.robots import RobotsRules
from crawler.ports import Frontier, Now, Parent

if TYPE_CHECKING:
    from crawler.pipeline.bodies import Bodies

EXPIRY_MARGIN_MS = 5_000
"""A try must be able to end this long before its lease does."""

LACK_REST_MS = 60_000
"""What the machine lacks is not said more often."""


async def reader(item: Item, ctx: Mapping[str, Any]) -> None:
    """Work on one item; `ctx` is what `crawler.pipeline.context.context` returned."""
    await ctx["reader"].run(item)


class Reader:
    """What one reader process does with an item; one instance per process."""

    def __init__(
        self,
        plan: Plan,
        now: Now,
        *,
        frontier: Frontier,
        fetcher: Fetcher,
        robots: RobotsFetcher,
        rules: RulesCache,
        pages: PageSettler,
        sitemaps: SitemapSettler,
        committer: Committer,
        admission: Admission,
        named_origins: frozenset[str],
        bodies: "Bodies | None" = None,
        measures: Measures | None = None,
    ) -> None:
        """`bodies`: None where the crawl keeps none."""
        self._plan = plan
        self._now = now
        self._frontier = frontier
        self._fetcher = fetcher
        self._robots = robots
        self._rules = rules
        self._pages = pages
        self._sitemaps = sitemaps
        self._committer = committer
        self._admission = admission
        self._named_origins = named_origins
        self._bodies = bodies
        self._measures = measures or Measures()
        self._least_left_ms = plan.timeout_ms + EXPIRY_MARGIN_MS
        self._lack_told_at = 0
        self._paused: dict[str, int] = {}
        self._watch = HostWatch(now, plan.window_ms)
        self._log = get_logger("crawler.reader")
        self.parent: Parent

    def pause(self, host: str, until: int) -> None:
        """A host asked for a pause, here or in another process."""
        self._paused[host] = max(until, self._paused.get(host, 0))

    def name(self, named: str) -> None:
        """A person has named an origin: it is sent the headers, too."""
        self._named_origins |= with_tls([named])

    async def run(self, item: Item) -> None:
        self.parent.started(item)
        begun_at = self._now()
        try:
            settlement = await self._work(item)
            if settlement is None:
                self.parent.returned([item])
                return
            await self._committer.settle(settlement, begun_at)
        except asyncio.CancelledError:
            self.parent.returned([item])
            raise
        except MachineError as lack:
            self._lacks(item, lack)
            raise  # the dealer gives it back, due after the window
        except CrawlerError:
            # Output or frontier failed: the committer ends this process, the parent frees the lease
            raise
        except Exception as error:
            if (found := lack_of(error)) is not None:
                self._lacks(item, found)
                raise found from error
            self._log.exception("reader_failed", url=item.url, host=item.host)
            if item.kind == "robots":
                raise  # nothing may be concluded: the dealer gives it back, due after the window
            broken = self._settler(item).broken(item, error, self._now())
            await self._committer.settle(broken, begun_at)

    def _lacks(self, item: Item, lack: MachineError) -> None:
        """Say what this machine lacks, once for all the URLs that it meets."""
        if self._now() >= self._lack_told_at + LACK_REST_MS:
            self._lack_told_at = self._now()
            self._log.warning("machine_exhausted", url=item.url, error=str(lack))

    async def _work(self, item: Item) -> Settlement | None:
        """Return the settlement of an item, or None to give it back untouched."""
        if item.kind == "robots":
            return await self._ask_robots(item)
        if item.verdict is not None:
            self.parent.fetched(item)
            return self._settler(item).unfetched(item, item.verdict, self._now())
        if self._must_return(item):
            return None
        rules = None
        if item.rules_version:
            rules = await self._rules_for(item)
            if rules is None:
                # They expired while the item waited: the frontier asks for them again first.
                return None
        refusal = self._refusal(item, rules)
        if refusal is not None:
            self.parent.fetched(item)
            return _refused(item, refusal)
        return await self._fetch(item)

    def _settler(self, item: Item) -> PageSettler | SitemapSettler:
        return self._sitemaps if item.kind == "sitemap" else self._pages

    def _refusal(self, item: Item, rules: RobotsRules | None) -> str | None:
        """Return why nothing is fetched: the rules may be others than when the URL was found."""
        if rules is not None and not rules.allows(request_target(item.url)):
            self._measures.denied()
            return "robots"
        if item.visit == 1 or item.seed or item.kind == "sitemap":
            # Narrower rules were applied to all that wait when the run began.
            return None
        return self._admission.refusal(item.url, item.depth)

    def _must_return(self, item: Item) -> bool:
        now = self._now()
        if item.lease_until - now < self._least_left_ms:
            return True
        if not self._paused:
            return False
        until = self._paused.get(item.host)
        if until is None:
            return False
        if until > now:
            return True
        del self._paused[item.host]
        return False

    async def _rules_for(self, item: Item) -> RobotsRules | None:
        """Return what rules the item's origin; None where the store has nothing to obey."""
        key = origin(item.url)
        rules = self._rules.parsed(key, item.rules_version)
        if rules is not None:
            return rules
        return await self._rules.rules(key, item.rules_version, lambda: self._frontier.rules(key))

    async def _fetch(self, item: Item) -> Settlement:
        headers = self._plan.headers
        if headers and origin(item.url) not in self._named_origins:
            headers = ()
        if self._bodies is not None and item.kind == "page":
            item = await self._if_kept(item, self._bodies)
        headers = (*headers, *conditions(item))
        result = await self._fetcher.fetch(self._watch.informed(item), headers=headers)
        self.parent.fetched(item)
        note = self._watch.note(item, result)
        if note.paused_until is not None:
            self._pause(item, note, note.paused_until)
        match result:
            case Fetched():
                if item.kind == "sitemap":
                    return await self._sitemaps.fetched(item, result, note, now=self._now())
                return await self._pages.fetched(item, result, note)
            case Redirected():
                return self._settler(item).redirected(item, result, note)
            case Failed():
                return self._settler(item).failed(item, result, note)
            case Deferred():
                return self._defer(item, result, note)
            case _:
                assert_never(result)

    async def _if_kept(self, item: Item, bodies: "Bodies") -> Item:
        """Return what may be asked for with a condition: a 304 needs a body that it stands for.

        There is none where the last visit kept no bodies.
        """
        if not conditions(item) or await bodies.has(item.content_hash):
            return item
        return item._replace(etag=None, last_modified=None)

    def _pause(self, item: Item, note: HostNote, until: int) -> None:
        """The host's other URLs would fare alike: they wait, here and in the other readers."""
        self.pause(item.host, until)
        self.parent.paused(item.host, until)
        if note.server_lost:
            # robots.txt is asked for first: it finds out whether the server is back, and backs off
            # if it is not.
            self._log.warning("server_lost", url=item.url, host=item.host, error=note.failure)
        else:
            self._log.info(
                "host_paused",
                host=item.host,
                reason=note.failure,
                for_ms=max(0, until - self._now()),
            )

    def _defer(self, item: Item, result: Deferred, note: HostNote) -> Settlement:
        due_at = result.due_at
        if note.paused_until is not None and not result.pause_host:
            # After the pause another page goes first, where there is one: it may not be the host.
            due_at = max(due_at, note.paused_until + self._plan.window_ms)
        self._log.info(
            "fetch_deferred", url=item.url, reason=result.reason, attempts=result.attempts
        )
        return Settlement(
            item=item,
            note=note,
            result=Result(
                item.ref,
                item.host_hash,
                item.url_hash,
                item.lease_id,
                "retry",
                reason=result.reason,
                at=due_at,
                tries=result.attempts,
                seed=item.seed,
            ),
        )

    async def _ask_robots(self, item: Item) -> Settlement:
        rules, started_at = await self._robots.fetch(item, self._reserve)
        self.parent.fetched(item)
        self._log.info(
            "robots_settled",
            url=item.url,
            verdict=rules.verdict,
            status=rules.status,
            crawl_delay_ms=rules.crawl_delay_ms,
        )
        links, refusals = self._sitemaps.named_by_robots(item, rules)
        return Settlement(
            item=item,
            note=HostNote(item.host_hash, started_at, throttled=int(rules.status in SLOW_DOWN)),
            rules=rules,
            links=links,
            refusals=refusals,
        )

    async def _reserve(self, host: str) -> int | None:
        return await self._frontier.reserve(host, now=self._now())


def _refused(item: Item, reason: str) -> Settlement:
    """No request was made, so the note carries no start: the host's turn is given back."""
    return Settlement(
        item=item,
        note=HostNote(item.host_hash, None),
        result=Result(
            item.ref,
            item.host_hash,
            item.url_hash,
            item.lease_id,
            "dead",
            reason=reason,
            seed=item.seed,
        ),
    )
