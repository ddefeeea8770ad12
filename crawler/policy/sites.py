"""Which site table holds for a host."""

import re
from collections.abc import Iterator, Sequence

from crawler.model.site import Site

_MOST_REMEMBERED = 10_000


class Sites:
    """The tables of a crawl; false where there are none, so that nobody needs to ask."""

    def __init__(self, sites: Sequence[Site]) -> None:
        self._sites = tuple(sites)
        self._globs = [(re.compile(_pattern(site.match)).fullmatch, site) for site in sites]
        self._found: dict[str, Site | None] = {}

    def __bool__(self) -> bool:
        return bool(self._sites)

    def __iter__(self) -> Iterator[Site]:
        return iter(self._sites)

    def of(self, host: str) -> Site | None:
        """Return the first table that matches a host key."""
        try:
            return self._found[host]
        except KeyError:
            if len(self._found) >= _MOST_REMEMBERED:
                self._found.clear()
            found = next((site for matches, site in self._globs if matches(host)), None)
            self._found[host] = found
            return found


def _pattern(glob: str) -> str:
    """A host key has 255 characters at most, so backtracking over a few stars is no danger."""
    return ".*".join(re.escape(part) for part in glob.split("*"))
