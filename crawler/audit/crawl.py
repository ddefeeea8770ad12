"""What the store knows of a crawl that its records do not say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import orjson

from crawler.frontier.sqlite import SqliteFrontier
from crawler.frontier.sqlite_listing import HOST_COLUMNS, FrontierListing
from crawler.job.lock import holder
from crawler.ports import FrontierOptions

FOREVER = 1 << 62
_BATCH = 10_000
_PAUSE = tuple(HOST_COLUMNS.index(name) for name in ("host", "halted", "paused_until"))


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlState:
    """How far a crawl has come."""

    left: int
    """URLs that are still to be fetched."""
    sitemaps: int
    """That were read."""
    forbidden: int
    """URLs that robots.txt forbids."""
    too_deep: int = 0
    """URLs that lie deeper than the crawl goes."""
    running: bool
    roots: Sequence[str] = ()
    """Around them lies the scope."""
    meta: Mapping[str, str] = field(default_factory=dict)
    """What the store remembers of the last start."""


NO_STORE = CrawlState(left=0, sitemaps=0, forbidden=0, running=False)
"""Of a directory of records alone."""


async def look_at(job: Path, listed: Path) -> CrawlState:
    """Say how a crawl stands, and write the URLs that its sitemaps name to a file.

    Raises:
        FrontierError: the store cannot be read.
    """
    options = FrontierOptions(delay_ms=0, per_host=1, lease_ms=0, window_ms=0, robots=True)
    frontier = SqliteFrontier(job / "frontier.db", options, read_only=True)
    await frontier.open()
    try:
        counters = await frontier.counters()
        roots, meta = await frontier.roots(), await frontier.meta()
        await _write_listed(frontier, listed)
    finally:
        await frontier.close()
    return CrawlState(
        left=sum(counters.get(state, 0) for state in ("ready", "leased", "waiting")),
        sitemaps=counters.get("sitemaps", 0) - counters.get("sitemap_failures", 0),
        forbidden=counters.get("dead:robots", 0),
        too_deep=counters.get("dead:depth", 0),
        running=holder(job) is not None,
        roots=roots,
        meta=meta,
    )


async def pauses(job: Path) -> dict[str, int]:
    """Return until when hosts of a crawl are to be left alone, ms on its clock.

    They said so themselves, or a person paused them: then for as long as that holds.

    Raises:
        FrontierError: the store cannot be read.
    """
    found = {}
    store = FrontierListing(job / "frontier.db")
    await store.open()
    try:
        async for rows in store.hosts():
            for row in rows:
                host, halted, until = (row[n] for n in _PAUSE)
                if halted:
                    found[host] = FOREVER
                elif until is not None:
                    found[host] = round(datetime.fromisoformat(until).timestamp() * 1000)
    finally:
        await store.close()
    return found


async def _write_listed(frontier: SqliteFrontier, path: Path) -> None:
    with path.open("wb") as lines:
        after = 0
        while rows := await frontier.listed(after=after, limit=_BATCH):
            lines.writelines(orjson.dumps({"url": url}) + b"\n" for _, url in rows)
            after = rows[-1][0]
