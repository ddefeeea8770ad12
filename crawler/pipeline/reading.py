"""Reads one response: parse it, take what the crawl asks for, and say what it is.

The crawl, `crawler reparse` and `crawler try` read pages by this one way.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from crawler.extract.metadata import Metadata, metadata
from crawler.model.document import Document
from crawler.model.element import PageElement
from crawler.model.extras import NO_EXTRAS, Extras, Probe
from crawler.model.plan import Plan
from crawler.model.result import Fetched
from crawler.parse.content_type import header_charset, is_html
from crawler.parse.html import parse_html
from crawler.parse.link_header import canonicals_of
from crawler.policy.canonicalization import LinkResolver
from crawler.policy.directives import Directives, read_directives

if TYPE_CHECKING:
    from crawler.parse.requisites import RequisiteProbe
    from crawler.pipeline.extra_reading import ExtraReading


class Reading(NamedTuple):
    """All that was read of one response."""

    document: Document | None
    """None: no HTML."""
    metadata: Metadata
    directives: Directives
    extras: Extras
    requisites: Sequence[str] = ()
    """What the page needs to look as it does, canonical; only where the crawl fetches it."""
    frames: Sequence[str] = ()
    """Documents that it shows inside of itself; with `requisites` only."""


class PageReader:
    """Reads responses; one instance per process."""

    def __init__(self, plan: Plan, resolver: LinkResolver) -> None:
        self._token = plan.product_token
        self._resolver = resolver
        self._extra = _extra_reading(plan, resolver) if plan.has_extras else None
        self._has_requisites = plan.requisites

    async def close(self) -> None:
        """End what was started for the extras; without it, that ends with this process."""
        if self._extra is not None:
            await self._extra.close()

    async def read(self, url: str, result: Fetched) -> Reading:
        """Read the response of a canonical URL; any bytes make a reading."""
        content_type = result.headers.get("content-type")
        extra = self._extra
        extras = NO_EXTRAS if extra is None else Extras()
        document: Document | None = None
        requisites: Sequence[str] = ()
        frames: Sequence[str] = ()
        if is_html(content_type, result.body):
            probe = None if extra is None else extra.probe(url, result, extras)
            needed = _requisite_probe() if self._has_requisites else None
            document = parse_html(
                result.body,
                url=url,
                header_charset=header_charset(content_type),
                resolver=self._resolver,
                probe=probe if needed is None else _both(needed, probe),
                with_link_details=extra is not None and extra.with_link_details,
            )
            if needed is not None:
                requisites = needed.requisites(url, self._resolver)
                frames = needed.frames(url, self._resolver)
        if extra is not None:
            await extra.complete(url, result, document, extras)
        return Reading(
            document=document,
            metadata=metadata(document, canonicals_of(url, result.headers, self._resolver)),
            directives=read_directives(
                document.metas if document else {},
                result.headers.get("x-robots-tag"),
                self._token,
            ),
            extras=extras,
            requisites=requisites,
            frames=frames,
        )


def _requisite_probe() -> "RequisiteProbe":
    # Only now: most crawls need none of it.
    from crawler.parse.requisites import RequisiteProbe

    return RequisiteProbe()


def _both(first: Probe, second: Probe | None) -> Probe:
    if second is None:
        return first

    def look(root: PageElement) -> None:
        first(root)
        second(root)

    return look


def _extra_reading(plan: Plan, resolver: LinkResolver) -> "ExtraReading":
    from crawler.pipeline.extra_reading import ExtraReading

    return ExtraReading(plan, resolver)
