"""Whether a crawl gets on, by snapshots: what is progress, a reason to wait, or neither."""

from typing import Any

import pytest

from crawler.model.fleet import FleetState, ReaderState
from crawler.model.measures import SIZE, read_measures
from crawler.pipeline.watching.progress import (
    STALE_MS,
    anchor_of,
    idle_reason,
    judge_progress,
    patience_ms,
    work_done,
)
from crawler.pipeline.watching.snapshot import Snapshot
from tests.support.snapshots import a_snapshot, an_outlook

PATIENCE = 90_000
AT = 1_000_000
BUSY = an_outlook(ready=9, leased=2, claimable=1, next_at=AT)


def _fleet(*, ready: bool = True, tries: int = 0) -> FleetState:
    cells = [0] * SIZE
    cells[3] = tries
    reader = ReaderState(name="r", pid=1, ready=ready, held=0)
    return FleetState(
        readers=[reader],
        configured=1,
        queue_depth=0,
        in_flight=0,
        measured=read_measures(cells),
        parent_pid=1,
    )


def _at(at: int, outlook: Any = BUSY, **changes: Any) -> Snapshot:
    return a_snapshot(outlook, at=at, **changes)


@pytest.mark.parametrize(
    ("outlook", "more", "said"),
    [
        (BUSY, {}, None),
        (BUSY, {"holds": ["disk"]}, "paused: disk"),
        (BUSY, {"holds": ["disk", "operator"]}, "paused: disk, operator"),
        (BUSY, {"stopping": "max_pages"}, "stopping: max_pages"),
        (BUSY, {"gone_by": AT + 8_000}, "stopping"),
        (an_outlook(ready=1, claimable=1, next_at=AT), {}, None),
        (an_outlook(ready=1, claimable=1, next_at=None), {}, None),
        (an_outlook(ready=1, claimable=1, next_at=AT + 2_000), {}, "politeness: the next URL"),
        (an_outlook(waiting=3, next_due=AT + 60_000), {}, "waiting: the first URL is due in 60 s"),
        (an_outlook(waiting=3, next_due=AT - 1), {}, None),
        (an_outlook(later=3, next_visit=AT + 1_000), {}, "waiting: the first visit is due in 1 s"),
        (an_outlook(later=3, next_visit=AT - 1), {}, None),
        (an_outlook(leased=1, waiting=3, next_due=AT + 60_000), {}, None),
        (an_outlook(ready=5, held_by_budget=5), {}, "nothing is left to do"),
        (an_outlook(ready=5, halted=5), {}, "paused: hosts by a person"),
        (an_outlook(), {}, "nothing is left to do"),
    ],
)
def test_reasons_to_have_nothing_to_do(
    outlook: Any, more: dict[str, Any], said: str | None
) -> None:
    """One too many hides a crawl that hangs; one too few restarts one that is well."""
    found = idle_reason(_at(AT, outlook, **more))
    assert found is None if said is None else found is not None and found.startswith(said)


@pytest.mark.parametrize(
    "counted",
    ["records", "retries", "sitemaps", "dead", "robots:rules", "robots:unreachable_allowed"],
)
def test_what_is_settled_is_progress(counted: str) -> None:
    before, after = _at(0, counters={"ready": 5}), _at(1, counters={"ready": 5, counted: 1})
    assert work_done(after) > work_done(before)
    assert anchor_of(before, after) is after


def test_a_try_is_progress_though_nothing_is_settled() -> None:
    """The last page of a slow host may take all its tries, a minute each, inside one lease."""
    before, after = _at(0, fleet=_fleet(tries=1)), _at(1, fleet=_fleet(tries=2))
    assert anchor_of(before, after) is after


def test_claims_and_bytes_alone_are_none() -> None:
    """Leases that run out and are claimed again would look like work for ever."""
    before = _at(0, counters={"ready": 5, "leased": 0})
    after = _at(1, counters={"ready": 1, "leased": 4, "waiting": 2, "refused:scope": 3})
    assert anchor_of(before, after) is before


def test_patience_counts_from_the_end_of_a_wait() -> None:
    """After ten minutes of waiting nothing can have been settled; it is not stuck for that."""
    anchor = _at(0)
    for at in range(1_000, 600_000, 1_000):
        anchor = anchor_of(anchor, _at(at, an_outlook(waiting=1, next_due=600_000)))
    latest = _at(600_000)
    anchor = anchor_of(anchor, latest)
    assert judge_progress(anchor, latest, 600_500, patience_ms=PATIENCE).moving


def test_lost_parts_are_not_taken_for_a_crawl_that_hangs() -> None:
    """Their records are gone from the counters, and every one that follows is work."""
    before, after = _at(0, counters={"records": 500}), _at(1, counters={"records": 100})
    assert anchor_of(before, after) is after


@pytest.mark.parametrize(
    ("anchor_age", "snapshot_age", "changes", "moving", "said"),
    [
        (0, 500, {}, True, "something was settled 0 s ago"),
        (PATIENCE, 500, {}, True, "something was settled 90 s ago"),
        (PATIENCE + 1, 500, {}, False, "2 URLs are out, but nothing was settled for 90 s"),
        (
            PATIENCE + 1,
            500,
            {"outlook": an_outlook(ready=1, claimable=1)},
            False,
            "URLs could be claimed, but nothing was settled for 90 s",
        ),
        (PATIENCE + 1, 0, {"fleet": _fleet(ready=False)}, False, "no reader process is ready"),
        (PATIENCE + 1, 0, {"fleet": _fleet()}, False, "2 URLs are out"),
        (0, 0, {"fleet": _fleet(ready=False)}, True, "something was settled"),
        (0, STALE_MS + 1, {}, False, "nothing was heard of the crawl for 15 s"),
        (0, STALE_MS + 1, {"holds": ["operator"]}, False, "nothing was heard of the crawl"),
        (PATIENCE * 2, 0, {"holds": ["operator"]}, True, "paused: operator"),
    ],
)
def test_verdicts(
    anchor_age: int, snapshot_age: int, changes: dict[str, Any], moving: bool, said: str
) -> None:
    outlook = changes.pop("outlook", BUSY)
    now = AT + 400_000
    anchor = _at(now - anchor_age)
    latest = _at(now - snapshot_age, outlook, **changes)
    verdict = judge_progress(anchor, latest, now, patience_ms=PATIENCE)
    assert verdict.moving is moving
    assert verdict.why.startswith(said)


def test_one_try_may_take_its_time() -> None:
    """A crawl with a longer time-out may settle nothing for longer."""
    assert patience_ms(60_000) > 60_000
    assert patience_ms(600_000) > 600_000
