"""One page as field rules see it: each kind of data in it is read once, when it is asked for."""

from collections.abc import Sequence
from functools import cached_property

from crawler.extract.budget import Budget
from crawler.extract.json_ld import may_have_json_ld, read_json_ld
from crawler.extract.microdata import read_microdata
from crawler.extract.paths import Things
from crawler.extract.regexes import Stopwatch
from crawler.model.element import Element, PageElement
from crawler.policy.canonicalization import LinkResolver

MAX_METAS = 500


class Page:
    """Valid while its page is being read."""

    def __init__(
        self, root: PageElement, url: str, resolver: LinkResolver, body: bytes | None = None
    ) -> None:
        self.root = root
        self.budget = Budget()
        self.stopwatch = Stopwatch()
        self._url = url
        self._resolver = resolver
        self._body = body
        self._base: str | None = None
        self._json_ld: Things | None = None
        self._microdata: Things | None = None
        self._metas: dict[str, list[str]] | None = None

    @property
    def json_ld(self) -> Things:
        if self._json_ld is None:
            has_any = self._body is None or may_have_json_ld(self._body)
            self._json_ld = Things(read_json_ld(self.root) if has_any else ())
        return self._json_ld

    @property
    def microdata(self) -> Things:
        if self._microdata is None:
            self._microdata = Things(read_microdata(self.root))
        return self._microdata

    def meta(self, name: str) -> str | None:
        """Return the content of the first meta of a lower-case name or property."""
        found = self.root.metas.get(name)
        if found is None:
            # Parsing keeps a meta that has both by its name.
            values = self._double_metas.get(name)
            return values[0] if values else None
        return found

    def metas(self, name: str) -> Sequence[str]:
        """Return the contents of all of them, in the order of the page."""
        if self._metas is None:
            self._metas = _by_name(self.root.css("meta[content]"))
        return self._metas.get(name, ())

    @cached_property
    def _double_metas(self) -> dict[str, list[str]]:
        head = self._head
        return _by_name(() if head is None else head.css("meta[property][name][content]"))

    @cached_property
    def _head(self) -> Element | None:
        return self.root.first("head")

    def absolute(self, href: str) -> str:
        """Return the canonical URL that an address on this page means.

        Raises:
            ValueError: none of http and https.
        """
        if self._base is None:
            self._base = self._url
            base = None if self._head is None else self._head.first("base[href]")
            if base is not None:
                found = self._resolver.resolve(self._url, [base.attribute("href") or ""])
                self._base = found[0] if found else self._url
        found = self._resolver.resolve(self._base, [href])
        if not found:
            raise ValueError("is no address of http or https")
        return found[0]


def _by_name(metas: Sequence[Element]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for meta in metas[:MAX_METAS]:
        content = meta.attribute("content") or ""
        names = {meta.attribute("property"), meta.attribute("name")}
        for name in names:
            if name:
                found.setdefault(name.strip().lower(), []).append(content)
    return found
