"""The record: every key, in order, whatever came."""

from hashlib import sha256

import orjson
import pytest

from crawler.extract.metadata import metadata
from crawler.extract.record import make_record, timestamp
from crawler.model.extras import Extras
from crawler.model.record import READ_KEYS, RECORD_KEYS
from crawler.model.result import Failed, Fetched, Redirected
from crawler.model.work import Item
from crawler.parse.html import parse_html
from crawler.policy.canonicalization import LinkResolver
from crawler.policy.directives import read_directives

ITEM = Item(
    kind="page",
    url="http://h/a",
    host="h",
    host_hash=1,
    url_hash=2,
    ref=3,
    lease_id=4,
    claimed_at=5,
    lease_until=6,
    depth=2,
    priority=5,
    tries=1,
    visit=1,
    delay_ms=0,
    rules_version=1,
    seed=False,
    chain=("http://h/0",),
    parent="http://h/",
    verdict=None,
    alone=False,
    etag=None,
    last_modified=None,
    content_hash=None,
)
STARTED_AT = 1_700_000_000_042


def test_a_page() -> None:
    """A value would be in the wrong place, and users' programs would read it."""
    body = b"<html lang=de><title>T</title><meta name=description content=D><p>x<a href=b>y</a>"
    document = parse_html(body, url=ITEM.url, header_charset=None, resolver=LinkResolver())
    record = make_record(
        ITEM,
        result=Fetched(
            attempts=2,
            started_at=STARTED_AT,
            elapsed_ms=7,
            status=200,
            headers={
                "content-type": "text/html",
                "etag": '"e"',
                "last-modified": "yesterday",
                "set-cookie": "secret",
                "server": "s\x1b[31m\udcff",
                "x-robots-tag": "noindex",
            },
            body=body,
            truncated=True,
        ),
        document=document,
        metadata=metadata(document),
        directives=read_directives(document.metas, "noindex", "QuasiCrawler"),
    )
    assert tuple(record) == RECORD_KEYS
    assert record == {
        "url": "http://h/a",
        "final_url": "http://h/a",
        "status": 200,
        "fetched_at": "2023-11-14T22:13:20.042Z",
        "depth": 2,
        "parent": "http://h/",
        "redirects": ["http://h/0"],
        "attempts": 2,
        "visit": 1,
        "elapsed_ms": 7,
        "content_type": "text/html",
        "charset": "utf-8",
        "bytes": len(body),
        "truncated": True,
        "etag": '"e"',
        "last_modified": "yesterday",
        "headers": {
            "content-type": "text/html",
            "server": "s\ufffd[31m\ufffd",
            "x-robots-tag": "noindex",
        },
        "title": "T",
        "description": "D",
        "lang": "de",
        "canonical": None,
        "robots": "noindex",
        "text": "xy",
        "links": ["http://h/b"],
        "content_hash": sha256(body).hexdigest(),
        "fields": {},
        "error": None,
        "error_detail": None,
        "nofollow": [],
        "noindex": True,
        "unchanged": False,
        "change": None,
        "extract_error": None,
        "h1": None,
        "hreflang": {},
        "js_required": False,
        "link_details": [],
        "main_text": None,
        "markdown": None,
        "published_at": None,
        "author": None,
        "simhash": None,
        "kind": "page",
        "canonicals": [],
        "warc": None,
    }
    orjson.dumps(record)


def test_links_that_nofollow_forbids_are_named() -> None:
    """When a later seed widens the scope, links are read again from records: these stay out."""
    body = b"<a href=/a>a</a><a rel=nofollow href=/b>b</a><a rel=nofollow href=/a>a</a>"
    result = Fetched(
        attempts=1, started_at=0, elapsed_ms=1, status=200, headers={}, body=body, truncated=False
    )
    document = parse_html(body, url=ITEM.url, header_charset=None, resolver=LinkResolver())
    record = make_record(ITEM, result=result, document=document)
    assert record["links"] == ["http://h/a", "http://h/b"]
    assert record["nofollow"] == ["http://h/b"]


