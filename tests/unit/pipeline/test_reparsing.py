"""Records made anew from kept bodies: what changes, what stays, and what cannot be read."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from crawler.conf.load import load_settings
from crawler.conf.plan import make_plan
from crawler.errors import StorageError
from crawler.model.record import RECORD_KEYS
from crawler.pipeline.reparsing.reparsing import Piece, Reparser, Reread
from tests.support.stored_job import line_of
from tests.support.warc_member import member

URL = "http://a.example/x"
BODY = b"<title>New</title><p>Words <a href=/y?utm_source=z>y</a>"
NAME = "part-000001"


@pytest.fixture
def reread(tmp_path: Path) -> Callable[..., Any]:
    """Read one record again, whose body is in a part; `values` are what is special about it."""

    async def read(
        body: bytes = BODY, drop: tuple[str, ...] = (), stored: bytes | None = None, **values: Any
    ) -> tuple[Reread, dict[str, Any], dict[str, Any]]:
        one = member(stored or body, url=URL, headers="X-Robots-Tag: noindex\r\n")
        (tmp_path / f"{NAME}.warc.gz").write_bytes(one)
        place = {"file": f"{NAME}.warc.gz", "offset": 0, "length": len(one)}
        before = json.loads(line_of(URL, body, place)) | values
        before = {key: value for key, value in before.items() if key not in drop}
        line = json.dumps(before, separators=(",", ":")).encode() + b"\n"
        (tmp_path / f"{NAME}.jsonl").write_bytes(line)
        plan = make_plan(load_settings({"job": str(tmp_path)}, {}, tmp_path))
        piece = Piece(part=f"{NAME}.jsonl", start=0, end=len(line))
        found = await Reparser(plan, tmp_path).read(piece)
        assert found.records == 1
        assert found.lines.endswith(b"\n")
        return found, before, json.loads(found.lines)

    return read


async def test_what_is_read_is_new_and_what_was_fetched_stays(reread) -> None:
    """A record of another fetch, or of half of this one, would be a lie."""
    own = {"visit": 3, "change": "changed", "elapsed_ms": 7, "etag": '"e"', "parent": "http://p/"}
    found, before, after = await reread(**own)
    assert (found.read, found.damaged) == (1, [])
    assert (after["title"], after["text"]) == ("New", "Words y")
    assert after["links"] == ["http://a.example/y"]
    assert (after["robots"], after["noindex"]) == ("noindex", True)
    fetched = ("fetched_at", "status", "headers", "bytes", "content_hash", "warc", *own)
    assert {key: after[key] for key in fetched} == {key: before[key] for key in fetched}
    assert tuple(after) == RECORD_KEYS


async def test_keys_of_another_version_are_kept_and_new_ones_come(reread) -> None:
    """A job of last year is why one reads again."""
    _, _, after = await reread(drop=("kind", "simhash"), later=[1])
    assert tuple(after) == (*RECORD_KEYS, "later")
    assert (after["kind"], after["later"]) == ("page", [1])


@pytest.mark.parametrize(
    "values",
    [
        {"kind": "requisite"},
        {"status": 304, "unchanged": True},
        {"status": 301, "content_hash": None},
        {"error": "internal"},
        {"warc": None},
    ],
)
async def test_what_was_not_read_by_the_crawl_is_not_read_now(reread, values) -> None:
    """An image would get a title, and a 304 the text of an earlier visit."""
    found, before, after = await reread(**values)
    assert (found.read, found.damaged) == (0, [])
    assert after == before


async def test_a_body_of_another_page_is_not_taken(reread) -> None:
    """A pointer that is off by one record would give each page the text of its neighbour."""
    found, before, after = await reread(stored=b"<title>Other</title>")
    assert found.read == 0
    assert found.damaged[0].startswith(f"{URL}: the body at ")
    assert after == before


async def test_a_record_that_was_unchanged_but_has_a_body_is_read(reread) -> None:
    """The same bytes came again: a page of its own, with a text."""
    _, _, after = await reread(unchanged=True, change="unchanged")
    assert (after["title"], after["unchanged"]) == ("New", True)


async def test_a_missing_part_is_no_damaged_body(reread) -> None:
    with pytest.raises(StorageError, match="part missing: "):
        await reread(warc={"file": "part-000009.warc.gz", "offset": 0, "length": 1})


async def test_a_hash_of_nothing_else(reread) -> None:
    found, _, after = await reread(content_hash=sha256(b"x").hexdigest())
    assert found.read == 0
    assert after["title"] == "as it was"
