"""The committer's promises: append, then commit; a lost lease takes its line with it."""

import asyncio
from collections.abc import Collection
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from crawler.errors import StorageError
from crawler.model.result import Batch, HostNote, Result
from crawler.model.work import Link
from crawler.pipeline.committer import BATCH_LINKS, BATCH_SETTLEMENTS, Committer, merge_notes
from crawler.pipeline.known import KnownUrls
from crawler.pipeline.parts import PartRotation
from crawler.pipeline.settlement import Settlement
from crawler.ports import CommitResult, NoParent, Part
from tests.support.fetch import make_item


class Store:
    """A frontier that remembers what it was asked to commit and loses the leases it is told to."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.lost: set[int] = set()
        self.error: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.numbers = 0

    async def new_part(self, reader: str) -> Part:
        self.numbers += 1
        return Part(self.numbers, f"part-{self.numbers:06}.jsonl", 0, 0, sealed=False)

    async def commit(self, batch: Batch, *, now: int) -> CommitResult:
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        lost = frozenset(r.lease_id for r in batch.results) & self.lost
        if not lost:
            self.batches.append(batch)
        return CommitResult(frozenset(lost))


class Ear(NoParent):
    def __init__(self) -> None:
        self.heard: list[int] = []

    def settled(self, lease_ids: Collection[int]) -> None:
        self.heard += lease_ids


def settlement(lease_id: int, *, links: int = 0) -> Settlement:
    url = f"http://h/{lease_id}"
    item = make_item(url, ref=lease_id, lease_id=lease_id)
    return Settlement(
        item=item,
        note=HostNote(1, lease_id),
        result=Result(lease_id, 1, lease_id, lease_id, "done"),
        line=b'{"url":"%d"}\n' % lease_id,
        links=[Link(f"{url}/{n}", 1, lease_id) for n in range(links)],
    )


def make(
    store: Any, directory: Path, *, by_depth: bool = False
) -> tuple[Committer, Ear, KnownUrls]:
    known = KnownUrls(by_depth=by_depth)
    rotation = PartRotation(
        store, directory, "reader", lambda: 0, max_bytes=10**9, max_age_ms=10**9
    )
    committer = Committer(store, rotation, known, lambda: 0)
    ear = Ear()
    committer.start(ear)
    return committer, ear, known


async def test_lines_of_lost_leases_are_not_kept(tmp_path: Path) -> None:
    """Somebody else has that lease and writes the record: ours would be the second."""
    store = Store()
    store.lost = {2}
    committer, ear, _ = make(store, tmp_path)
    for lease_id in (1, 2, 3):
        await committer.settle(settlement(lease_id), 0)
    await committer.close()
    assert (tmp_path / "part-000001.jsonl").read_bytes() == b'{"url":"1"}\n{"url":"3"}\n'
    committed = [r.lease_id for batch in store.batches for r in batch.results]
    assert committed == [1, 3]
    assert sorted(ear.heard) == [1, 2, 3]


async def test_the_offset_goes_with_the_outcomes(tmp_path: Path) -> None:
    """A mark that is not the file's size would cut good records, or keep torn ones."""
    store = Store()
    committer, _, _ = make(store, tmp_path)
    for lease_id in range(120):
        await committer.settle(settlement(lease_id), 0)
    await committer.close()
    marks = [mark for batch in store.batches for mark in batch.parts]
    assert marks[-1].sealed
    assert marks[-1].new_bytes == (tmp_path / "part-000001.jsonl").stat().st_size
    assert sum(mark.records for mark in marks) == 120
    for before, after in pairwise(marks):
        assert after.old_bytes == before.new_bytes


async def test_links_are_known_only_after_their_commit(tmp_path: Path) -> None:
    """A link dropped as known before it is durable would be lost by a crash."""
    store = Store()
    store.gate.clear()
    committer, _, known = make(store, tmp_path)
    item = settlement(1, links=3)
    urls = [link.url for link in item.links]
    await committer.settle(item, 0)
    for _ in range(20):
        await asyncio.sleep(0)
    assert known.fresh(urls, 1) == urls
    store.gate.set()
    await committer.close()
    assert known.fresh(urls, 1) == []


