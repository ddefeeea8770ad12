"""The frontiers that every contract test runs on, and shorthand for what processes do to them."""

import pytest

from crawler.frontier.sqlite import SqliteFrontier
from crawler.model.result import Batch, HostNote, Result, Rules
from crawler.model.work import Item, Link
from crawler.ports import FrontierOptions
from tests.support.memory_frontier import MemoryFrontier

DEFAULTS = {
    "delay_ms": 1_000,
    "per_host": 4,
    "lease_ms": 60_000,
    "window_ms": 10_000,
    "robots": False,
}


def options(**changes) -> FrontierOptions:
    return FrontierOptions(**(DEFAULTS | changes))


@pytest.fixture(params=["memory", "sqlite"])
async def make(request, tmp_path):
    """Return a function that makes an opened frontier from options; it closes them at the end."""
    made = []

    async def frontier(**changes):
        if request.param == "memory":
            one = MemoryFrontier(options(**changes))
        else:
            one = SqliteFrontier(tmp_path / f"frontier-{len(made)}.db", options(**changes))
        made.append(one)
        await one.open()
        return one

    yield frontier
    for one in made:
        await one.close()


def links(*urls: str, depth: int = 0, parent: int | None = None, **more) -> list[Link]:
    return [Link(url, depth, parent, **more) for url in urls]


def pages(host: str, count: int, **more) -> list[Link]:
    return links(*(f"https://{host}/{number}" for number in range(count)), **more)


def result(item: Item, outcome="done", **more) -> Result:
    if outcome == "done":
        more = {"status": 200, "is_page": True} | more
    return Result(item.ref, item.host_hash, item.url_hash, item.lease_id, outcome, **more)


def note(item: Item, started_at: int | None, paused_until: int | None = None) -> HostNote:
    return HostNote(item.host_hash, started_at, paused_until)


def rules(item: Item, verdict="allow", **more) -> Rules:
    if verdict in ("rules", "allow"):
        more = {"expires_at": 1_000_000_000} | more
    return Rules(item.ref, item.host_hash, item.lease_id, verdict, **more)


async def settle(frontier, items, now: int, *, started_at: int | None = -1, **more):
    """Commit items as done (pages) or allowed (robots), their requests started at `now`."""
    start = now if started_at == -1 else started_at
    answer = await frontier.commit(
        Batch(
            results=[result(item, **more) for item in items if item.kind == "page"],
            rules=[rules(item) for item in items if item.kind == "robots"],
            notes=[note(item, start) for item in items],
        ),
        now=now,
    )
    assert not answer.lost


async def counted(frontier) -> dict[str, int]:
    """Counters that are not zero."""
    return {name: value for name, value in (await frontier.counters()).items() if value}
