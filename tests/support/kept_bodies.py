"""Looks at the bodies of a crawl with readers that are not the crawler's."""

import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

from warcio.archiveiterator import ArchiveIterator

from crawler.sink.bodies import open_body
from tests.support.crawl import Crawl


def read_warc(path: Path) -> list[dict[str, Any]]:
    """All records of a file: headers by lower-case name, `offset`, `block`; digests are checked."""
    found: list[dict[str, Any]] = []
    with path.open("rb") as stream:
        records = ArchiveIterator(stream, check_digests="raise")
        for record in records:
            headers = {name.lower(): value for name, value in record.rec_headers.headers}
            content = record.content_stream().read()
            http = record.http_headers
            found.append(
                headers
                | {
                    "offset": records.get_record_offset(),
                    "content": content,
                    "status_line": http and http.statusline,
                    "http": [] if http is None else http.headers,
                }
            )
    return found


def assert_bodies_are_kept(crawl: Crawl) -> Counter[str]:
    """Every pointer opens to the body of its record; no exchange is there twice, or for nothing.

    Returns how many records of each type there are.
    """
    pages = crawl.job / "pages"
    expected: Counter[tuple[str, str, str, int]] = Counter()
    for record in crawl.records():
        warc = record["warc"]
        if record["status"] is None:
            assert warc is None, record["url"]
            continue
        assert warc is not None, record["url"]
        found = open_body(pages, warc)
        assert (found.url, found.status) == (record["url"], record["status"])
        assert found.truncated == record["truncated"]
        if record["content_hash"] is not None:
            assert hashlib.sha256(found.body).hexdigest() == record["content_hash"], record["url"]
        own = warc.get("revisit", warc)
        kind = "revisit" if "revisit" in warc else "response"
        expected[kind, record["url"], own["file"], own["offset"]] += 1
    stored: Counter[tuple[str, str, str, int]] = Counter()
    kinds: Counter[str] = Counter()
    ids: list[str] = []
    for path in crawl.store_files():
        for number, record in enumerate(read_warc(path)):
            kind = record["warc-type"]
            kinds[kind] += 1
            ids.append(record["warc-record-id"])
            assert (kind == "warcinfo") == (number == 0)
            if kind in ("response", "revisit"):
                stored[kind, record["warc-target-uri"], path.name, record["offset"]] += 1
    assert stored == expected
    assert len(ids) == len(set(ids))
    assert kinds["request"] == kinds["metadata"] == stored.total()
    return kinds