async def test_links_of_a_batch_that_was_lost_are_not_known(tmp_path: Path) -> None:
    """Nothing of it was committed: the page is fetched again, and its links must count then."""
    store = Store()
    store.lost = {1, 2}
    committer, _, known = make(store, tmp_path)
    items = [settlement(1, links=3), settlement(2, links=1)]
    for item in items:
        await committer.settle(item, 0)
    await committer.close()
    assert store.batches == [] or not any(batch.links for batch in store.batches)
    urls = [link.url for item in items for link in item.links]
    assert known.fresh(urls, 1) == urls


async def test_what_a_callback_asks_for_is_committed_as_asked(
    tmp_path: Path,
) -> None:
    """Another page of the batch may link the same URL, less urgent; and a URL that is known nearer
    than the store has it would never be brought nearer."""
    store = Store()
    committer, _, known = make(store, tmp_path, by_depth=True)
    store.gate.clear()
    asked = [Link("http://h/1/0", 7, 2, 0), Link("http://h/1/0", 6, 2, 3), Link("http://h/x", 9, 2)]
    await committer.settle(settlement(1, links=2), 0)
    await committer.settle(settlement(2)._replace(extra_links=asked), 0)
    store.gate.set()
    await committer.close()
    links = {link.url: link for batch in store.batches for link in batch.links}
    assert links == {
        "http://h/1/0": Link("http://h/1/0", 1, 1, 0),
        "http://h/1/1": Link("http://h/1/1", 1, 1),
        "http://h/x": Link("http://h/x", 9, 2),
    }
    assert known.fresh(["http://h/1/0", "http://h/x"], 1) == ["http://h/x"]
    assert known.fresh(["http://h/x"], 9) == []


async def test_very_many_links_go_ahead_in_chunks_and_the_outcome_last(tmp_path: Path) -> None:
    """One transaction of any size would hold the store's write lock for as long."""
    store = Store()
    committer, _, _ = make(store, tmp_path)
    await committer.settle(settlement(1, links=2 * BATCH_LINKS + 1), 0)
    await committer.close()
    sizes = [(len(batch.links), len(batch.results)) for batch in store.batches[:3]]
    assert sizes == [(BATCH_LINKS, 0), (BATCH_LINKS, 0), (1, 1)]


async def test_the_inbox_holds_two_batches_then_blocks(tmp_path: Path) -> None:
    """Without a bound a slow disk would fill the memory."""
    store = Store()
    store.gate.clear()
    committer, _, _ = make(store, tmp_path)
    taken = 0

    async def feed() -> None:
        nonlocal taken
        for lease_id in range(BATCH_SETTLEMENTS * 6):
            await committer.settle(settlement(lease_id), 0)
            taken += 1

    feeding = asyncio.create_task(feed())
    for _ in range(BATCH_SETTLEMENTS * 10):
        await asyncio.sleep(0)
    assert taken <= BATCH_SETTLEMENTS * 4
    store.gate.set()
    await feeding
    await committer.close()


async def test_a_full_disk_is_told_to_every_reader(tmp_path: Path) -> None:
    """Else the tasks of this process would wait for ever."""
    store = Store()
    store.error = StorageError("no space left")
    committer, ear, _ = make(store, tmp_path)
    await committer.settle(settlement(1), 0)
    assert committer._task is not None
    await asyncio.wait([committer._task])
    with pytest.raises(StorageError):
        await committer.settle(settlement(2), 0)
    with pytest.raises(StorageError):
        await committer.close()
    assert ear.heard == []


def test_notes_of_a_batch_become_one_in_their_order() -> None:
    """A failure before an answer would count on, one after it would be forgotten."""
    notes = [
        HostNote(1, 10, failed_at=10, failure="reset", latency_ms=None),
        HostNote(1, 20, answered=True, latency_ms=80),
        HostNote(1, 15, 500, failed_at=15, failure="http_503", latency_ms=90, throttled=2),
        HostNote(1, 12, failed_at=12, failure="tls"),
        HostNote(2, 5, failed_at=5, failure="timeout", server_lost=True),
        HostNote(2, 6, answered=True, latency_ms=7, throttled=1),
    ]
    settlements = [settlement(n)._replace(note=note) for n, note in enumerate(notes)]
    assert merge_notes(settlements) == [
        HostNote(
            1,
            20,
            500,
            answered=True,
            failed_at=15,
            failure="http_503",
            latency_ms=90,
            throttled=2,
        ),
        HostNote(2, 6, server_lost=True, answered=True, latency_ms=7, throttled=1),
    ]
