"""What a job goes by: stored when a run begins, so that the next one knows what it does otherwise.

Everything but the output may change between two runs, and every change is shown. Nothing that is
stored here is secret: of headers and cookies the names, of credentials that there are some.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from crawler import __version__
from crawler.conf.units import format_duration
from crawler.errors import ConfigError
from crawler.model.plan import Plan
from crawler.model.secret import HIDDEN
from crawler.model.site import Site
from crawler.policy.narrowing import judges_otherwise, may_be_wider
from crawler.policy.parameters import DEFAULT_NAMES, DEFAULT_WORD

RULES = "rules"
"""Name in the frontier's meta table: which URLs belong to the crawl."""
LAST_RUN = "last_run"
"""Name in the frontier's meta table: what else decides about a URL."""

_DURATIONS = {
    "delay_ms": "delay",
    "max_time_ms": "max_time",
    "recrawl_ms": "recrawl",
    "recrawl_min_ms": "recrawl_min",
    "recrawl_max_ms": "recrawl_max",
}
"""Stored in ms, shown as they are typed."""


_UNSHOWN = frozenset({"per_host", "window_ms"})
"""Of the last run; they simply hold from now on."""


class Changes(NamedTuple):
    """What this run does otherwise than the one before it."""

    shown: tuple[str, ...] = ()
    """One text for each setting."""
    judging: bool = False
    """URLs that wait, or were refused, may be judged otherwise."""
    wider: bool = False
    """Links that were refused without being stored may be allowed now."""
    robots: bool = False
    """robots.txt is obeyed otherwise."""
    mode: bool = False
    """The scope lies around the seeds in another way."""


def rules_of(plan: Plan) -> dict[str, Any]:
    """Return what decides which URLs belong to the crawl."""
    return {
        "scope": plan.scope,
        "include": list(plan.include),
        "exclude": list(plan.exclude),
        "depth": plan.max_depth,
        "robots": plan.robots,
        "sitemaps": plan.sitemaps,
        "requisites": plan.requisites,
        "sites": [_site(site) for site in plan.sites],
        "cookie_domains": sorted({cookie.domain for cookie in plan.cookies}),
        "output": output_of(plan),
    }


def output_of(plan: Plan) -> str:
    """Return where the parts are: relative inside of the job, which may be moved or copied."""
    job, output = plan.job.absolute(), plan.output.absolute()
    return str(output.relative_to(job) if output.is_relative_to(job) else output)


def terms_of(plan: Plan) -> dict[str, Any]:
    """Return what else decides about a URL in this run."""
    return {
        "strip_params": list(plan.strip_params),
        "max_pages": plan.max_pages,
        "max_pages_per_host": plan.max_pages_per_host,
        "max_total_bytes": plan.max_total_bytes,
        "max_time_ms": plan.max_time_ms,
        "product_token": plan.product_token,
        "allow_net": list(plan.allow_net),
        "delay_ms": plan.delay_ms,
        "adaptive_delay": plan.adaptive_delay,
        "per_host": plan.per_host,
        "window_ms": plan.window_ms,
        **_times_of(plan),
    }


def _times_of(plan: Plan) -> dict[str, int | None]:
    """Return when pages are visited again; bounds that nothing reaches say nothing."""
    if not plan.revisits:
        return {"recrawl_ms": None}
    return {
        "recrawl_ms": plan.recrawl_ms,
        "recrawl_min_ms": plan.recrawl_min_ms,
        "recrawl_max_ms": plan.recrawl_max_ms,
    }


def identity_of(plan: Plan) -> dict[str, str]:
    """Return what to store when the run begins, by its name in the frontier's meta table."""
    return {
        RULES: json.dumps(rules_of(plan)),
        LAST_RUN: json.dumps(terms_of(plan)),
        "crawler_version": __version__,
    }


