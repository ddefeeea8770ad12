"""Pages: first line the Content-Type, second the X-Robots-Tag, the rest is the body."""

from crawler.model.result import Fetched
from crawler.parse.charset import sheet_text
from crawler.parse.content_type import header_charset, is_html
from crawler.parse.css import sheet_urls
from crawler.parse.html import parse_html
from crawler.parse.requisites import RequisiteProbe
from crawler.policy.canonicalization import LinkResolver
from crawler.policy.parameters import Parameters
from tests.fuzz import page

_RESOLVER = LinkResolver(Parameters(()), max_entries=200)


def check(data: bytes) -> None:
    kind, _, rest = data.partition(b"\n")
    tag, _, body = rest.partition(b"\n")
    headers = {}
    if kind:
        headers["content-type"] = kind.decode("utf-8", "replace")
    if tag:
        headers["x-robots-tag"] = tag.decode("utf-8", "replace")
    content_type = headers.get("content-type")
    label = header_charset(content_type)
    # Also what is said not to be HTML: the parser must not lean on its caller's choice.
    probe = RequisiteProbe()
    document = parse_html(body, url=page.URL, header_charset=label, resolver=_RESOLVER, probe=probe)
    page.check_document(document)
    page.check_needed(probe.requisites(page.URL, _RESOLVER))
    page.check_needed(probe.frames(page.URL, _RESOLVER))
    page.check_needed(_RESOLVER.resolve(page.URL, sheet_urls(sheet_text(body, label))))
    result = Fetched(
        attempts=1,
        started_at=0,
        elapsed_ms=1,
        status=200,
        headers=headers,
        body=body,
        truncated=False,
    )
    settlement = page.settle(result)
    if not is_html(content_type, body):
        assert not settlement.links
