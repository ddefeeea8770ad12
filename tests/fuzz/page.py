"""What must hold of every page, whatever came: shared by the targets that make settlements."""

from collections.abc import Coroutine

import orjson

from crawler.model.document import Document
from crawler.model.record import RECORD_KEYS
from crawler.model.result import Deferred, Failed, Fetched, HostNote, Redirected
from crawler.parse.html import MAX_LINKS, MAX_TEXT_BYTES
from crawler.pipeline.known import KnownUrls
from crawler.pipeline.pages import PageSettler
from crawler.pipeline.reading import PageReader
from crawler.pipeline.revisiting import Revisiting
from crawler.pipeline.settlement import Settlement
from crawler.policy.admission import Admission
from crawler.policy.canonicalization import MAX_URL_LENGTH, LinkResolver, canonicalize
from crawler.policy.parameters import DEFAULT_NAMES, Parameters
from crawler.policy.politeness import MAX_PAUSE_MS
from crawler.policy.retry import Again, after_try
from crawler.policy.scope import Scope
from tests.support.fetch import NOW, make_item, make_plan

URL = "http://site.example/dir/page?q=1"
PLAN = make_plan(max_body_bytes=65_536, timeout_ms=5_000)
ITEM = make_item(URL, lease_until=NOW + 300_000)
NOTE = HostNote(ITEM.host_hash, NOW)
_MAX_SHORT_BYTES = 4096


def new_settler() -> PageSettler:
    """Return a settler that has not seen a page."""
    return PageSettler(
        PageReader(PLAN, LinkResolver(Parameters(DEFAULT_NAMES))),
        Admission(Scope("host", [URL], (), ()), NOW),
        KnownUrls(by_depth=False),
        Revisiting(PLAN),
    )


_WARM = new_settler()
"""Kept over all inputs: what earlier pages left in its memory must not show."""


def settle(result: Fetched | Redirected | Failed) -> Settlement:
    """Settle a result as the pipeline does, and check all that is promised of it."""
    settlement = _settle(new_settler(), result)
    check_settlement(settlement, result)
    assert _settle(_WARM, result).line == settlement.line
    return settlement


def _settle(settler: PageSettler, result: Fetched | Redirected | Failed) -> Settlement:
    match result:
        case Fetched():
            return _at_once(settler.fetched(ITEM, result, NOTE))
        case Redirected():
            return settler.redirected(ITEM, result, NOTE)
        case Failed():
            return settler.failed(ITEM, result, NOTE)


def _at_once(work: Coroutine[None, None, Settlement]) -> Settlement:
    """Run what waits for nothing; a loop of its own would cost more than the page."""
    try:
        work.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("a page without extras waits for nothing")


def check_settlement(settlement: Settlement, result: Fetched | Redirected | Failed) -> None:
    """The record is one readable line of bounded size; every link is canonical and in scope."""
    line = settlement.line
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    record = orjson.loads(line)
    assert tuple(record) == RECORD_KEYS
    assert canonicalize(record["final_url"]) == record["final_url"]
    assert len(record["links"]) <= MAX_LINKS + 1
    assert len((record["text"] or "").encode()) <= MAX_TEXT_BYTES
    for key in ("title", "description", "lang", "robots"):
        value = record[key]
        assert value is None or 0 < len(value.encode()) <= _MAX_SHORT_BYTES, key
    _check_links(record)
    for link in settlement.links:
        assert canonicalize(link.url) == link.url
        assert link.url.startswith("http://site.example/") or isinstance(result, Redirected)
    assert settlement.note.paused_until is None


def _check_links(record: dict[str, list[str]]) -> None:
    links = record["links"]
    assert len(set(links)) == len(links)
    assert set(record["nofollow"]) <= set(links)
    for link in links:
        assert canonicalize(link) == link
        assert link.isascii()
        assert len(link) <= MAX_URL_LENGTH
        assert "@" not in link.split("/")[2]


def check_document(document: Document) -> None:
    """What a document promises and a record does not show."""
    assert document.text == " ".join(document.text.split())
    assert set(document.followable) <= set(document.links)
    assert all(canonicalize(one) == one for one in document.canonicals)
    assert all(name == name.lower() for name in document.metas)


def check_needed(urls: list[str]) -> None:
    """What pages and sheets need is canonical, each once, of bounded length and number."""
    assert len(set(urls)) == len(urls) <= MAX_LINKS
    for url in urls:
        assert canonicalize(url) == url
        assert len(url) <= MAX_URL_LENGTH


def check_next_try(result: Fetched | Redirected | Failed, *, cut: bool) -> None:
    """No answer makes us come back at once, or never."""
    decision = after_try(PLAN, ITEM, result, cut=cut, now=NOW, jitter=0.5)
    match decision:
        case Again():
            assert 0 < decision.wait_ms <= PLAN.window_ms
        case Deferred():
            assert NOW < decision.due_at <= NOW + MAX_PAUSE_MS
        case None:
            pass
