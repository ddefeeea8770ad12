"""The page handling that all peers share: our parser, our links, one JSONL line for each page.

It is a crawler's work without a crawler: so what differs between the peers is the crawler.
"""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import orjson

from crawler.parse.content_type import header_charset
from crawler.parse.html import parse_html
from crawler.policy.canonicalization import LinkResolver


class Handling:
    """Parses pages, writes their lines, and says which links are new."""

    def __init__(self, seeds: Sequence[str], output: Path) -> None:
        self._resolver = LinkResolver()
        self._hosts = frozenset(seeds)  # a seed ends with the slash after its host
        self._seen = set(seeds)
        self._output = output.open("wb")
        self.pages = 0

    def page(self, url: str, body: bytes, content_type: str | None) -> list[str]:
        """Write the line of a page; return its links that are in scope and were never seen."""
        document = parse_html(
            body, url=url, header_charset=header_charset(content_type), resolver=self._resolver
        )
        record = {
            "url": url,
            "title": document.title,
            "description": document.metas.get("description"),
            "links": document.links,
            "text": document.text,
        }
        self._output.write(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))
        self.pages += 1
        # The seen-set comes first: most links are known, and that look-up is the cheapest.
        seen = self._seen
        fresh = [link for link in document.followable if link not in seen]
        fresh = [link for link in fresh if link[: link.index("/", 8) + 1] in self._hosts]
        seen.update(fresh)
        return fresh

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._output.close()
