"""Links that were refused as out of scope come back when the scope has become wider.

A redirected seed, or a seed that a later run brings, adds a scope root. Pages that were read before
have been judged without it, but their links are in our own records: when nothing else is left to
do, the committed records are read again, and what only the old scope refused is added.
"""

from crawler.logs import get_logger
from crawler.model.plan import Plan
from crawler.pipeline.changed_rules.rereading import Rereading
from crawler.policy.admission import admission_of
from crawler.policy.site_scope import scope_of
from crawler.ports import Frontier, Now

ROOTS_SCANNED = "roots_scanned"
"""Name in the frontier's meta table: how many scope roots all records so far were judged with."""

_SLICE_PIECES = 32


async def roots_of_new_crawl(frontier: Frontier) -> dict[str, str]:
    """Return what to store after seeding: no record was judged yet, so none without these roots."""
    if (await frontier.counters()).get("records", 0):
        return {}
    return {ROOTS_SCANNED: str(len(await frontier.roots()))}


class Widening:
    """Reads records again, a slice per call, while roots are there that they were not judged by."""

    def __init__(self, plan: Plan, frontier: Frontier, now: Now) -> None:
        self._plan = plan
        self._frontier = frontier
        self._now = now
        self._log = get_logger("crawler.widening")
        self._reading: Rereading | None = None
        self._roots = 0
        """How many roots the reading is about."""

    async def step(self) -> bool:
        """Read on, called when the crawl looks over; False if there is nothing to read (any more).

        Raises:
            StorageError: a part cannot be read.
        """
        # With these every link of the scope is known by itself: it is a seed, or nothing is out.
        plan = self._plan
        if {plan.scope, *(site.scope for site in plan.sites)} <= {"page", "any", None}:
            return False
        reading = self._reading = self._reading or await self._begin()
        if reading is None:
            return False
        for _ in range(_SLICE_PIECES):
            if not reading.parts_left:
                await self._frontier.set_meta({ROOTS_SCANNED: str(self._roots)})
                self._log.info("records_reread", links=reading.links)
                self._reading = None
                break
            await reading.step()
        return True

    async def _begin(self) -> Rereading | None:
        roots = await self._frontier.roots()
        scanned = int((await self._frontier.meta()).get(ROOTS_SCANNED, "0"))
        if len(roots) <= scanned:
            return None
        plan = self._plan
        old = scope_of(plan, roots[:scanned])
        if not any(old.refusal(root) == "scope" for root in roots[scanned:]):
            await self._frontier.set_meta({ROOTS_SCANNED: str(len(roots))})
            return None
        new = admission_of(plan, roots, self._now())
        self._roots = len(roots)
        reading = Rereading(
            plan,
            self._frontier,
            self._now,
            lambda url, depth: old.refusal(url) == "scope" and new.refusal(url, depth) is None,
        )
        await reading.begin()
        self._log.info("scope_widened", roots=len(roots) - scanned, parts=reading.parts_left)
        return reading
