"""What is taken from a page beyond the usual; nothing of it exists where a crawl asks for none."""

from typing import TYPE_CHECKING

from crawler.extract.simhash import simhash
from crawler.model.document import Document
from crawler.model.extras import Extras, Probe
from crawler.model.plan import Plan
from crawler.model.result import Fetched
from crawler.policy.canonicalization import LinkResolver

if TYPE_CHECKING:
    from crawler.pipeline.fields import PageFields


class ExtraReading:
    """Takes fields, main text and the like; one instance per process."""

    def __init__(self, plan: Plan, resolver: LinkResolver) -> None:
        self._plan = plan
        self.with_link_details = plan.link_details
        has_fields = any(table.fields for table in plan.extract)
        self._fields = page_fields(plan, resolver) if has_fields else None

    def probe(self, url: str, result: Fetched, extras: Extras) -> Probe | None:
        """Return what looks at the tree of this page; None where nothing does."""
        return None if self._fields is None else self._fields.probe(url, result, extras)

    async def complete(
        self, url: str, result: Fetched, document: Document | None, extras: Extras
    ) -> None:
        """Add what needs the whole document, or no document at all."""
        del url, result
        if document is None:
            return
        extras.link_details = list(document.link_details)
        if self._plan.simhash:
            extras.simhash = simhash(document.text)


def extra_reading(plan: Plan, resolver: LinkResolver) -> ExtraReading | None:
    """Return what takes the extras of this crawl; None where it asks for none."""
    return ExtraReading(plan, resolver) if plan.has_extras else None


def page_fields(plan: Plan, resolver: LinkResolver) -> "PageFields":
    # Only for who has tables with fields.
    from crawler.pipeline.fields import PageFields

    return PageFields(plan, resolver)
