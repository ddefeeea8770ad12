"""Which links leave the crawl, and asking for them by the rules of the job."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from crawler.audit.asking import Asking
from crawler.audit.crawl import CrawlState
from crawler.audit.database import AuditDatabase, statements
from crawler.audit.outside import FRESH_MS, Answer, kept_answers, read_answers
from crawler.model.plan import Plan
from crawler.model.url import host_key
from crawler.pipeline.terms import terms_of_job
from crawler.policy.admission import admission_of
from crawler.policy.health import UNREACHED
from crawler.ports import Now

_TIMEOUT_MS = 20_000
"""Of one request, at most: nobody waits a minute to learn that a link is slow."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of it."""

    answered: int
    left: int
    """Not asked for: over the number or the time, or their host wants to be left alone."""
    reached: int
    """Answers that came from a server."""


def outward(
    database: AuditDatabase, plan: Plan, state: CrawlState, now: int
) -> tuple[list[str], set[str]]:
    """Return link targets outside of the scope without a fresh answer, the most linked first.

    Only what lies outside is asked for, never what a person excluded. The second value are hosts
    whose turns a running crawl has: they are not asked.
    """
    terms, _ = terms_of_job(plan, state.meta)
    kept = {name: getattr(terms, name) for name in ("scope", "include", "exclude", "sites")}
    admission = admission_of(replace(plan, **kept), state.roots, now)
    sql = statements("charts")
    never = {host for (host,) in database.rows(sql["crawled_hosts"])} if state.running else set()
    found = [
        url
        for (url,) in database.stream(sql["unvisited"].replace("$since", str(now - FRESH_MS)))
        if admission.scope.refusal(url) == "scope"
        and admission.scope.exclusion(url) is None
        and admission.trap(url, 0) is None
        and host_key(url) not in never
    ]
    return found, never


async def ask_outside(
    job: Path,
    plan: Plan,
    now: Now,
    database: AuditDatabase,
    state: CrawlState,
    *,
    most: int,
    within_s: float,
    on_answer: Callable[[int, int], None],
) -> Asked:
    """Ask once for what the crawl links to and did not visit; answers are kept in the job.

    Args:
        job: its directory.
        plan: agent, delays and addresses that may be reached.
        now: the clock.
        database: gets the answers.
        state: of the crawl.
        most: URLs to ask for.
        within_s: then the rest is left.
        on_answer: told how many have been answered, of how many.

    Raises:
        JobLocked: another report is asking.
        StorageError: answers cannot be kept.
    """
    with kept_answers(job, now()) as file:
        urls, never = outward(database, plan, state, now())
        chosen, answered, reached = urls[:most], 0, 0

        def keep(answer: Answer) -> None:
            nonlocal answered, reached
            file.add(answer)
            answered += 1
            reached += answer.error not in UNREACHED
            on_answer(answered, len(chosen))

        before = list(read_answers(job, now()))
        asking = Asking(
            _of_a_stranger(plan),
            now,
            on_answer=keep,
            never=never,
            asked=[(host_key(one["url"]), one["asked_at"]) for one in before],
            holds={
                host_key(one["final_url"]): until
                for one in before
                if (until := one.get("left_alone_until")) is not None
            },
        )
        await asking.run(chosen, within_s=within_s)
    database.set_outside(read_answers(job, now()))
    return Asked(answered, len(urls) - answered, reached)


def _of_a_stranger(plan: Plan) -> Plan:
    """Return the plan without all that only named sites may get; robots.txt is always obeyed."""
    sites = tuple(
        replace(site, headers=(), cookies=(), credentials=None, cookie_jar=False)
        for site in plan.sites
    )
    return replace(
        plan,
        robots=True,
        headers=(),
        cookies=(),
        sites=sites,
        store="none",
        timeout_ms=min(plan.timeout_ms, _TIMEOUT_MS),
    )
