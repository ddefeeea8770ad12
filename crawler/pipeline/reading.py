"""Reads one response: parse it, take what the crawl asks for, and say what it is.

The crawl, `crawler reparse` and `crawler try` read pages by this one way.
"""

from dataclasses import dataclass

from crawler.extract.metadata import Metadata, metadata
from crawler.model.document import Document
from crawler.model.extras import NO_EXTRAS, Extras
from crawler.model.plan import Plan
from crawler.model.result import Fetched
from crawler.parse.content_type import header_charset, is_html
from crawler.parse.html import parse_html
from crawler.pipeline.extra_reading import ExtraReading, extra_reading
from crawler.policy.canonicalization import LinkResolver
from crawler.policy.directives import Directives, read_directives


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All that was read of one response."""

    document: Document | None
    """None: no HTML."""
    metadata: Metadata | None
    directives: Directives
    extras: Extras


class PageReader:
    """Reads responses; one instance per process."""

    def __init__(self, plan: Plan, resolver: LinkResolver) -> None:
        self._token = plan.product_token
        self._resolver = resolver
        self._extra: ExtraReading | None = extra_reading(plan)

    async def read(self, url: str, result: Fetched) -> Reading:
        """Read the response of a canonical URL; any bytes make a reading."""
        content_type = result.headers.get("content-type")
        extra = self._extra
        extras = NO_EXTRAS if extra is None else Extras()
        document: Document | None = None
        if is_html(content_type, result.body):
            document = parse_html(
                result.body,
                url=url,
                header_charset=header_charset(content_type),
                resolver=self._resolver,
                probe=None if extra is None else extra.probe(url, result, extras),
                with_link_details=extra is not None and extra.with_link_details,
            )
        if extra is not None:
            await extra.complete(url, result, document, extras)
        return Reading(
            document=document,
            metadata=metadata(document) if document else None,
            directives=read_directives(
                document.metas if document else {},
                result.headers.get("x-robots-tag"),
                self._token,
            ),
            extras=extras,
        )
