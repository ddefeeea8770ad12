"""What a callback of `[[extract]]` sees and returns; all that code of your own imports.

    from crawler.api import Document, Extraction, Link

    def parse(page: Document) -> Extraction:
        names = [name.text() for name in page.css("h2.name")]
        return Extraction({"names": names}, links=[Link("/more", priority=0)])

`python = "shop:parse"` in an `[[extract]]` table has it called with each response of the table.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import ada_url
import orjson

from crawler.extract.json_ld import read_json_ld
from crawler.model.document import Document as Parsed
from crawler.model.element import Element
from crawler.parse.content_type import header_charset, is_html
from crawler.parse.html import parse_html
from crawler.policy.canonicalization import LinkResolver

__all__ = ["Document", "Element", "Extraction", "Link"]

_NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Link:
    """A URL to crawl. Scope, traps, budgets and robots.txt hold for it as for any other link."""

    url: str
    """May be relative to the page."""
    depth: int | None = None
    """How many links from a seed it shall count as; None: one more than the page."""
    priority: int = 5
    """0 (most urgent) to 9. What is known of a URL already stays as it is."""


@dataclass(frozen=True, slots=True)
class Extraction:
    """What a callback returns. A dict alone counts as its fields, None as nothing."""

    fields: Mapping[str, object] = field(default_factory=dict)
    """For `fields` of the record: text as keys, values that JSON has; dates become text."""
    links: Iterable[Link | str] = ()
    """To crawl beside the links of the page, also where the page is `nofollow`."""


class Document:
    """One response, any content type; what is not asked for costs nothing."""

    __slots__ = ("_base", "_body", "_fields", "_headers", "_parsed", "_root", "_status", "_url")

    def __init__(
        self,
        *,
        url: str,
        status: int,
        headers: Mapping[str, str],
        body: bytes,
        parsed: Parsed | None,
        root: Element | None,
        fields: Mapping[str, object],
    ) -> None:
        """The crawl makes it; a test makes it with `from_html`."""
        self._url = url
        self._status = status
        self._headers = headers
        self._body = body
        self._parsed = parsed
        self._root = root
        self._fields = fields
        self._base: str | None = None

    @classmethod
    def from_html(
        cls,
        html: str | bytes,
        *,
        url: str = "https://example.com/",
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        fields: Mapping[str, object] | None = None,
    ) -> "Document":
        """Return a page as a crawl would hand it over, to test a callback with.

        Args:
            html: the page; bytes are decoded as a browser would.
            url: where it came from.
            status: of its response.
            headers: of its response, lower-case names; without `content-type` it counts as HTML.
            fields: what the table's own fields have taken.
        """
        headers = {"content-type": "text/html; charset=utf-8"} | dict(headers or {})
        body = html.encode() if isinstance(html, str) else html
        parsed: Parsed | None = None
        roots: list[Element] = []
        if is_html(headers["content-type"], body):
            parsed = parse_html(
                body,
                url=url,
                header_charset=header_charset(headers["content-type"]),
                resolver=LinkResolver(),
                probe=lambda root: roots.append(root.copy()),
            )
        return cls(
            url=url,
            status=status,
            headers=headers,
            body=body,
            parsed=parsed,
            root=roots[0] if roots else None,
            fields=fields or {},
        )

    def __repr__(self) -> str:
        return f"<Document {self._status} {self._url}>"

    @property
    def url(self) -> str:
        """Where the response came from: absolute, without fragment, after all redirects."""
        return self._url

    @property
    def status(self) -> int:
        """The HTTP status: 200 to 299."""
        return self._status

    @property
    def headers(self) -> Mapping[str, str]:
        """The response's headers: lower-case names, repeated ones joined by `, `."""
        return self._headers

    @property
    def content_type(self) -> str | None:
        """The Content-Type header as sent; None where there was none."""
        return self._headers.get("content-type")

    @property
    def body(self) -> bytes:
        """The body, decompressed, cut at the cap of `--max-body`."""
        return self._body

    @property
    def is_html(self) -> bool:
        """Whether it was parsed as HTML; all but `body` and `json()` is empty where not."""
        return self._parsed is not None

    @property
    def title(self) -> str | None:
        """Text of the `title` element, as found."""
        return None if self._parsed is None else self._parsed.title

    @property
    def lang(self) -> str | None:
        """`lang` of the html element, as found."""
        return None if self._parsed is None else self._parsed.lang

    @property
    def text(self) -> str:
        """The visible text, as the record has it."""
        return "" if self._parsed is None else self._parsed.text

    @property
    def links(self) -> Sequence[str]:
        """All links of the page: absolute, unique, in document order. They are crawled anyway."""
        return () if self._parsed is None else self._parsed.links

    @property
    def metas(self) -> Mapping[str, str]:
        """Contents of `meta` elements by lower-case name or property: `description`, `og:image`."""
        return _NOTHING if self._parsed is None else self._parsed.metas

    @property
    def fields(self) -> Mapping[str, object]:
        """What the fields of the same `[[extract]]` table have taken; empty without any."""
        return self._fields

    @property
    def json_ld(self) -> list[dict[str, object]]:
        """The JSON-LD objects of the page, lists and `@graph` taken apart; broken ones left out."""
        return [] if self._root is None else read_json_ld(self._root)

    def css(self, selector: str) -> Sequence[Element]:
        """Return the elements that match a CSS selector, in document order.

        Raises:
            ValueError: no selector.
        """
        return [] if self._root is None else self._root.css(selector)

    def first(self, selector: str) -> Element | None:
        """Return the first element that matches a CSS selector; None where none does.

        Raises:
            ValueError: no selector.
        """
        return None if self._root is None else self._root.first(selector)

    def json(self) -> object:
        """Return the body read as JSON.

        Raises:
            ValueError: no JSON.
        """
        return orjson.loads(self._body)

    def absolute(self, reference: str) -> str:
        """Return a reference of the page (an href, say) as an absolute URL.

        Raises:
            ValueError: no URL.
        """
        if self._base is None:
            base = self.first("base[href]")
            try:
                href = "" if base is None else base.attribute("href") or ""
                self._base = str(ada_url.join_url(self._url, href))
            except ValueError:
                self._base = self._url
        try:
            return str(ada_url.join_url(self._base, reference))
        except ValueError:
            raise ValueError(f"no URL: {reference[:80]!r}") from None
