"""What one item comes to: the reader hands it to the committer, which settles it in a batch."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from crawler.model.result import HostNote, Result, Rules
from crawler.model.work import Item, Link

if TYPE_CHECKING:
    from crawler.pipeline.packing import PackedExchange


class Settlement(NamedTuple):
    """Outcome, record, links and host note of one item; `result` or `rules` is set."""

    item: Item
    note: HostNote
    result: Result | None = None
    rules: Rules | None = None
    line: bytes = b""
    """The record, encoded, with its line end; empty where there is none."""
    exchange: "PackedExchange | None" = None
    """What is kept of it besides the record; `line` gets its `warc` in the committer."""
    links: Sequence[Link] = ()
    """In scope, not known to this process."""
    extra_links: Sequence[Link] = ()
    """Those that a callback asks for, as `links` are; each with a depth of its own."""
    refusals: Sequence[str] = ()
    """Reasons of links that scope or traps refused, one each."""
    root: str | None = None
    """A scope root that a redirected seed adds."""

    @property
    def lease_id(self) -> int:
        return self.item.lease_id

    @property
    def size(self) -> int:
        """Bytes that it will add to the part."""
        return len(self.line) if self.exchange is None else len(self.line) + self.exchange.size

    @property
    def listed(self) -> Sequence[str]:
        """Pages that it names, if it is a sitemap."""
        if self.item.kind != "sitemap":
            return ()
        return [link.url for link in self.links if link.kind == "page"]
