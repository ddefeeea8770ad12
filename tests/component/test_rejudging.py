"""Other rules on a store in memory: which URLs they move, and what a break in between leaves."""

import json
from pathlib import Path

import pytest

from crawler.errors import StorageError
from crawler.model.result import Batch, HostNote, PartMark, Result
from crawler.model.site import Site
from crawler.model.work import Link
from crawler.pipeline.changed_rules.identity import changes_of, identity_of
from crawler.pipeline.changed_rules.rejudging import PENDING, pend, rejudge
from crawler.pipeline.changed_rules.widening import ROOTS_SCANNED, roots_of_new_crawl
from crawler.pipeline.store import frontier_options
from tests.support.fetch import make_plan
from tests.support.memory_frontier import MemoryFrontier

pytestmark = pytest.mark.component

SEED = "https://a.example/docs/"
NOW = 1_000_000_000_000


def now() -> int:
    return NOW


class Job:
    """A crawl that fetches nothing: pages are settled by the test."""

    def __init__(self, tmp_path: Path, **plan):
        self.plan = make_plan(output=tmp_path, robots=False, **plan)
        self.store = MemoryFrontier(frontier_options(self.plan))

    async def begin(self, *seeds: str):
        await self.store.add([Link(url, 0, None, seed=True) for url in seeds], now=NOW)
        roots = [url[: url.index("/", 8) + 1] for url in seeds]
        await self.store.commit(Batch(roots=roots), now=NOW)
        stored = identity_of(self.plan) | await roots_of_new_crawl(self.store)
        await self.store.set_meta(stored)

    async def settle(self, outcome="done", links=(), records=(), **more):
        """Claim all there is and end it; `records` go to a part of their own."""
        items = await self.store.claim(1000, now=NOW)
        parts = []
        if records:
            part = await self.store.new_part("r")
            data = b"".join(json.dumps(record).encode() + b"\n" for record in records)
            (self.plan.output / part.name).write_bytes(data)
            parts = [PartMark(part.part_id, 0, len(data), len(records), sealed=True)]
        results = [
            Result(i.ref, i.host_hash, i.url_hash, i.lease_id, outcome, seed=i.seed, **more)
            for i in items
        ]
        notes = [HostNote(item.host_hash, None) for item in items]
        batch = Batch(results=results, notes=notes, links=links, parts=parts)
        await self.store.commit(batch, now=NOW)
        return {item.url for item in items}

    async def add(self, *urls: str, depth: int = 1):
        await self.store.commit(Batch(links=[Link(url, depth, None) for url in urls]), now=NOW)

    async def store_rules(self, **changed):
        """What a start with other rules does before it judges anything."""
        self.plan = self.plan._replace(**changed)
        self.store.options = frontier_options(self.plan)
        meta = await self.store.meta()
        changes = changes_of(self.plan, meta)
        stored = identity_of(self.plan) | await pend(changes, self.plan, meta, self.store)
        await self.store.set_meta(stored)

    async def resume(self, **changed):
        await self.store_rules(**changed)
        await rejudge(self.plan, self.store, now)

    async def states(self) -> dict[str, str]:
        return {
            url.url.removeprefix("https://a.example"): url.reason or url.state
            for url in self.store.urls.values()
            if not url.seed
        }


def record(url: str, *links: str, **more):
    return {
        "url": url,
        "status": 200,
        "depth": 0,
        "robots": None,
        "nofollow": [],
        "links": list(links),
        "error": None,
        "final_url": url,
        "redirects": [],
    } | more


@pytest.fixture
async def job(tmp_path: Path) -> Job:
    made = Job(tmp_path)
    await made.begin(SEED)
    return made


