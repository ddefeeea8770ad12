"""What readers measure: cells of one writer each, read and added up by another process."""

import mmap
import os
import signal
from types import SimpleNamespace
from typing import Any

import pytest

from crawler.model.measures import (
    KINDS,
    LONG_S,
    SHORT_S,
    SIZE,
    Clocked,
    Measures,
    Timing,
    read_measures,
)


def _cells() -> Any:
    return memoryview(mmap.mmap(-1, 8 * SIZE)).cast("q")


def _item(kind: str) -> Any:
    return SimpleNamespace(kind=kind)


def test_each_number_has_its_own_cell() -> None:
    """Two that share one would be wrong without anybody noticing."""
    measures, cells = Measures(), _cells()
    measures.move_to(cells)
    measures.tried(7)
    measures.tried(400_000)
    kinds = ["page", "page", "robots", "sitemap", "requisite", "page"]
    measures.settled(map(_item, kinds), [1_000] * 6, 1_030)
    measures.committed(1_000)
    measures.committed(99_000_000)
    measures.lost(3)
    measures.denied()
    found = read_measures(cells.tolist())
    assert found.by_kind == {"page": 3, "robots": 1, "sitemap": 1, "requisite": 1}
    assert (found.leases_lost, found.robots_denials) == (3, 1)
    assert (found.tries.total, found.tries.sum_us) == (2, 400_007_000)
    assert (found.jobs.total, found.jobs.sum_us) == (6, 180_000)
    assert (found.commits.total, found.commits.sum_us) == (2, 99_001_000)
    assert found.tries.counts[LONG_S.index(0.01)] == found.tries.counts[-1] == 1
    assert found.jobs.counts[LONG_S.index(0.05)] == 6
    # A bound belongs to its bucket, as Prometheus has it.
    assert found.commits.counts[SHORT_S.index(0.001)] == found.commits.counts[-1] == 1


def test_what_was_counted_before_the_cells_came_is_kept() -> None:
    measures, cells = Measures(), _cells()
    measures.denied()
    cells[0] = 0
    measures.move_to(cells)
    measures.denied()
    assert read_measures(cells.tolist()).robots_denials == 2


def test_a_kill_loses_nothing() -> None:
    cells = _cells()
    pid = os.fork()
    if pid == 0:
        measures = Measures()
        measures.move_to(cells)
        measures.tried(3)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)
    assert read_measures(cells.tolist()).tries.total == 1


def test_every_kind_of_item_is_counted() -> None:
    """A new one would raise in the committer of every reader."""
    assert set(KINDS) == {"page", "robots", "sitemap", "requisite"}


@pytest.mark.parametrize(
    ("times_ms", "share", "least", "most"),
    [
        ([30] * 100, 0.5, 25, 50),
        ([3] * 90 + [700] * 10, 0.5, 0, 5),
        ([3] * 90 + [700] * 10, 0.95, 500, 1000),
        ([3] * 90 + [700] * 10, 1.0, 500, 1000),
        ([900_000], 0.5, 300_000, 300_000),
    ],
)
def test_quantiles_are_within_their_bucket(
    times_ms: list[int], share: float, least: float, most: float
) -> None:
    measures, cells = Measures(), _cells()
    measures.move_to(cells)
    for time_ms in times_ms:
        measures.tried(time_ms)
    found = read_measures(cells.tolist()).tries.quantile_ms(share)
    assert found is not None
    assert least <= found <= most


def test_a_quantile_of_nothing_is_nothing() -> None:
    assert Timing((1,), (0, 0), 0).quantile_ms(0.5) is None


def test_what_came_since() -> None:
    clock = Clocked()
    clock.add(2_000)
    before = clock.read()
    clock.add(3_000_000)
    since = clock.read().since(before)
    assert (since.total, since.sum_us) == (1, 3_000_000)
    assert before.since(before.nothing()) == before
