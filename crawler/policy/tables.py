"""Which `[[extract]]` table holds for a page."""

import re
from collections.abc import Callable, Sequence

from crawler.model.extraction import ExtractTable
from crawler.model.url import host_key
from crawler.policy.scope import url_glob


class Tables:
    """The tables of a crawl, in the order they were written."""

    def __init__(self, tables: Sequence[ExtractTable]) -> None:
        self._tables = [(_matcher(table.match), table) for table in tables]

    def of(self, url: str) -> ExtractTable | None:
        """Return the first table that matches a canonical URL."""
        for matches, table in self._tables:
            if matches is None or matches(url):
                return table
        return None


def _matcher(match: str) -> Callable[[str], object] | None:
    """Return what says whether a URL matches; None: each does."""
    if match == "*":
        return None
    if "://" in match:
        return url_glob(match)
    if "*" not in match:
        return lambda url: host_key(url) == match
    # A host key has 255 characters at most, so backtracking over a few stars is no danger.
    hosts = re.compile(".*".join(re.escape(part) for part in match.split("*"))).fullmatch
    return lambda url: hosts(host_key(url))
