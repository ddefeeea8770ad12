"""What a visit comes to, from what the fetch says."""

from collections.abc import Mapping
from hashlib import sha256
from types import MappingProxyType

from crawler.model.result import Fetched
from crawler.pipeline.revisiting import Outcome, Revisiting
from tests.support.fetch import NOW, make_item, make_plan

WHOLE, PART = sha256(b"whole").digest(), sha256(b"who").digest()


def visit(
    body: bytes,
    *,
    visit: int = 2,
    truncated: bool = False,
    capped: bool = False,
    headers: Mapping[str, str] = MappingProxyType({"etag": '"new"'}),
) -> Outcome:
    known = {"content_hash": WHOLE, "etag": '"whole"'} if visit > 1 else {}
    result = Fetched(
        attempts=1,
        started_at=NOW,
        elapsed_ms=1,
        status=200,
        headers=headers,
        body=body,
        truncated=truncated,
        is_capped=capped,
    )
    return Revisiting(make_plan(recrawl_ms=86_400_000)).outcome(
        make_item("http://h/", visit=visit, **known),
        result,
        at=NOW,
        content_hash=sha256(body).digest(),
    )


def test_a_body_that_broke_off_says_nothing_of_the_page() -> None:
    """A 304 for what came of it would keep the rest away for good, and a break is no change."""
    first = visit(b"who", visit=1, truncated=True)
    assert (first.change, first.etag, first.content_hash) == (None, None, None)
    assert first.due_at == NOW + 86_400_000
    later = visit(b"who", truncated=True)
    assert (later.change, later.etag, later.content_hash) == (None, '"whole"', WHOLE)


def test_a_body_that_is_cut_at_the_cap_is_compared() -> None:
    """A page over the cap would never change."""
    changed = visit(b"who", truncated=True, capped=True)
    assert (changed.change, changed.etag, changed.content_hash) == ("changed", '"new"', PART)
    assert visit(b"whole", truncated=True, capped=True).change == "unchanged"


def test_a_page_of_the_second_in_which_it_was_sent_has_no_date() -> None:
    date = "Mon, 01 Jan 2024 00:00:00 GMT"
    sent = {"last-modified": date, "date": date}
    assert visit(b"new", headers=sent).last_modified is None
    assert (
        visit(b"new", headers=sent | {"date": date.replace("00 GMT", "01 GMT")}).last_modified
        == date
    )
