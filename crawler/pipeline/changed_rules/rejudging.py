"""A run by other rules than the last one: what waits, and what was refused, is judged again.

It happens before the first claim, while a signal still ends the command at once. What is to be done
is stored together with the new rules, and taken off the store when it is done: a kill in between
costs time and nothing else.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from crawler.logs import get_logger
from crawler.model.plan import Plan
from crawler.model.site import ScopeMode
from crawler.model.url import host_key
from crawler.model.view import Undone
from crawler.pipeline.changed_rules.identity import RULES, Changes, rules_of
from crawler.pipeline.changed_rules.rereading import Rereading
from crawler.pipeline.changed_rules.widening import ROOTS_SCANNED
from crawler.pipeline.seeding import root_of
from crawler.pipeline.store import frontier_options
from crawler.policy.admission import Admission, admission_of
from crawler.policy.scope import Scope
from crawler.policy.sitemaps import are_read
from crawler.ports import Frontier, Now

PENDING = "rules_pending"
"""Name in the frontier's meta table: the `Pending` as JSON; empty when there is nothing to do."""

_PER_PAGE = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """What other rules ask for, until it is done."""

    roots: bool = False
    """The scope's roots are to be made anew from the seeds."""
    robots: bool = False
    """What robots.txt forbade is to be asked again."""
    reread: bool = False
    """Records are to be read again."""
    after_part: int = 0
    """Parts up to this number have been."""


async def pend(
    changes: Changes, plan: Plan, meta: Mapping[str, str], frontier: Frontier
) -> dict[str, str]:
    """Return what is to be stored together with the new rules, after seeding.

    Args:
        changes: what the plan does otherwise.
        plan: of this run.
        meta: as it was before.
        frontier: only read.
    """
    stored = meta.get(PENDING)
    if not (changes.judging or changes.robots):
        return {} if stored is None else {PENDING: stored}
    left = Pending(**json.loads(stored)) if stored else Pending()
    wider = left.reread or changes.wider
    if changes.mode and not wider:
        wider = await _has_new_roots(plan, meta, frontier)
    pending = Pending(
        roots=left.roots or changes.mode, robots=left.robots or changes.robots, reread=wider
    )
    return {PENDING: json.dumps(asdict(pending))}


async def rejudge(plan: Plan, frontier: Frontier, now: Now) -> None:
    """Do what is pending, and say on stderr what came of it.

    Raises:
        StorageError: records that have to be read again cannot be.
    """
    stored = (await frontier.meta()).get(PENDING)
    if not stored:
        return
    pending = Pending(**json.loads(stored))
    if pending.roots:
        await frontier.replace_roots(await _roots_of_seeds(plan, frontier))
    before = await _waiting(frontier)
    roots = await frontier.roots()
    judge = Judge(plan, roots, now())
    out = await judge.run(frontier, now, robots=pending.robots)
    records = None
    if pending.reread and {plan.scope, *(site.scope for site in plan.sites)} - {"page", None}:
        records = await _reread(plan, frontier, now, judge.admission, pending)
    done = {PENDING: ""}
    if pending.roots or pending.reread:
        done[ROOTS_SCANNED] = str(len(roots))
    await frontier.set_meta(done)
    _say(out, await _waiting(frontier) - before + out.total(), records)


