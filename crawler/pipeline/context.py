"""What one reader process holds: made once, after the fork, closed when the process ends.

QuasiQueue calls `context(settings)` in each reader and hands the answer to every `reader(item,
ctx)`. Nothing here is shared with another process: the frontier connection, the HTTP session, the
part and the caches are this process's own.
"""

import asyncio
import json
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from crawler.cache.rules import RulesCache
from crawler.clock import job_clock
from crawler.conf.plan import make_plan
from crawler.fetch.fetcher import Fetcher
from crawler.fetch.robots import RobotsFetcher
from crawler.model.measures import Measures
from crawler.model.plan import Plan
from crawler.model.url import with_tls
from crawler.pipeline.committer import Committer
from crawler.pipeline.known import KnownUrls
from crawler.pipeline.pages import PageSettler
from crawler.pipeline.parts import PartRotation
from crawler.pipeline.reader import Reader
from crawler.pipeline.reading import PageReader
from crawler.pipeline.requisite_choice import requisites_of
from crawler.pipeline.revisiting import Revisiting
from crawler.pipeline.sitemaps import SitemapSettler
from crawler.pipeline.store import open_frontier
from crawler.policy.admission import admission_of
from crawler.policy.canonicalization import LinkResolver
from crawler.policy.parameters import Parameters
from crawler.ports import Frontier, NoParent, Now, Parent

if TYPE_CHECKING:
    from crawler.pipeline.keeping import Keeping


async def context(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Build a reader process's resources from QuasiQueue's plain settings.

    Returns:
        `reader` does the work; `attach(parent)` connects it to the parent process and starts the
        committer; `on_pause(host, until)` and `on_root(root)` take what other readers learnt,
        `on_named(origin)` what a person added;
        `measures` may be moved to cells that outlive this process;
        `background` holds the committer's task: if it fails, this process is of no more use;
        `close()` commits what is left, seals the part and closes everything.

    Raises:
        CrawlerError: the frontier cannot be opened.
    """
    plan = make_plan(settings)
    now = job_clock(plan.clock_offset_ms)
    frontier = await open_frontier(plan)
    measures = Measures()
    fetcher = Fetcher(plan, now, measures)
    rules = RulesCache(plan)
    admission = admission_of(plan, await frontier.roots(), now())
    resolver = LinkResolver(Parameters(plan.strip_params))
    known = KnownUrls(by_depth=plan.has_max_depth)
    revisiting = Revisiting(plan)
    requisites = requisites_of(plan, admission, resolver)
    kept = _keeping(plan, frontier, now)
    rotation = PartRotation(
        frontier,
        plan.output,
        settings.get("reader_name", "reader"),
        now,
        max_bytes=plan.part_max_bytes,
        max_age_ms=plan.part_max_age_ms,
        max_store_bytes=plan.store_max_bytes,
        head=kept.head if kept else None,
    )
    committer = Committer(
        frontier, rotation, known, now, kept.bodies if kept else None, measures=measures
    )
    if requisites is not None:
        committer.known_requisites = requisites.known
    packer = kept.packer if kept else None
    pages = PageReader(plan, resolver)
    worker = Reader(
        plan,
        now,
        frontier=frontier,
        fetcher=fetcher,
        robots=RobotsFetcher(fetcher, plan, now),
        rules=rules,
        pages=PageSettler(
            pages, admission, known, revisiting, requisites=requisites, packer=packer
        ),
        sitemaps=SitemapSettler(plan, admission, resolver, revisiting),
        committer=committer,
        admission=admission,
        named_origins=await _named_origins(plan, frontier),
        bodies=kept.bodies if kept else None,
        measures=measures,
    )

    background: set[asyncio.Task[None]] = set()

    def attach(parent: Parent) -> None:
        worker.parent = parent
        background.add(committer.start(parent))

    def on_root(root: str) -> None:
        admission.scope.add_root(root)
        # What was refused as out of scope may be inside now.
        known.forget()

    async def close() -> None:
        async with AsyncExitStack() as stack:
            # Last one first; all are closed although the committer's disk may be full.
            for resource in (frontier, rules, pages, fetcher, committer):
                stack.push_async_callback(resource.close)

    worker.parent = NoParent()
    # Last: a frontier that fails above would leave the session open.
    await fetcher.open()
    return {
        "reader": worker,
        "attach": attach,
        "measures": measures,
        "on_pause": worker.pause,
        "on_root": on_root,
        "on_named": worker.name,
        "background": background,
        "close": close,
    }


def _keeping(plan: Plan, frontier: Frontier, now: Now) -> "Keeping | None":
    if plan.store == "none":
        return None
    from crawler.pipeline.keeping import keeping

    return keeping(plan, frontier, now)


async def _named_origins(plan: Plan, frontier: Frontier) -> frozenset[str]:
    """Origins that a person named: only they are sent the headers of `--header`.

    A host that was named without TLS may have them with it too, never the other way round.
    """
    if not plan.headers:
        return frozenset()
    return with_tls(json.loads((await frontier.meta()).get("named_origins", "[]")))
