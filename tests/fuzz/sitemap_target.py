"""Sitemaps: the body, as it comes."""

import asyncio
import zlib

from crawler.model.result import Fetched, HostNote
from crawler.parse.sitemap import MAX_TEXT_LENGTH, Sitemap
from crawler.pipeline.revisiting import Revisiting
from crawler.pipeline.sitemaps import SitemapSettler
from crawler.policy import sitemaps as policy
from crawler.policy.admission import Admission
from crawler.policy.canonicalization import LinkResolver, canonicalize
from crawler.policy.parameters import DEFAULT_NAMES, Parameters
from crawler.policy.scope import Scope
from tests.fuzz.page import PLAN, URL
from tests.support.fetch import NOW, make_item

_ITEM = make_item("http://site.example/sitemap.xml", kind="sitemap")
_RESOLVER = LinkResolver(Parameters(DEFAULT_NAMES))
_MAX_PROBLEM = 200
_RUNNERS: list[asyncio.Runner] = []


def check(data: bytes) -> None:
    sitemap = Sitemap(data)
    entries = [entry for piece in sitemap.pieces() for entry in piece]
    assert len(entries) == sitemap.entries <= policy.MAX_ENTRIES
    assert sitemap.problem is None or 0 < len(sitemap.problem) < _MAX_PROBLEM
    for entry in entries:
        assert 0 < len(entry.url) <= MAX_TEXT_LENGTH
        assert policy.priority(policy.changed_at(entry.lastmod, NOW), NOW) in range(10)
    if not _RUNNERS:
        _RUNNERS.append(asyncio.Runner())
    _RUNNERS[0].run(_check_settlement(data))
    if sitemap.problem is None and not data.startswith(b"\x1f\x8b"):
        packed = Sitemap(zlib.compress(data, wbits=31))
        assert [entry for piece in packed.pieces() for entry in piece] == entries


async def _check_settlement(data: bytes) -> None:
    admission = Admission(Scope("host", [URL], (), ()), NOW)
    result = Fetched(
        attempts=1, started_at=0, elapsed_ms=1, status=200, headers={}, body=data, truncated=False
    )
    settler = SitemapSettler(PLAN, admission, _RESOLVER, Revisiting(PLAN))
    settlement = await settler.fetched(_ITEM, result, HostNote(_ITEM.host_hash, 0), now=NOW)
    assert settlement.line == b""
    urls = [(link.url, link.kind) for link in settlement.links]
    assert len(set(urls)) == len(urls)
    for link in settlement.links:
        assert canonicalize(link.url) == link.url
        assert link.url.partition("://")[2].startswith("site.example/")
        assert link.depth <= policy.MAX_NESTING
    for refusal in settlement.refusals:
        assert refusal.isidentifier()
