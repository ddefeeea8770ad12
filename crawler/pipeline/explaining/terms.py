"""By which rules a URL is explained: the job's own, where there is a job.

What decides which URLs belong to a crawl was stored when the job began (`identity.rules_of`), the
rest when its last run began (`identity.terms_of`). Settings fill in what the store does not say.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from crawler.model.plan import Plan
from crawler.model.site import Cookie, ScopeMode, Site
from crawler.pipeline.changed_rules.identity import LAST_RUN, RULES, rules_of, stored_site

_NAMES = {"max_depth": "depth"}
"""Where the stored name is another one."""


_PLAIN = (
    *("delay_ms", "adaptive_delay", "per_host", "window_ms", "requisites", "sitemaps"),
    *("recrawl_ms", "recrawl_min_ms", "recrawl_max_ms"),
)
"""What a store is worked on by, stored as the plan has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The part of a plan that an explanation needs."""

    scope: ScopeMode
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    strip_params: tuple[str, ...]
    max_depth: int | None
    robots: bool
    product_token: str
    allow_net: tuple[str, ...]
    max_pages: int | None
    max_pages_per_host: int | None
    max_total_bytes: int | None
    sites: tuple[Site, ...]
    cookies: tuple[Cookie, ...]

    @classmethod
    def of(cls, plan: Plan) -> "Terms":
        values = {field.name: getattr(plan, field.name) for field in fields(cls)}
        return cls(**values)


def terms_of_job(plan: Plan, meta: Mapping[str, str]) -> tuple[Terms, tuple[str, ...]]:
    """Return the job's terms, and in words where they are not those of the plan."""
    stored: dict[str, Any] = json.loads(meta.get(RULES, "{}")) | json.loads(
        meta.get(LAST_RUN, "{}")
    )
    terms = Terms.of(plan)
    changes: dict[str, Any] = {}
    sites = stored.pop("sites", None)
    for field in fields(Terms):
        name = _NAMES.get(field.name, field.name)
        if name in stored:
            value = stored[name]
            value = tuple(value) if isinstance(value, list) else value
            if value != getattr(terms, field.name):
                changes[field.name] = value
    differences = tuple(
        f"{_NAMES.get(name, name)} is {_shown(value)} in the job, "
        f"{_shown(getattr(terms, name))} in the settings"
        for name, value in changes.items()
    )
    if sites is not None and sites != rules_of(plan)["sites"]:
        terms = replace(terms, sites=tuple(stored_site(site) for site in sites))
        differences = (*differences, "[[site]] tables are others in the job than in the settings")
    return replace(terms, **changes), differences


def plan_of_job(plan: Plan, meta: Mapping[str, str]) -> Plan:
    """Return the plan as the job's last start had it, for who works on its store."""
    terms, _ = terms_of_job(plan, meta)
    stored = json.loads(meta.get(RULES, "{}")) | json.loads(meta.get(LAST_RUN, "{}"))
    kept = {name: stored[name] for name in _PLAIN if name in stored}
    known = {field.name: getattr(terms, field.name) for field in fields(Terms)}
    return plan._replace(**known, **kept)


def _shown(value: object) -> str:
    if value in (None, ()):
        return "unset"
    return " ".join(value) if isinstance(value, tuple) else json.dumps(value).strip('"')
