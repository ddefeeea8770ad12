"""What a job was begun with: a second start must mean the same crawl, or say that it does not."""

import json
from collections.abc import Mapping

from crawler import __version__
from crawler.errors import ConfigError
from crawler.model.plan import Plan

RULES = "rules"
"""Name in the frontier's meta table."""

LAST_RUN = "last_run"
"""Name in the frontier's meta table: what may change from run to run, for explanations."""


def rules_of(plan: Plan) -> dict[str, object]:
    """Return what decides which URLs belong to the crawl. Budgets may change from run to run."""
    return {
        "scope": plan.scope,
        "include": list(plan.include),
        "exclude": list(plan.exclude),
        "depth": plan.max_depth,
        "robots": plan.robots,
        "output": output_of(plan),
    }


def output_of(plan: Plan) -> str:
    """Return where the parts are: relative inside of the job, which may be moved or copied."""
    job, output = plan.job.absolute(), plan.output.absolute()
    return str(output.relative_to(job) if output.is_relative_to(job) else output)


def terms_of(plan: Plan) -> dict[str, object]:
    """Return what else decides about a URL in this run."""
    return {
        "strip_params": list(plan.strip_params),
        "max_pages": plan.max_pages,
        "max_pages_per_host": plan.max_pages_per_host,
        "max_total_bytes": plan.max_total_bytes,
        "product_token": plan.product_token,
        "allow_net": list(plan.allow_net),
        "delay_ms": plan.delay_ms,
    }


def changed_terms(plan: Plan, meta: Mapping[str, str]) -> list[str]:
    """Return what this run does otherwise than the one before it: allowed, but to be shown."""
    before = json.loads(meta.get(LAST_RUN, "{}"))
    return [
        f"{name} was {_show(before[name])}, is now {_show(value)}"
        for name, value in terms_of(plan).items()
        if name in before and before[name] != value
    ]


def check_rules(plan: Plan, meta: Mapping[str, str]) -> dict[str, str]:
    """Compare the plan with what the job was begun with; return what to store.

    Raises:
        ConfigError: they differ; the message shows how.
    """
    rules = rules_of(plan)
    stored = meta.get(RULES)
    if stored is not None:
        before = json.loads(stored)
        changes = [
            f"{name} was {_show(before[name])}, is now {_show(value)}"
            for name, value in rules.items()
            if name in before and before[name] != value
        ]
        if changes:
            raise ConfigError(
                f"this job was begun with other rules: {'; '.join(changes)}. "
                "Start it with the same, or begin anew with --fresh (the old job is kept aside)"
            )
    return {
        RULES: json.dumps(rules),
        LAST_RUN: json.dumps(terms_of(plan)),
        "crawler_version": __version__,
    }


def _show(value: object) -> str:
    return "unset" if value in (None, []) else json.dumps(value)
