"""Why a URL was, or was not, crawled: composed of what policy and store say, for any URL.

Reads only. With a job its own rules count, as the store has them; without one the settings alone.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from crawler.model.plan import Plan
from crawler.model.secret import mask_typed
from crawler.model.site import ScopeMode, Site
from crawler.model.url import host_key
from crawler.model.view import Explanation
from crawler.pipeline.explaining.account import (
    Account,
    Budget,
    HostTurn,
    Known,
    RobotsVerdict,
    ScopeVerdict,
)
from crawler.pipeline.explaining.prospect import next_step
from crawler.pipeline.explaining.robots_verdict import robots_verdict
from crawler.pipeline.explaining.terms import Terms, terms_of_job
from crawler.pipeline.seeding import read_roots
from crawler.policy.admission import Admission, sessions_of
from crawler.policy.canonicalization import canonicalize_seed
from crawler.policy.parameters import Parameters
from crawler.policy.scope import Scope
from crawler.policy.site_scope import make_scope
from crawler.policy.sites import Sites
from crawler.policy.spelling import changes
from crawler.ports import Frontier, StoredRules

_PORT = re.compile(r":\d*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stored:
    """What a job's store says; empty without a job."""

    roots: Sequence[str]
    found: Explanation | None = None
    rules: StoredRules | None = None
    counters: Mapping[str, int]
    similar: tuple[tuple[str, str], ...] = ()


async def explain_in_job(
    text: str, plan: Plan, frontier: Frontier, *, running: int | None, now: int
) -> Account:
    """Explain a URL by its job.

    Args:
        text: as a person typed it.
        plan: fills in what the job does not say.
        frontier: the job's store; it is only read.
        running: process id of the crawl, None if it does not run.
        now: the job's clock.

    Raises:
        UrlRejected: no URL that can be crawled.
    """
    url = canonicalize_seed(text)
    terms, differences = terms_of_job(plan, await frontier.meta())
    found = await frontier.explain(url)
    if found.state is None:
        # Only what a site redirects to keeps the parameters.
        url = Parameters(terms.strip_params).stripped(url)
        found = await frontier.explain(url)
    stored = _Stored(
        roots=await frontier.roots(),
        found=found,
        rules=await frontier.rules(url[: url.index("/", 8)]),
        counters=await frontier.counters(),
        similar=await _similar(url, frontier) if found.state is None else (),
    )
    account = _compose(text, url, terms, stored, now)
    account = replace(
        account,
        job=str(plan.job),
        running=running,
        paused=bool(stored.counters.get("paused")),
        rules="job",
        differences=differences,
    )
    return replace(account, next=next_step(account))


def explain_from_settings(text: str, plan: Plan, seeds: Sequence[str], now: int) -> Account:
    """Explain a URL without a job.

    Raises:
        UrlRejected: no URL that can be crawled.
        ConfigError: the seeds cannot be read.
    """
    url = Parameters(plan.strip_params).stripped(canonicalize_seed(text))
    stored = _Stored(roots=read_roots(seeds, plan), counters={})
    account = _compose(text, url, Terms.of(plan), stored, now)
    return replace(account, next=next_step(account))


def _compose(text: str, url: str, terms: Terms, stored: _Stored, now: int) -> Account:
    found = stored.found
    known = _known(found)
    # Without seeds only the globs can be judged.
    mode = terms.scope if stored.roots else "any"
    sites = terms.sites if stored.roots else [replace(one, scope=None) for one in terms.sites]
    scope = make_scope(mode, stored.roots, terms.include, terms.exclude, sites)
    admission = Admission(scope, now, sessions_of(terms.sites, terms.cookies))
    site = Sites(terms.sites).of(host_key(url))
    terms = _at_site(terms, site)
    host = found.host if found is not None else None
    robots = RobotsVerdict(verdict="off", origin=url[: url.index("/", 8)])
    if terms.robots:
        robots = robots_verdict(url, terms.product_token, found, stored.rules, now)
    return Account(
        asked=mask_typed(text),
        url=url,
        changes=tuple(_changes(text, url, terms)),
        at=now,
        job=None,
        running=None,
        rules="settings",
        differences=(),
        site=None if site is None else f"[[site]] {site.match}: {', '.join(site.keys)}",
        scope=_scope(url, terms.scope, admission.scope, known),
        trap=admission.trap(url, known.depth if known is not None else 0),
        address=_blocked_address(url, terms),
        robots=robots,
        depth_limit=terms.max_depth,
        depth_rule="--depth" if site is None or site.max_depth is None else "depth of its [[site]]",
        known=known,
        similar=stored.similar,
        budgets=tuple(_budgets(terms, stored)),
        host=HostTurn.of(host, found.ahead, now) if found is not None and host else None,
    )


