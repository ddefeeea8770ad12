"""What becomes of sealed parts: packing, shipping with its failures, pruning what nobody needs."""

from crawler.model.part import Shipping
from crawler.model.result import Batch, KeptBody, PartMark
from tests.contract.conftest import pages, result


async def _sealed(frontier, count, *, store=0):
    """Seal parts with a record each; return them."""
    await frontier.add(pages("a.example", count), now=0)
    items = await frontier.claim(count, now=0)
    for number, item in enumerate(items):
        part = await frontier.new_part(f"r{number}")
        mark = PartMark(part.part_id, 0, 100, 1, new_store_bytes=store)
        await frontier.commit(Batch(results=[result(item)], parts=[mark]), now=1)
        closed = PartMark(part.part_id, 100, 100, 0, True, store, store)
        await frontier.commit(Batch(parts=[closed]), now=7)
    return await frontier.parts()


async def test_a_part_has_the_time_when_it_was_sealed(make):
    frontier = await make(delay_ms=0)
    (part,) = await _sealed(frontier, 1)
    assert (part.sealed_at, part.shipped, part.packed) == (7, None, None)
    open_part = await frontier.new_part("r9")
    assert (await frontier.parts())[-1].sealed_at is None
    assert (await frontier.recover(now=9))[-1].sealed_at == 9
    assert [p.part_id for p in await frontier.sealed.unpacked(limit=9)] == [1]  # none without bytes
    assert open_part.part_id == 2


async def test_packed_parts_are_packed_once(make):
    frontier = await make(delay_ms=0)
    await _sealed(frontier, 3)
    ask = frontier.sealed.unpacked
    assert [p.part_id for p in await ask(limit=2)] == [1, 2]
    assert [p.part_id for p in await ask(after=2)] == [3]
    assert await frontier.sealed.set_packed(1, ".zst")
    assert [p.part_id for p in await ask(limit=9)] == [2, 3]
    first = (await frontier.parts())[0]
    assert (first.packed, first.file_name) == (".zst", "part-000001.jsonl.zst")
    assert await frontier.sealed.set_packed(1, None)
    assert [p.part_id for p in await ask()] == [1]


async def test_only_parts_that_were_sealed_for_a_command_are_shipped(make):
    frontier = await make(delay_ms=0)
    await _sealed(frontier, 1)
    assert await frontier.sealed.to_ship(now=10, limit=9) == []
    assert await frontier.sealed.shipping() == Shipping(0, 0, None, 0, None)


async def test_shipping_is_tried_again_when_it_is_due(make):
    frontier = await make(delay_ms=0, ships=True)
    await _sealed(frontier, 3)
    parts = frontier.sealed
    assert [p.part_id for p in await parts.to_ship(now=10, limit=9)] == [1, 2, 3]
    assert await parts.to_ship(now=10, packed=True) == []
    await parts.set_packed(2, ".zst")
    assert [p.part_id for p in await parts.to_ship(now=10, packed=True)] == [2]
    assert await parts.set_ship_failed(1, error="exit code 1", due=50) == 1
    assert [p.part_id for p in await parts.to_ship(now=49)] == [2]
    assert [p.part_id for p in await parts.to_ship(now=50)] == [1]
    assert await parts.set_ship_failed(1, error="exit code 2", due=90) == 2
    assert await parts.shipping() == Shipping(3, 1, 0, 2, "exit code 2")
    await parts.set_shipped(2)
    await parts.set_shipped(3, gone=True)
    assert await parts.shipping() == Shipping(1, 1, 90, 2, "exit code 2")
    await frontier.recover(now=60)  # a restart forgets nothing of it
    assert await parts.to_ship(now=60) == []
    assert [(p.shipped, p.pruned) for p in await frontier.parts()] == [
        (False, False),
        (True, False),
        (True, True),
    ]


async def test_pruned_parts_are_neither_packed_nor_shipped(make):
    frontier = await make(delay_ms=0, ships=True)
    await _sealed(frontier, 2)
    open_part = await frontier.new_part("r9")
    assert await frontier.sealed.prune([1]) == (frozenset({1}), frozenset())
    await frontier.sealed.prune([open_part.part_id])
    assert [p.pruned for p in await frontier.parts()] == [True, False, False]
    assert not await frontier.sealed.set_packed(1, ".zst")
    assert [p.part_id for p in await frontier.sealed.unpacked(limit=9)] == [2]
    assert [p.part_id for p in await frontier.sealed.to_ship(now=10, limit=9)] == [2]
    assert (await frontier.sealed.shipping()).waiting == 1


async def test_what_other_parts_point_into_is_kept(make):
    frontier = await make(delay_ms=0)
    await frontier.add(pages("a.example", 4), now=0)
    items = await frontier.claim(4, now=0)
    refers = [(), (1,), (2,), ()]  # the second points into the first, the third into the second
    for number, item in enumerate(items):
        part = await frontier.new_part("r")
        mark = PartMark(part.part_id, 0, 100, 1, True, 0, 500)
        batch = Batch(results=[result(item)], parts=[mark], refers_to=refers[number])
        await frontier.commit(batch, now=1)
    assert await frontier.sealed.prune([1, 2, 4]) == (frozenset({4}), frozenset({1, 2}))
    assert await frontier.sealed.prune([1, 2, 3]) == (frozenset({1, 2, 3}), frozenset())
    # What was crawled stays known.
    assert (await frontier.counters())["done"] == 4
    assert await frontier.claim(9, now=10**6) == []


async def test_bodies_of_pruned_parts_are_stored_anew(make):
    frontier = await make(delay_ms=0)
    await _sealed(frontier, 2, store=500)
    await frontier.add(pages("b.example", 3), now=2)
    one, two = await frontier.claim(2, now=2)
    part = await frontier.new_part("r9")
    old = KeptBody(b"a" * 32, part.part_id, 0, 90, one.ref, 7, one.url)
    mark = PartMark(part.part_id, 0, 10, 1, sealed=True, new_store_bytes=500)
    await frontier.commit(Batch(results=[result(one)], parts=[mark], bodies=[old]), now=3)
    assert await frontier.bodies([old.content_hash]) == {old.content_hash: old}
    await frontier.sealed.prune([part.part_id])
    assert await frontier.bodies([old.content_hash]) == {}
    # A reader that still remembers the body is told so, and nothing is committed.
    last = await frontier.new_part("r10")
    mark = PartMark(last.part_id, 0, 10, 1, new_store_bytes=500)
    answer = await frontier.commit(
        Batch(results=[result(two)], parts=[mark], refers_to=[part.part_id]), now=4
    )
    assert (answer.pruned, answer.lost) == (frozenset({part.part_id}), frozenset())
    new = KeptBody(b"a" * 32, last.part_id, 0, 80, two.ref, 8, two.url)
    answer = await frontier.commit(Batch(results=[result(two)], parts=[mark], bodies=[new]), now=5)
    assert not answer.pruned
    assert await frontier.bodies([old.content_hash]) == {old.content_hash: new}
    # Those of a part that is kept are forgotten on request, so that it can go later on.
    assert await frontier.sealed.forget_bodies([last.part_id]) == 1
    assert await frontier.bodies([old.content_hash]) == {}
