"""What a start finds in its job, and whether its seeds are those of another crawl."""

from collections.abc import Iterable
from typing import NamedTuple

from crawler.job.directory import shown_path
from crawler.model.plan import Plan
from crawler.model.url import host_key
from crawler.pipeline.seeding import SeedReport
from crawler.ports import Frontier


class Before(NamedTuple):
    """What a job held before its start sowed."""

    seeds: int
    records: int
    roots: tuple[str, ...]

    @classmethod
    async def of(cls, frontier: Frontier) -> "Before":
        counters = await frontier.counters()
        roots = tuple(await frontier.roots())
        return cls(counters.get("seeds", 0), counters.get("records", 0), roots)


def joined(plan: Plan, before: Before, report: SeedReport, seeds: int) -> str | None:
    """Return what to say of seeds that join a crawl of others; None: they begin it, or are its own.

    `seeds`: how many the job has now.
    """
    if not before.seeds or seeds == before.seeds:
        return None
    held, added = _hosts(before.roots), _hosts(report.roots)
    is_elsewhere = not held.keys() & added.keys()
    if report.known and not is_elsewhere:
        return None
    new = seeds - before.seeds
    what = _some(added) if is_elsewhere else f"{new:,} new seed{'' if new == 1 else 's'}"
    be = "is" if (len(added) if is_elsewhere else new) == 1 else "are"
    records = f"{before.records:,} record{'' if before.records == 1 else 's'}"
    return (
        f"the job {shown_path(plan.job)} holds a crawl of {_some(held)} ({records}); {what} {be} "
        "added to it. A crawl of its own: --job NAME"
    )


def _hosts(roots: Iterable[str]) -> dict[str, None]:
    return dict.fromkeys(host_key(root) for root in roots)


def _some(hosts: dict[str, None]) -> str:
    names = list(hosts)
    return ", ".join(names[:3]) + (f" and {len(names) - 3:,} more" if len(names) > 3 else "")
