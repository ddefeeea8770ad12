"""What pages name and the crawl did not fetch, and asking for it by the rules of the job."""

from collections import Counter
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from crawler.audit.asking import Asking
from crawler.audit.crawl import NO_STORE, CrawlState, pauses
from crawler.audit.database import AuditDatabase, statements
from crawler.audit.keeping import Keeping
from crawler.audit.outside import (
    FRESH_MS,
    UNANSWERED_FRESH_MS,
    Answer,
    kept_answers,
    read_answers,
)
from crawler.model.plan import Plan
from crawler.model.url import host_key
from crawler.pipeline.explaining.terms import terms_of_job
from crawler.policy.admission import admission_of
from crawler.ports import Now

_TIMEOUT_MS = 20_000
"""Of one request, at most: nobody waits a minute to learn that a link is slow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A host that is not to be asked now."""

    host: str
    urls: int
    until: int | None
    """ms on the job's clock; `FOREVER` while a person pauses it; None where nobody says."""
    is_crawled: bool
    """A crawl that runs has its turns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What came of it."""

    refused: Sequence[str]
    """Hosts whose addresses we may not connect to."""
    unreached: int
    """URLs of hosts that could not be reached, while hardly any could: nothing is known of them."""
    held: Sequence[Held]
    """Where the rest is: hosts that are not to be asked now."""
    over: int
    """URLs that the number or the time left out."""


def outward(
    database: AuditDatabase, plan: Plan, state: CrawlState, now: int, never: Container[str]
) -> list[str]:
    """Return what pages name without a record or a fresh answer, the most named first.

    Links and redirects count where they leave the scope: how much of the site is looked at is said
    by scope and budgets of the crawl. Canonical addresses and other languages count wherever they
    lie, since without them a page that was crawled cannot be judged. What a person excluded is
    never among them, nor what lies on a host of `never`.
    """
    terms, _ = terms_of_job(plan, state.meta)
    kept = {name: getattr(terms, name) for name in ("scope", "include", "exclude", "sites")}
    admission = admission_of(plan._replace(**kept), state.roots, now)
    sql = statements("charts")["unvisited"]
    sql = sql.replace("$since", str(now - FRESH_MS))
    sql = sql.replace("$recently", str(now - UNANSWERED_FRESH_MS))
    return [
        url
        for url, speaks in database.stream(sql)
        if (speaks or admission.scope.refusal(url) == "scope")
        and admission.scope.exclusion(url) is None
        and admission.trap(url, 0) is None
        and host_key(url) not in never
    ]


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
    """Ask once for what pages name and the crawl did not visit; answers are kept in the job.

    Hosts of a crawl that runs are not asked, since it has their turns. Of one that does not, hosts
    are asked as if it went on: not while they want to be left alone, or a person has paused them.

    Args:
        job: its directory.
        plan: agent, delays and addresses that may be reached, beside those of the crawl.
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
        crawled = dict(database.rows(statements("charts")["crawled_hosts"]))
        never: Collection[str] = crawled.keys() if state.running else frozenset()
        before = list(read_answers(job, now()))
        holds = _holds(before, {} if state is NO_STORE else await pauses(job))
        urls = outward(database, plan, state, now(), never)
        open_now = [url for url in urls if holds.get(host_key(url), 0) <= now()]
        chosen, answered = open_now[:most], set[str]()
        keeping = Keeping(file, before)

        def keep(answer: Answer) -> None:
            keeping.take(answer)
            answered.add(answer.url)
            on_answer(len(answered), len(chosen))

        asking = Asking(
            _of_a_stranger(_as_far_as_the_crawl(plan, state)),
            now,
            on_answer=keep,
            never=never,
            asked=[
                *((host, at) for host, at in crawled.items() if at is not None),
                *((host_key(one["url"]), one["asked_at"]) for one in before),
            ],
            holds=holds,
        )
        try:
            await asking.run(chosen, within_s=within_s)
        finally:
            keeping.settle()
    lost = (asdict(answer) for answer in (*keeping.refused, *keeping.unreached))
    database.set_outside((*read_answers(job, now()), *lost))
    held, over = _left(asking, [url for url in urls if url not in answered], never)
    refused = dict.fromkeys(host_key(answer.final_url) for answer in keeping.refused)
    return Asked(refused=[*refused], unreached=len(keeping.unreached), held=held, over=over)


def _left(asking: Asking, urls: Iterable[str], never: Container[str]) -> tuple[Sequence[Held], int]:
    """Return why URLs got no answer: their hosts, and how many number or time left out."""
    hosts = Counter(map(asking.barred_by, urls))
    over = hosts.pop(None, 0)
    held = [
        Held(host=host, urls=number, until=asking.barred_until(host), is_crawled=host in never)
        for host, number in hosts.most_common()
        if host is not None
    ]
    return held, over


def _holds(before: Iterable[Mapping[str, Any]], paused: Mapping[str, int]) -> dict[str, int]:
    """Return until when hosts are to be left alone, by a report before and by the crawl."""
    holds = dict(paused)
    for one in before:
        until = one.get("left_alone_until")
        if until is not None:
            host = host_key(one["final_url"])
            holds[host] = max(until, holds.get(host, 0))
    return holds


def _as_far_as_the_crawl(plan: Plan, state: CrawlState) -> Plan:
    """Return the plan with the addresses that the crawl might reach."""
    terms, _ = terms_of_job(plan, state.meta)
    return plan._replace(allow_net=tuple(dict.fromkeys((*plan.allow_net, *terms.allow_net))))


def _of_a_stranger(plan: Plan) -> Plan:
    """Return the plan without all that only named sites may get; robots.txt is always obeyed."""
    sites = tuple(
        replace(site, headers=(), cookies=(), credentials=None, cookie_jar=False)
        for site in plan.sites
    )
    return plan._replace(
        robots=True,
        headers=(),
        cookies=(),
        sites=sites,
        store="none",
        timeout_ms=min(plan.timeout_ms, _TIMEOUT_MS),
    )