async def test_what_waits_is_judged_by_each_rule(job: Job):
    a = "https://a.example"
    await job.add(f"{a}/x", f"{a}/docs/no/1", f"{a}/docs/1")
    await job.add(f"{a}/docs/deep", depth=3)
    await job.resume(scope="prefix", exclude=("*/no/*",), max_depth=2)
    assert await job.states() == {
        "/x": "scope",
        "/docs/no/1": "exclude",
        "/docs/1": "ready",
        "/docs/deep": "depth",
    }
    # Another rule refuses it now: the reason must be that of today.
    await job.resume(exclude=(), include=("*/docs/1",), max_depth=None, scope="host")
    assert set((await job.states()).items()) >= {
        ("/x", "include"),
        ("/docs/no/1", "include"),
        ("/docs/deep", "include"),
    }
    await job.resume(include=())
    assert set((await job.states()).values()) == {"ready"}


async def test_seeds_are_never_refused(job: Job):
    """A person named them."""
    await job.add("https://a.example/x")
    await job.resume(exclude=("*",), scope="page")
    seeds = [url for url in job.store.urls.values() if url.seed]
    assert [url.state for url in seeds] == ["ready"]
    assert await job.states() == {"/x": "scope"}


async def test_an_origin_that_was_given_up_stays_so(job: Job):
    await job.settle()
    await job.add("https://a.example/x")
    await job.settle("dead", reason="origin_unreachable")
    await job.resume(exclude=("*no*",), robots=True)
    assert await job.states() == {"/x": "origin_unreachable"}


async def test_robots_refusals_hold_until_robots_are_obeyed_otherwise(job: Job):
    await job.settle()
    await job.add("https://a.example/x", "https://a.example/y")
    await job.settle("dead", reason="robots")
    await job.resume(max_depth=5)
    assert await job.states() == {"/x": "robots", "/y": "robots"}
    await job.resume(product_token="Other", exclude=("*/y",))
    assert await job.states() == {"/x": "ready", "/y": "exclude"}


async def test_sitemaps_are_out_by_their_own_switch_alone(job: Job):
    """They lie where their site puts them: no glob is about them."""
    sitemap = "https://a.example/maps/all.xml"
    links = [Link(sitemap, 5, None, kind="sitemap"), Link(f"{sitemap}.gz", 0, None, kind="sitemap")]
    await job.store.commit(Batch(links=links), now=NOW)
    await job.resume(exclude=("*.xml",), scope="prefix", max_depth=2)
    assert set((await job.states()).values()) == {"ready"}
    await job.resume(sitemaps=False)
    assert set((await job.states()).values()) == {"sitemaps"}
    await job.resume(sitemaps=True)
    assert set((await job.states()).values()) == {"ready"}


async def test_a_page_of_thousands_is_judged_to_its_end(job: Job):
    await job.add(*(f"https://a.example/{n}" for n in range(12_000)))
    await job.resume(exclude=("*9",))
    states = await job.states()
    assert sum(state == "exclude" for state in states.values()) == 1_200


async def test_links_are_added_as_their_records_allow(job: Job):
    """`rel=nofollow`, the page's own, redirects with their chain, the nearest depth."""
    a = "https://a.example"
    await job.settle(
        records=[
            record(SEED, f"{a}/1", f"{a}/no", nofollow=[f"{a}/no"], depth=4),
            record(f"{a}/docs/2", f"{a}/1", depth=2),
            record(f"{a}/docs/3", f"{a}/quiet", robots="noindex, nofollow"),
            record(f"{a}/docs/4", status=302, final_url=f"{a}/target", redirects=[f"{a}/0"]),
            record(f"{a}/docs/5", status=None, error="timeout"),
            record(f"{a}/docs/6", f"{a}/broken", status=500),
        ],
    )
    await job.store_rules(exclude=("*",))
    await job.store.set_meta({PENDING: ""})
    await job.resume(exclude=(), max_depth=9)
    assert await job.states() == {"/1": "ready", "/target": "ready"}
    known = {url.url: url for url in job.store.urls.values()}
    assert known[f"{a}/1"].depth == 3
    assert known[f"{a}/target"].link.chain == (f"{a}/0", f"{a}/docs/4")
    meta = await job.store.meta()
    assert meta[PENDING] == ""
    assert meta[ROOTS_SCANNED] == "1"


