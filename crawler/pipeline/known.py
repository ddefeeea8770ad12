"""URLs that this process need not look at again: committed ones, and refused ones.

Most links of a page were on the page before. A set of strings answers that before any hashing,
scope rule or SQL; it may forget (bounded memory) but never errs, because the store decides.
"""

from collections.abc import Iterable

MAX_URLS = 200_000
MAX_CHARACTERS = 24_000_000


class KnownUrls:
    """A bounded set of URLs, with the depth they are known at where depth matters."""

    def __init__(self, *, by_depth: bool) -> None:
        self._by_depth = by_depth
        self._depths: dict[str, int] = {}
        self._characters = 0

    def fresh(self, urls: Iterable[str], depth: int) -> list[str]:
        """Return those that must be judged: never seen here, or only at a greater depth."""
        known = self._depths
        if not self._by_depth:
            return [url for url in urls if url not in known]
        return [url for url in urls if known.get(url, depth + 1) > depth]

    def add(self, urls: Iterable[str], depth: int) -> None:
        known = self._depths
        before = len(known)
        if self._by_depth:
            for url in urls:
                if known.get(url, depth + 1) > depth:
                    known[url] = depth
                    self._characters += len(url)
        else:
            for url in urls:
                known[url] = depth
                self._characters += len(url)
        if before > MAX_URLS or self._characters > MAX_CHARACTERS:
            self.forget()

    def forget(self) -> None:
        """Start over: the bound is reached, or the rules of scope have changed."""
        self._depths.clear()
        self._characters = 0