def _at_site(terms: Terms, site: Site | None) -> Terms:
    """Return the terms as a site's table has them; its scope is the admission's business."""
    if site is None:
        return terms
    return replace(
        terms,
        max_depth=terms.max_depth if site.max_depth is None else site.max_depth,
        max_pages_per_host=site.max_pages or terms.max_pages_per_host,
    )


def _changes(text: str, url: str, terms: Terms) -> list[str]:
    exact = canonicalize_seed(text)
    removed = Parameters(terms.strip_params).removed(exact) if url != exact else ()
    return changes(text, exact, removed)


def _known(found: Explanation | None) -> Known | None:
    if found is None or found.state is None:
        return None
    return Known(
        kind=found.kind,
        state=found.state,
        reason=found.reason,
        seed=found.seed,
        depth=found.depth or 0,
        tries=found.tries,
        visits=found.visits,
        status=found.status,
        crashes=found.crashes,
        due_at=found.due_at,
        lease_until=found.lease_until,
        visited_at=found.visited_at,
        visit_due_at=found.visit_due_at,
        interval_ms=found.interval_ms,
        misses=found.misses,
        redirects=found.chain,
        parents=found.parents,
    )


def _scope(url: str, mode: ScopeMode, scope: Scope, known: Known | None) -> ScopeVerdict:
    if known is not None and known.kind == "requisite" and scope.exclusion(url) is None:
        text = "not asked: a requisite, which pages need to look as they do (--requisites)"
        return ScopeVerdict(allowed=True, rule=None, text=text)
    rule = scope.refusal(url)
    if rule is None and scope.mode != mode:
        text = f"unknown: --scope {mode} is about seeds, and none are given"
        return ScopeVerdict(allowed=None, rule=None, text=text)
    return ScopeVerdict(allowed=rule is None, rule=rule, text=scope.explain(url))


def _blocked_address(url: str, terms: Terms) -> str | None:
    """Say why an address that stands in the URL itself may not be connected to."""
    name = _PORT.sub("", host_key(url))
    if name == "localhost" or name.endswith(".localhost"):
        name = "127.0.0.1"
    if not (name.startswith("[") or name[-1:].isdecimal()):
        return None
    # Only now: it comes with the whole HTTP client.
    from crawler.fetch.guard import Guard

    if not Guard(terms.allow_net).refuses_literal(name):
        return None
    return f"{name} is not public, and no --allow-net allows it"


def _budgets(terms: Terms, stored: _Stored) -> list[Budget]:
    counters, found = stored.counters, stored.found
    is_requisite = found is not None and found.kind == "requisite"
    leased = counters.get("leased", 0) - counters.get("leased_robots", 0)
    host = (found.host_pages, found.host_leased) if found is not None else (0, 0)
    budgets = [
        ("max_pages", terms.max_pages, counters.get("pages", 0), leased),
        ("max_pages_per_host", terms.max_pages_per_host, *host),
        ("max_total_bytes", terms.max_total_bytes, counters.get("bytes", 0), 0),
    ]
    return [
        Budget(
            name=name,
            limit=limit,
            done=done,
            leased=under_way,
            is_spent=done + under_way >= limit,
        )
        for name, limit, done, under_way in budgets
        if limit is not None and not (is_requisite and name.startswith("max_pages"))
    ]


async def _similar(url: str, frontier: Frontier) -> tuple[tuple[str, str], ...]:
    """Find known URLs that a person may take for this one."""
    scheme, _, rest = url.partition("//")
    other = "http:" if scheme == "https:" else "https:"
    path, mark, query = rest.partition("?")
    slashed = path.rstrip("/") if path.endswith("/") else path + "/"
    bare = rest.removeprefix("www.")
    candidates = [
        f"{other}//{rest}",
        f"{scheme}//{slashed}{mark}{query}" if "/" in slashed else url,
        f"{scheme}//{path}",
        f"{scheme}//{bare if bare != rest else 'www.' + rest}",
    ]
    found = []
    for candidate in dict.fromkeys(candidates):
        if candidate != url:
            state = (await frontier.explain(candidate)).state
            if state is not None:
                found.append((candidate, state))
    return tuple(found)
