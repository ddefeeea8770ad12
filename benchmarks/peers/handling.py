"""The page handling that the peers share: a crawler's work without a crawler.

Both ways write the same keys, one JSONL line for each page. With `ours`, only the crawler differs
from ours; `plain` is what a careful user of the peer writes with the same parser library.
"""

import urllib.parse
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import orjson
from selectolax.lexbor import LexborHTMLParser

from crawler.parse.content_type import header_charset
from crawler.parse.html import parse_html
from crawler.policy.canonicalization import LinkResolver


class Page(NamedTuple):
    """What is taken from one page."""

    title: str | None
    description: str | None
    links: list[str]
    followable: list[str]
    text: str


def ours(url: str, body: bytes, content_type: str | None, resolver: LinkResolver) -> Page:
    """Handle a page with our parser and link code."""
    document = parse_html(
        body, url=url, header_charset=header_charset(content_type), resolver=resolver
    )
    description = document.metas.get("description")
    return Page(document.title, description, document.links, document.followable, document.text)


def plain(url: str, body: bytes, _content_type: str | None, _resolver: LinkResolver) -> Page:
    """Handle a page as one would by hand: the same parser library, `urljoin` for each new href."""
    tree = LexborHTMLParser(body)
    title = tree.css_first("title")
    meta = tree.css_first("meta[name=description]")
    hrefs = {(node.attrs["href"] or "").partition("#")[0]: None for node in tree.css("a[href]")}
    joined = (urllib.parse.urljoin(url, href) for href in hrefs)  # noqa: TID251 - not our own code
    links = list(dict.fromkeys(link for link in joined if link.startswith(("http:", "https:"))))
    tree.strip_tags(["script", "style", "noscript", "template"])
    return Page(
        title.text() if title else None,
        meta.attrs.get("content") if meta else None,
        links,
        links,
        tree.body.text() if tree.body else "",
    )


class Handling:
    """Handles pages, writes their lines, and says which links are new."""

    def __init__(self, seeds: Sequence[str], output: Path, way: str) -> None:
        self._way = {"ours": ours, "plain": plain}[way]
        self._resolver = LinkResolver()
        self._hosts = frozenset(seeds)  # a seed ends with the slash after its host
        self._seen = set(seeds)
        self._output = output.open("wb")
        self.pages = 0

    def page(self, url: str, body: bytes, content_type: str | None) -> list[str]:
        """Write the line of a page; return its links that are in scope and were never seen."""
        page = self._way(url, body, content_type, self._resolver)
        record = {
            "url": url,
            "title": page.title,
            "description": page.description,
            "links": page.links,
            "text": page.text,
        }
        self._output.write(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))
        self.pages += 1
        # The seen-set comes first: most links are known, and that look-up is the cheapest.
        seen = self._seen
        fresh = [link for link in page.followable if link not in seen]
        fresh = [link for link in fresh if link[: link.find("/", 8) + 1] in self._hosts]
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