def changes_of(plan: Plan, meta: Mapping[str, str]) -> Changes:
    """Compare the plan with what is stored; a job that is new has no changes.

    Raises:
        ConfigError: the output is another: the records would be in two places.
    """
    if RULES not in meta:
        return Changes()
    rules, terms = rules_of(plan), terms_of(plan)
    # Settings that an older version did not know had no effect on its run.
    before = (
        rules | {"sites": [], "cookie_domains": [], "requisites": False} | json.loads(meta[RULES])
    )
    last = terms | {"recrawl_ms": None} | json.loads(meta.get(LAST_RUN, "{}"))
    if before["output"] != rules["output"]:
        raise ConfigError(
            f"this job's output is {_value('output', before['output'])}, not "
            f"{_value('output', rules['output'])}: start it with the same, or begin anew with "
            "--fresh (the old job is kept aside)"
        )
    return Changes(
        shown=(
            *_differences(before, rules),
            *_site_differences(before["sites"], rules["sites"]),
            *_differences(last, {n: value for n, value in terms.items() if n not in _UNSHOWN}),
        ),
        judging=judges_otherwise(before, rules),
        wider=may_be_wider(before, rules),
        robots=_robots(before, last) != _robots(rules, terms),
        mode=_modes(before) != _modes(rules),
    )


def _site(site: Site) -> dict[str, Any]:
    return {
        "match": site.match,
        "scope": site.scope,
        "include": _list(site.include),
        "exclude": _list(site.exclude),
        "depth": site.max_depth,
        "known": site.is_known_to_site,
        "delay_ms": site.delay_ms,
        "per_host": site.per_host,
        "max_pages": site.max_pages,
        "recrawl_ms": site.recrawl_ms,
        "user_agent": site.user_agent,
        "headers": sorted(name for name, _ in site.headers),
        "cookies": sorted(name for name, _ in site.cookies),
        "credentials": site.credentials is not None,
        "cookie_jar": site.cookie_jar,
    }


def stored_site(stored: Mapping[str, Any]) -> Site:
    """Return a table as `rules_of` has stored it: of its secrets it has the names alone."""
    include, exclude = stored.get("include"), stored.get("exclude")
    return Site(
        match=stored["match"],
        delay_ms=stored.get("delay_ms"),
        per_host=stored.get("per_host"),
        scope=stored.get("scope"),
        include=None if include is None else tuple(include),
        exclude=None if exclude is None else tuple(exclude),
        max_depth=stored.get("depth"),
        max_pages=stored.get("max_pages"),
        recrawl_ms=stored.get("recrawl_ms"),
        user_agent=stored.get("user_agent"),
        headers=tuple((name, HIDDEN) for name in stored.get("headers", ())),
        cookies=tuple((name, HIDDEN) for name in stored.get("cookies", ())),
        credentials=(HIDDEN, HIDDEN) if stored.get("credentials") else None,
        cookie_jar=bool(stored.get("cookie_jar")),
    )


def _list(words: tuple[str, ...] | None) -> list[str] | None:
    return None if words is None else list(words)


def _modes(rules: Mapping[str, Any]) -> list[Any]:
    return [rules["scope"], *((s["match"], s["scope"]) for s in rules["sites"] if s.get("scope"))]


def _robots(rules: Mapping[str, Any], terms: Mapping[str, Any]) -> list[Any]:
    """Return what robots.txt is matched by."""
    agents = [[s["match"], s.get("user_agent")] for s in rules["sites"] if s.get("user_agent")]
    return [rules["robots"], terms["product_token"], agents]


def _differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for name, value in now.items():
        if name not in ("sites", "known") and name in before and before[name] != value:
            shown = _DURATIONS.get(name, name)
            yield f"{shown} was {_value(name, before[name])}, is now {_value(name, value)}"


def _site_differences(before: list[dict[str, Any]], now: list[dict[str, Any]]) -> Iterator[str]:
    was, is_now = ({site["match"]: site for site in sites} for sites in (before, now))
    for match in was.keys() - is_now.keys():
        yield f"site {match} is gone"
    for match, site in is_now.items():
        if match not in was:
            yield f"site {match} is new"
            continue
        for change in _differences(was[match], site):
            yield f"site {match}: {change}"
    kept = [match for match in is_now if match in was]
    if kept != [match for match in was if match in is_now]:
        yield "sites have another order"


def _value(name: str, value: object) -> str:
    if value in (None, []):
        return "unset"
    if name == "recrawl_ms" and value == 0:
        return "never"
    if name in _DURATIONS and isinstance(value, int):
        return format_duration(value)
    if value == list(DEFAULT_NAMES):
        return DEFAULT_WORD
    if isinstance(value, list):
        return " ".join(value)
    return value if isinstance(value, str) else json.dumps(value)
