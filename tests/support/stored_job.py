"""Writes a job with kept bodies by hand: records, WARC members, and a store that knows both."""

import asyncio
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from crawler.frontier.sqlite import SqliteFrontier
from crawler.model.result import Batch, PartMark
from crawler.ports import FrontierOptions
from tests.support.records import record
from tests.support.warc_member import member

OPTIONS = FrontierOptions(delay_ms=0, per_host=1, lease_ms=1000, window_ms=0, robots=True)
Page = tuple[str, bytes]
"""URL and body."""


def page(number: int, words: int = 50) -> Page:
    """A page that differs from the others; its size grows with `words`."""
    text = " ".join(f"word{number + n}" for n in range(words))
    links = "".join(f'<a href="/{number + n}">x</a>' for n in range(words // 10))
    body = f"<!doctype html><title>Page {number}</title><p class=n>{number}</p>{text}{links}"
    return f"http://a.example/{number}", body.encode()


def line_of(url: str, body: bytes | None, warc: dict[str, Any] | None) -> bytes:
    """The record of a page whose text nobody has read well; that of a failure without a body."""
    values: dict[str, Any] = {"url": url, "warc": warc, "title": "as it was", "text": "As it was."}
    if body is None:
        values |= {"status": None, "error": "timeout", "content_hash": None}
    else:
        values |= {"content_hash": sha256(body).hexdigest(), "bytes": len(body)}
    lists = ("links", "nofollow", "link_details")
    made = record(**values)
    made |= {key: [] for key in lists} | {key: {} for key in ("fields", "hreflang", "headers")}
    made |= dict.fromkeys(("noindex", "unchanged", "js_required"), False)
    return orjson.dumps(made, option=orjson.OPT_APPEND_NEWLINE)


def store_job(root: Path, *parts: Sequence[Page | str]) -> Path:
    """Make a job; each part has pages, and URLs that failed. Returns the directory of the parts."""
    pages = root / "pages"
    pages.mkdir(parents=True)
    written = []
    for number, entries in enumerate(parts, 1):
        lines: list[bytes] = []
        members: list[bytes] = []
        offset = 0
        for entry in entries:
            if isinstance(entry, str):
                lines.append(line_of(entry, None, None))
                continue
            url, body = entry
            one = member(body, url=url)
            name = f"part-{number:06}.warc.gz"
            place = {"file": name, "offset": offset, "length": len(one)}
            lines.append(line_of(url, body, place))
            members.append(one)
            offset += len(one)
        if members:
            (pages / f"part-{number:06}.warc.gz").write_bytes(b"".join(members))
        (pages / f"part-{number:06}.jsonl").write_bytes(b"".join(lines))
        written.append((len(b"".join(lines)), offset))
    asyncio.run(_register(root, written))
    return pages


async def _register(root: Path, sizes: Sequence[tuple[int, int]]) -> None:
    frontier = SqliteFrontier(root / "frontier.db", OPTIONS)
    await frontier.open()
    try:
        for size, store_size in sizes:
            part = await frontier.new_part("reader")
            mark = PartMark(part.part_id, 0, size, 1, new_store_bytes=store_size)
            await frontier.commit(Batch(parts=[mark]), now=1)
    finally:
        await frontier.close()