class Judge:
    """Judges all that has no outcome of a fetch yet by the rules of this run."""

    def __init__(self, plan: Plan, roots: Sequence[str], now: int) -> None:
        self.admission = admission_of(plan, roots, now)
        self._sitemaps_are_read = are_read(plan)
        self._has_requisites = plan.requisites
        self._max_depth = plan.max_depth
        self._terms_of = frontier_options(plan).terms_of

    async def run(self, frontier: Frontier, now: Now, *, robots: bool) -> Counter[str]:
        """Apply the rules to the store; return how many waiting URLs are out now, by reason."""
        out: Counter[str] = Counter()
        after = 0
        while rows := await frontier.undone(after=after, limit=_PER_PAGE):
            after = rows[-1].ref
            back: dict[int, str | None] = {}
            refused: dict[int, str | None] = {}
            for row in rows:
                reason = self.refusal(row)
                if row.reason is None:
                    if reason is not None:
                        refused[row.ref] = reason
                        out[reason] += 1
                elif _is_void(row, reason, robots=robots):
                    back[row.ref] = None
                    if reason is not None:
                        refused[row.ref] = reason
            # The first makes room for another reason where there was one.
            for verdicts in (back, refused):
                if verdicts:
                    await frontier.rejudge(verdicts, now=now())
        return out

    def refusal(self, row: Undone) -> str | None:
        """Return why a URL does not belong to the crawl; a person's seeds always do."""
        if row.seed:
            return None
        if row.kind == "sitemap":
            return None if self._sitemaps_are_read else "sitemaps"
        if row.kind == "requisite":
            if not self._has_requisites:
                return "requisites"
            return self.admission.refusal_of_requisite(row.url)
        reason = self.admission.refusal(row.url, row.depth)
        if reason is not None:
            return reason
        limit = self._max_depth
        if self._terms_of is not None:
            terms = self._terms_of(host_key(row.url))
            limit = terms.max_depth if terms is not None else limit
        return "depth" if limit is not None and row.depth > limit else None


def _is_void(row: Undone, reason: str | None, *, robots: bool) -> bool:
    """Whether the reason why a URL is dead does not hold any more."""
    if row.reason == "origin_unreachable":
        return False
    if row.reason == "robots":
        return robots
    return row.reason != reason


async def _has_new_roots(plan: Plan, meta: Mapping[str, str], frontier: Frontier) -> bool:
    """Tell whether a root is where the records so far, judged by another mode, knew of none."""
    rules = json.loads(meta[RULES])
    if any(site.get("scope") for site in (*rules.get("sites", ()), *rules_of(plan)["sites"])):
        return True
    mode: ScopeMode = rules["scope"]
    scanned = int(meta.get(ROOTS_SCANNED, "0"))
    old = Scope(mode, (await frontier.roots())[:scanned])
    return any(old.refusal(root) is not None for root in await _roots_of_seeds(plan, frontier))


async def _roots_of_seeds(plan: Plan, frontier: Frontier) -> list[str]:
    """Each mode of scope reduces seeds to roots of its own: make them from the seeds again."""
    roots: dict[str, None] = {}
    after = 0
    while rows := await frontier.seeds(after=after, limit=_PER_PAGE):
        after = rows[-1][0]
        roots.update(dict.fromkeys(root_of(url, plan) for _, url in rows))
    return list(roots)


async def _reread(
    plan: Plan, frontier: Frontier, now: Now, admission: Admission, pending: Pending
) -> int:
    """Add what the records lead to; return how many there were."""
    reading = Rereading(plan, frontier, now, lambda url, at: admission.refusal(url, at) is None)
    await reading.begin(pending.after_part)
    get_logger("crawler.rejudging").info("records_reread", parts=reading.parts_left)
    while reading.parts_left:
        part_id = await reading.step()
        if part_id is not None:
            mark = replace(pending, after_part=part_id)
            await frontier.set_meta({PENDING: json.dumps(asdict(mark))})
    return reading.records


async def _waiting(frontier: Frontier) -> int:
    counters = await frontier.counters()
    return counters["ready"] + counters["waiting"]


def _say(out: Counter[str], back: int, records: int | None) -> None:
    log = get_logger("crawler.rejudging")
    if out:
        reasons = ", ".join(f"{reason} {count}" for reason, count in out.most_common())
        text = f"narrower rules: {out.total()} queued URLs are out now ({reasons})"
        log.warning("rules_narrowed", result=text)
    if back or records is not None:
        read = "" if records is None else f" ({records} records read)"
        log.warning("rules_widened", result=f"wider rules: {back} URLs came back{read}")