@pytest.mark.parametrize(
    ("metas", "header", "noindex"),
    [
        ({"robots": "NOINDEX"}, None, True),
        ({"robots": "none"}, None, True),
        ({}, "quasicrawler: noindex", True),
        ({}, "otherbot: noindex", False),
        ({"robots": "index, nofollow"}, "noarchive", False),
    ],
)
def test_noindex_is_a_flag(metas: dict[str, str], header: str | None, noindex: bool) -> None:
    """Who makes an index of the records would list what its owner wants out of every index."""
    result = Failed(attempts=1, started_at=0, elapsed_ms=0, error="reset", detail="")
    directives = read_directives(metas, header, "QuasiCrawler")
    assert make_record(ITEM, result=result, directives=directives)["noindex"] is noindex
    assert make_record(ITEM, result=result)["noindex"] is False


def test_a_body_that_is_no_page() -> None:
    """A picture would have the text of the page before it."""
    result = Fetched(
        attempts=1,
        started_at=0,
        elapsed_ms=0,
        status=200,
        headers={},
        body=b"x",
        truncated=False,
    )
    record = make_record(ITEM, result=result)
    assert tuple(record) == RECORD_KEYS
    assert record["fetched_at"] == "1970-01-01T00:00:00.000Z"
    assert (record["bytes"], record["text"], record["links"], record["charset"]) == (
        1,
        None,
        [],
        None,
    )
    assert record["content_type"] is None


def test_a_redirect() -> None:
    """A hop would not say where it leads."""
    result = Redirected(
        attempts=1,
        started_at=STARTED_AT,
        elapsed_ms=1,
        status=301,
        headers={"location": "/b"},
        location="/b",
    )
    record = make_record(
        ITEM, result=result, final_url="http://h/b", error="redirect_loop", error_detail="a\nb"
    )
    assert tuple(record) == RECORD_KEYS
    assert (record["status"], record["final_url"]) == (301, "http://h/b")
    assert record["headers"] == {"location": "/b"}
    assert (record["bytes"], record["content_hash"]) == (None, None)
    assert (record["error"], record["error_detail"]) == ("redirect_loop", "a\ufffdb")


def test_a_failure() -> None:
    """A page that never came would look like one that did."""
    result = Failed(attempts=4, started_at=STARTED_AT, elapsed_ms=9, error="reset", detail="gone")
    record = make_record(ITEM, result=result)
    assert tuple(record) == RECORD_KEYS
    assert (record["status"], record["error"], record["error_detail"]) == (None, "reset", "gone")
    assert (record["attempts"], record["elapsed_ms"]) == (4, 9)


def test_an_outcome_without_a_request() -> None:
    """A page that crashed its readers would have no time, or that of another page."""
    record = make_record(ITEM, result=None, now=STARTED_AT, error="crashed")
    assert tuple(record) == RECORD_KEYS
    assert (record["fetched_at"], record["error"]) == ("2023-11-14T22:13:20.042Z", "crashed")
    assert (record["attempts"], record["elapsed_ms"]) == (ITEM.tries, None)


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0, "1970-01-01T00:00:00.000Z"), (951_826_154_007, "2000-02-29T12:09:14.007Z")],
)
def test_timestamp(ms: int, text: str) -> None:
    """Times would sort wrongly, or be read as local."""
    assert timestamp(ms) == text


def test_what_comes_from_reading_is_told_from_what_comes_from_the_fetch() -> None:
    """Reading a kept body again would leave an old value in a record, or lose what was fetched."""
    body = (
        b"<html lang=de><title>T</title><meta name=description content=D>"
        b'<meta name=robots content="noindex">'
        b"<link rel=canonical href=/c><link rel=canonical href=/d>"
        b"<link rel=alternate hreflang=en href=/en>"
        b"<script src=a></script><h1>H</h1><p>x<a href=b rel=nofollow>y</a>"
    )
    document = parse_html(body, url=ITEM.url, header_charset=None, resolver=LinkResolver())
    document = document._replace(js_required=True)
    extras = Extras(
        fields={"a": 1},
        extract_error="e",
        link_details=[{"text": "y"}],
        main_text="m",
        markdown="m",
        published_at="p",
        author="a",
        simhash="0" * 16,
    )
    result = Fetched(
        attempts=2,
        started_at=STARTED_AT,
        elapsed_ms=7,
        status=200,
        headers={"content-type": "text/html"},
        body=body,
        truncated=False,
    )
    read = make_record(
        ITEM,
        result=result,
        document=document,
        metadata=metadata(document),
        directives=read_directives(document.metas, None, "QuasiCrawler"),
        extras=extras,
    )
    unread = make_record(ITEM, result=result)
    assert {key for key in RECORD_KEYS if read[key] != unread[key]} == READ_KEYS
