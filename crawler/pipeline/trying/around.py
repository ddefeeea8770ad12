"""The crawl that a URL is tried within: its roots, its seeds, and what its job knows of the URL."""

import json
from collections.abc import Collection
from dataclasses import dataclass

from crawler.model.plan import Plan
from crawler.model.url import origin
from crawler.pipeline.explaining.terms import terms_of_job
from crawler.pipeline.seeding import root_of
from crawler.policy.canonicalization import canonicalize_seed
from crawler.policy.parameters import Parameters
from crawler.ports import Frontier

JOB_TERMS = {
    "scope": "scope",
    "include": "include",
    "exclude": "exclude",
    "strip_params": "strip_params",
    "max_depth": "depth",
    "robots": "robots",
}
"""Parts of the plan that a job's last start stands for, and the setting of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """Of canonical URLs."""

    roots: tuple[str, ...]
    """Around them lies the scope."""
    named: frozenset[str]
    """Origins that a person named: headers go to no others."""
    is_seed: bool
    """Whether the URL is one: fetched in any case, and so is where it redirects to."""
    depth: int = 0
    parent: str | None = None


def around_seeds(url: str, seeds: Collection[str], plan: Plan) -> Around:
    """Return the crawl of these seeds; with none the URL is its own seed."""
    chosen = seeds or (url,)
    return Around(
        roots=tuple(dict.fromkeys(root_of(seed, plan) for seed in chosen)),
        named=frozenset(map(origin, chosen)),
        is_seed=url in chosen,
    )


async def around_job(
    text: str, plan: Plan, given: Collection[str], frontier: Frontier
) -> tuple[Plan, Around]:
    """Return the plan by the rules of a job, and what the job knows of a URL.

    Args:
        text: the URL, as a person typed it.
        plan: of the settings.
        given: names of the settings that somebody has set: they count, not the job's.
        frontier: the job's store; it is only read.

    Raises:
        UrlRejected: no URL that can be crawled.
    """
    meta = await frontier.meta()
    terms, _ = terms_of_job(plan, meta)
    kept = {part: getattr(terms, part) for part, name in JOB_TERMS.items() if name not in given}
    plan = plan._replace(**kept)
    url = Parameters(plan.strip_params).stripped(canonicalize_seed(text))
    known = await frontier.explain(url)
    return plan, Around(
        roots=tuple(await frontier.roots()),
        named=frozenset(json.loads(meta.get("named_origins", "[]"))),
        is_seed=known.seed,
        depth=known.depth or 0,
        parent=known.parents[0] if known.parents else None,
    )
