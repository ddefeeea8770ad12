"""Which frontier a plan asks for."""

import json
from collections.abc import Callable

from crawler.frontier.sqlite import SqliteFrontier
from crawler.model.plan import Plan
from crawler.model.site import Site
from crawler.policy.politeness import ADAPTIVE_CAP_MS, ADAPTIVE_FACTOR
from crawler.policy.sites import Sites
from crawler.ports import Frontier, FrontierOptions, HostTerms


def frontier_options(plan: Plan) -> FrontierOptions:
    """Return what the claim rules depend on: the crawl's terms, and those of single sites."""
    return FrontierOptions(
        delay_ms=plan.delay_ms,
        per_host=plan.per_host,
        lease_ms=plan.lease_ms,
        window_ms=plan.window_ms,
        robots=plan.robots,
        max_depth=plan.max_depth,
        max_pages=plan.max_pages,
        max_pages_per_host=plan.max_pages_per_host,
        recrawl_ms=plan.recrawl_ms,
        recrawl_by=_times(plan),
        recrawl_min_ms=plan.recrawl_min_ms,
        recrawl_max_ms=max(
            plan.recrawl_max_ms,
            plan.recrawl_ms or 0,
            *(site.recrawl_ms or 0 for site in plan.sites),
        ),
        requisites=plan.requisites,
        adaptive_factor=ADAPTIVE_FACTOR if plan.adaptive_delay else 0,
        adaptive_cap_ms=ADAPTIVE_CAP_MS,
        terms_of=_site_terms(plan),
        ships=plan.on_part_sealed is not None,
    )


def _times(plan: Plan) -> str:
    """Name all that due times of visits depend on; nothing where there are no visits."""
    if not plan.revisits:
        return ""
    own = [[site.match, site.recrawl_ms] for site in plan.sites if site.recrawl_ms is not None]
    return json.dumps([plan.recrawl_ms, own])


def _site_terms(plan: Plan) -> Callable[[str], HostTerms | None] | None:
    """Return which terms a host has by its site table; None where no table has any."""
    terms = {site.match: terms_of_site(plan, site) for site in plan.sites}
    if not any(terms.values()):
        return None
    sites = Sites(plan.sites)

    def terms_of(host: str) -> HostTerms | None:
        site = sites.of(host)
        return None if site is None else terms[site.match]

    return terms_of


def site_limits(plan: Plan) -> Callable[[str], int | None] | None:
    """Return how many requests may run at once at a host, where a table says so."""
    if all(site.per_host is None for site in plan.sites):
        return None
    sites = Sites(plan.sites)

    def limit_of(host: str) -> int | None:
        site = sites.of(host)
        return None if site is None else site.per_host

    return limit_of


def terms_of_site(plan: Plan, site: Site) -> HostTerms | None:
    """Return a table's terms, filled up with the crawl's; None where it has none."""
    own = (site.delay_ms, site.per_host, site.max_pages, site.max_depth, site.recrawl_ms)
    if all(value is None for value in own):
        return None
    recrawl_ms = plan.recrawl_ms if site.recrawl_ms is None else site.recrawl_ms or None
    return HostTerms(
        delay_ms=plan.delay_ms if site.delay_ms is None else site.delay_ms,
        per_host=site.per_host or plan.per_host,
        max_pages=site.max_pages or plan.max_pages_per_host,
        max_depth=plan.max_depth if site.max_depth is None else site.max_depth,
        recrawl_ms=recrawl_ms,
    )


async def open_frontier(plan: Plan, *, check: bool = False) -> Frontier:
    """Open the job's frontier; `check` looks for damage first (the parent does, once).

    Raises:
        FrontierError: it cannot be used.
    """
    frontier = SqliteFrontier(plan.job / "frontier.db", frontier_options(plan), check=check)
    await frontier.open()
    return frontier
