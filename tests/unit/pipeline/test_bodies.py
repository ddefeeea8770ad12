"""Where bodies go, and what the records say of it; on a store in memory."""

import json
from collections.abc import Collection
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from crawler.model.capture import Capture
from crawler.model.result import Fetched, HostNote, KeptBody, Redirected
from crawler.pipeline.appended import Appended
from crawler.pipeline.bodies import MIN_SHARED_BYTES, Bodies
from crawler.pipeline.packing import THREAD_BYTES, Packer
from crawler.pipeline.settlement import Settlement
from crawler.ports import Part
from crawler.sink.bodies import open_body
from crawler.sink.part import OpenPart
from crawler.sink.warc import WarcWriter, find_pack
from tests.support.fetch import make_item

LONG = b"long " * MIN_SHARED_BYTES
HEAD = b"head"


class Store:
    """Knows bodies; counts how often it is asked."""

    def __init__(self) -> None:
        self.kept: dict[bytes, KeptBody] = {}
        self.asked = 0

    async def bodies(self, hashes: Collection[bytes]) -> dict[bytes, KeptBody]:
        self.asked += 1
        return {one: self.kept[one] for one in hashes if one in self.kept}


WRITER = WarcWriter(find_pack())
PACKER = Packer(WRITER)


def capture(body: bytes, status: int) -> Capture:
    return Capture(
        request_line="GET / HTTP/1.1",
        request_headers=(),
        status_line=f"HTTP/1.1 {status} Some",
        response_headers=((b"X-Status", b"%d" % status),),
        body=body,
        cut=None,
        peer=None,
    )


async def settlement(
    path: str, body: bytes, *, status: int = 200, content_hash: str | None = None
) -> Settlement:
    item = make_item(f"http://h{path}")
    result = Fetched(
        attempts=1,
        started_at=1_800_000_000_000,
        elapsed_ms=5,
        status=status,
        headers={},
        body=body,
        truncated=False,
        capture=capture(body, status),
    )
    record: dict[str, object] = {
        "url": item.url,
        "text": '"warc":null',
        "fetched_at": "2027-01-15T08:00:00.000Z",
        "content_hash": content_hash or sha256(body).hexdigest(),
    }
    exchange = await PACKER.pack(item, result, record)
    line = json.dumps(record | {"after": 1}).encode() + b"\n"
    return Settlement(item=item, note=HostNote(1, 1), line=line, exchange=exchange)


def write(directory: Path, number: int, added: Appended) -> list[dict[str, Any]]:
    """Write what was laid out to part `number`; return its records."""
    (directory / f"part-{number:06d}.warc.gz").write_bytes(HEAD + added.store)
    lines = added.lines.splitlines()
    assert added.records == len(lines)
    return [json.loads(line) for line in lines]


def open_part(directory: Path, number: int) -> OpenPart:
    directory.mkdir(exist_ok=True)
    return OpenPart(directory, Part(number, f"part-{number:06d}.jsonl", 0, 0, sealed=False), HEAD)


async def test_a_body_is_stored_once_and_opened_from_each_record(tmp_path: Path) -> None:
    """A record whose pointer opens to no body, or to another, makes the archive worthless."""
    store = Store()
    bodies = Bodies(store, WRITER)  # type: ignore[arg-type]
    batch = [
        await settlement("/a", LONG),
        await settlement("/b", b"other" + LONG),
        await settlement("/c", LONG, status=404),
    ]
    added = await bodies.lay_out(batch, open_part(tmp_path, 1))
    records = write(tmp_path, 1, added)
    assert [body.url for body in added.bodies] == ["http://h/a", "http://h/b"]
    assert added.refers_to == set()
    assert store.asked == 1
    assert "revisit" not in records[0]["warc"]
    for record, status in zip(records, (200, 200, 404), strict=True):
        assert (list(record)[-2:], record["text"]) == (["warc", "after"], '"warc":null')
        found = open_body(tmp_path, record["warc"])
        assert (found.url, found.status) == (record["url"], status)
        assert found.headers["x-status"] == str(status)
        assert found.body == (b"other" + LONG if record["url"].endswith("b") else LONG)
    assert records[2]["warc"]["offset"] == records[0]["warc"]["offset"]
    assert records[2]["warc"]["revisit"]["offset"] > records[1]["warc"]["offset"]
    bodies.remember(added.bodies)
    # The next batch, in another part, asks nobody, and says which part it leans on.
    added = await bodies.lay_out([await settlement("/d", LONG)], open_part(tmp_path, 2))
    (record,) = write(tmp_path, 2, added)
    assert store.asked == 1
    assert added.refers_to == {1}
    assert added.bodies == []
    assert open_body(tmp_path, record["warc"]).body == LONG
    assert (record["warc"]["file"], record["warc"]["revisit"]["file"]) == (
        "part-000001.warc.gz",
        "part-000002.warc.gz",
    )