@pytest.mark.parametrize("broken", ["undone", "rejudge", "commit", "replace_roots", "set_meta"])
async def test_a_break_at_any_place_is_made_good_by_the_next_start(
    tmp_path: Path, broken: str, monkeypatch: pytest.MonkeyPatch
):
    job = Job(tmp_path, scope="prefix", exclude=("*/no",))
    await job.begin(SEED)
    await job.settle(records=[record(SEED, "https://a.example/back")])
    await job.add("https://a.example/docs/1", "https://a.example/docs/2")
    await job.store_rules(exclude=("*/2",), scope="host")

    async def breaks(*_: object, **__: object):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(job.store, broken, breaks)
        with pytest.raises(KeyboardInterrupt):
            await rejudge(job.plan, job.store, now)
    assert (await job.store.meta())[PENDING]
    await job.resume()  # the same command: no rule differs from what is stored
    assert await job.states() == {"/docs/1": "ready", "/docs/2": "exclude", "/back": "ready"}
    assert (await job.store.meta())[PENDING] == ""


async def test_parts_that_have_been_read_are_not_read_again_after_a_break(
    job: Job, monkeypatch: pytest.MonkeyPatch
):
    for n in range(3):
        await job.add(f"https://a.example/{n}")
        await job.settle(records=[record(f"https://a.example/{n}", f"https://a.example/new/{n}")])
    await job.store_rules(exclude=("*/new/*",))
    await job.store.set_meta({PENDING: ""})
    third = job.plan.output / "part-000003.jsonl"
    third.rename(third.with_suffix(".away"))
    with pytest.raises(StorageError, match="cannot be read"):
        await job.resume(exclude=())
    third.with_suffix(".away").rename(third)
    for n in (1, 2):
        (job.plan.output / f"part-{n:06d}.jsonl").unlink()
    await job.resume()
    assert {f"/new/{n}" for n in range(3)} <= (await job.states()).keys()


async def test_a_break_of_a_wider_run_is_not_lost_in_a_narrower_one(job: Job):
    """Each start adds to what is pending; nothing but its end takes away from it."""
    await job.settle(records=[record(SEED, "https://a.example/1", "https://b.example/")])
    await job.store_rules(scope="any")
    await job.resume(scope="host", exclude=("*/2",))
    assert (await job.states()).keys() == {"/1"}


async def test_roots_fit_the_mode_and_a_new_seed_is_not_missed(job: Job):
    """Going from host to prefix only takes away, unless a seed came with it."""
    await job.settle(records=[record(SEED, "https://b.example/in/1", "https://b.example/2")])
    await job.store_rules(scope="prefix")
    assert not json.loads((await job.store.meta())[PENDING])["reread"]
    await rejudge(job.plan, job.store, now)
    assert await job.store.roots() == [SEED]
    await job.resume(scope="host")
    assert await job.store.roots() == ["https://a.example/"]
    new = "https://b.example/in/"
    await job.store.add([Link(new, 0, None, seed=True)], now=NOW)
    await job.store.commit(Batch(roots=[new]), now=NOW)
    await job.resume(scope="prefix")
    assert await job.store.roots() == [SEED, new]
    assert (await job.states()).keys() == {"https://b.example/in/1"}
    assert (await job.store.meta())[ROOTS_SCANNED] == "2"


async def test_a_site_of_its_own_makes_the_records_be_read(job: Job):
    await job.settle(records=[record(SEED, "https://a.example/1")])
    await job.resume(sites=(Site(match="other.example", exclude=("*x*",)),))
    assert (await job.states()).keys() == {"/1"}


async def test_no_change_does_nothing(job: Job, monkeypatch: pytest.MonkeyPatch):
    """An ordinary resume must not look at a hundred million URLs."""
    monkeypatch.delattr(MemoryFrontier, "undone")
    await job.resume()
    await job.resume(max_pages=5, delay_ms=77)
