"""What is taken from a page beyond the usual; nothing of it exists where a crawl asks for none."""

from typing import TYPE_CHECKING

from crawler.extract.article import ArticleReader
from crawler.extract.publication import publication
from crawler.extract.simhash import simhash
from crawler.model.document import Document
from crawler.model.element import PageElement
from crawler.model.extras import Extras, Probe
from crawler.model.plan import Plan
from crawler.model.result import Fetched
from crawler.parse.charset import to_utf8
from crawler.parse.nesting import shallow
from crawler.policy.canonicalization import LinkResolver

if TYPE_CHECKING:
    from crawler.pipeline.callbacks.callbacks import Callbacks
    from crawler.pipeline.fields import PageFields

ARTICLE_SECONDS = 10
"""Of processor time for one page; a usual one takes 20 ms."""


class ExtraReading:
    """Takes fields, main text and the like; one instance per process."""

    def __init__(self, plan: Plan, resolver: LinkResolver) -> None:
        self._plan = plan
        self.with_link_details = plan.link_details
        has_fields = any(table.fields for table in plan.extract)
        self._fields = page_fields(plan, resolver) if has_fields else None
        self._callbacks = callbacks(plan, resolver) if _has_callbacks(plan) else None
        self._articles = _article_reader(plan)

    async def close(self) -> None:
        if self._articles is not None:
            await self._articles.close()

    def probe(self, url: str, result: Fetched, extras: Extras) -> Probe | None:
        """Return what looks at the tree of this page; None where nothing does."""
        fields = None if self._fields is None else self._fields.probe(url, result, extras)
        is_copied = self._callbacks is not None and self._callbacks.wants(url, result)
        if self._articles is None and not is_copied:
            return fields

        def look(root: PageElement) -> None:
            if is_copied:
                extras.tree = root.copy()
            if self._articles is not None:
                extras.published_at, extras.author = publication(root)
            if fields is not None:
                fields(root)

        return look

    async def complete(
        self, url: str, result: Fetched, document: Document | None, extras: Extras
    ) -> None:
        """Add what needs the whole document, or no document at all."""
        if self._callbacks is not None:
            await self._callbacks.call(url, result, document, extras)
            extras.tree = None
        if document is None:
            return
        extras.link_details = list(document.link_details)
        if self._plan.simhash:
            extras.simhash = simhash(document.text)
        if self._articles is not None:
            data, _ = to_utf8(result.body, document.charset)
            article = await self._articles.read(url, shallow(data))
            extras.main_text, extras.markdown = article.main_text, article.markdown
            faults = [fault for fault in (extras.extract_error, article.error) if fault]
            extras.extract_error = "; ".join(faults) or None


def page_fields(plan: Plan, resolver: LinkResolver) -> "PageFields":
    # Only for who has tables with fields.
    from crawler.pipeline.fields import PageFields

    return PageFields(plan, resolver)


def _has_callbacks(plan: Plan) -> bool:
    return any(table.python is not None for table in plan.extract)


def callbacks(plan: Plan, resolver: LinkResolver) -> "Callbacks":
    # Only for who has tables with callbacks.
    from crawler.pipeline.callbacks.callbacks import Callbacks

    return Callbacks(plan, resolver)


def _article_reader(plan: Plan) -> ArticleReader | None:
    kinds = [name for name in ("main_text", "markdown") if getattr(plan, name)]
    if not kinds:
        return None
    # All tasks of a reader may wait for its one process, but none for more than half of its lease.
    return ArticleReader(
        kinds,
        page_seconds=ARTICLE_SECONDS,
        wait_seconds=plan.lease_ms / 2000,
    )
