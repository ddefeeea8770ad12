"""Which frontier a plan asks for."""

from crawler.frontier.sqlite import SqliteFrontier
from crawler.model.plan import Plan
from crawler.policy.politeness import ADAPTIVE_CAP_MS, ADAPTIVE_FACTOR
from crawler.ports import Frontier, FrontierOptions


def frontier_options(plan: Plan) -> FrontierOptions:
    return FrontierOptions(
        delay_ms=plan.delay_ms,
        per_host=plan.per_host,
        lease_ms=plan.lease_ms,
        window_ms=plan.window_ms,
        robots=plan.robots,
        max_depth=plan.max_depth,
        max_pages=plan.max_pages,
        max_pages_per_host=plan.max_pages_per_host,
        adaptive_factor=ADAPTIVE_FACTOR if plan.adaptive_delay else 0,
        adaptive_cap_ms=ADAPTIVE_CAP_MS,
    )


async def open_frontier(plan: Plan, *, check: bool = False) -> Frontier:
    """Open the job's frontier; `check` looks for damage first (the parent does, once).

    Raises:
        FrontierError: it cannot be used.
    """
    frontier = SqliteFrontier(plan.job / "frontier.db", frontier_options(plan), check=check)
    await frontier.open()
    return frontier