async def test_a_body_of_another_process_is_found(tmp_path: Path) -> None:
    """Two processes would each store what is on every page."""
    store = Store()
    first = await Bodies(store, WRITER).lay_out(  # type: ignore[arg-type]
        [await settlement("/a", LONG)], open_part(tmp_path, 1)
    )
    write(tmp_path, 1, first)
    store.kept = {body.content_hash: body for body in first.bodies}
    second = await Bodies(store, WRITER).lay_out(  # type: ignore[arg-type]
        [await settlement("/b", LONG)], open_part(tmp_path, 2)
    )
    (record,) = write(tmp_path, 2, second)
    assert second.refers_to == {1}
    assert open_body(tmp_path, record["warc"]).body == LONG


async def test_small_and_empty_bodies_are_stored_each_time(tmp_path: Path) -> None:
    """A revisit record of an empty body would be longer than what it saves."""
    store = Store()
    bodies = Bodies(store, WRITER)  # type: ignore[arg-type]
    batch = [await settlement(f"/{n}", body) for n, body in enumerate((b"", b"", b"x", b"x"))]
    added = await bodies.lay_out(batch, open_part(tmp_path, 1))
    for record in write(tmp_path, 1, added):
        assert "revisit" not in record["warc"]
        assert len(open_body(tmp_path, record["warc"]).body) == (record["url"] > "http://h/1")
    assert store.asked == 0


@pytest.mark.parametrize("body", [LONG, b"short"])
async def test_not_modified_points_to_the_body_before(tmp_path: Path, body: bytes) -> None:
    """A 304 has no body: its record names that of the last visit, or none."""
    store = Store()
    bodies = Bodies(store, WRITER)  # type: ignore[arg-type]
    first = await settlement("/a", body)
    assert first.exchange is not None
    old = (first.exchange.content_hash or b"").hex()
    added = await bodies.lay_out([first], open_part(tmp_path, 1))
    write(tmp_path, 1, added)
    bodies.remember(added.bodies)
    later = await settlement("/a", b"", status=304, content_hash=old)
    never = await settlement("/b", b"", status=304, content_hash="ab" * 32)
    added = await bodies.lay_out([later, never], open_part(tmp_path, 2))
    seen, unseen = write(tmp_path, 2, added)
    found = open_body(tmp_path, seen["warc"])
    assert (found.status, found.body) == (304, body)
    assert unseen["warc"] is None
    assert added.bodies == []


async def test_lines_without_an_exchange_stay_as_they_are(tmp_path: Path) -> None:
    """A fetch that failed has a record and nothing to keep."""
    plain = Settlement(item=make_item("http://h/"), note=HostNote(1, 1), line=b'{"warc":null}\n')
    none = Settlement(item=make_item("http://h/x"), note=HostNote(1, 1))
    bodies = Bodies(Store(), WRITER)  # type: ignore[arg-type]
    added = await bodies.lay_out([plain, none], open_part(tmp_path, 1))
    assert (added.lines, added.records, added.store) == (b'{"warc":null}\n', 1, b"")


async def test_a_large_body_is_packed_all_the_same(tmp_path: Path) -> None:
    one = await settlement("/a", b"x" * THREAD_BYTES)
    added = await Bodies(Store(), WRITER).lay_out([one], open_part(tmp_path, 1))  # type: ignore[arg-type]
    (record,) = write(tmp_path, 1, added)
    assert len(open_body(tmp_path, record["warc"]).body) == THREAD_BYTES


async def test_a_redirect_is_kept_with_what_it_said(tmp_path: Path) -> None:
    """Without the hops nobody can replay how a page was reached."""
    item = make_item("http://h/go")
    hop = Redirected(
        attempts=1,
        started_at=1,
        elapsed_ms=1,
        status=302,
        headers={},
        location="/x",
        capture=capture(b"moved", 302),
    )
    record: dict[str, object] = {"fetched_at": "2027-01-15T08:00:00.000Z", "content_hash": None}
    exchange = PACKER.pack_hop(item, hop, record)
    line = json.dumps(record).encode() + b"\n"
    one = Settlement(item=item, note=HostNote(1, 1), line=line, exchange=exchange)
    added = await Bodies(Store(), WRITER).lay_out([one], open_part(tmp_path, 1))  # type: ignore[arg-type]
    (record,) = write(tmp_path, 1, added)
    assert isinstance(record["warc"], dict)
    found = open_body(tmp_path, record["warc"])
    assert (found.status, found.body, found.url) == (302, b"moved", "http://h/go")
    assert added.bodies == []
