"""What a host's queue works by: the terms of all hosts, or its own."""

import sqlite3
from collections.abc import Mapping

from crawler.ports import FrontierOptions, HostTerms

_MAX_HOSTS = 50_000


class TermsBook:
    """Looks up the terms of hosts; where no host has terms of its own, without a query."""

    def __init__(self, sql: Mapping[str, str], options: FrontierOptions) -> None:
        self._sql = sql
        self.options = options
        self._own = options.terms_of
        self.default = HostTerms(
            options.delay_ms,
            options.per_host,
            options.max_pages_per_host,
            options.max_depth,
            options.recrawl_ms,
        )
        self._by_id: dict[int, HostTerms] = {}

    @property
    def are_equal(self) -> bool:
        """Whether all hosts have the same terms."""
        return self._own is None

    @property
    def limits_pages(self) -> bool:
        """Whether any host may have a budget of pages."""
        return self.default.max_pages is not None or self._own is not None

    def of(self, host: str) -> HostTerms:
        """Return the terms of a host key."""
        return (self._own(host) if self._own is not None else None) or self.default

    def of_id(self, connection: sqlite3.Connection, host_id: int) -> HostTerms:
        """Return the terms of a host of the store."""
        if self._own is None:
            return self.default
        terms = self._by_id.get(host_id)
        if terms is None:
            if len(self._by_id) >= _MAX_HOSTS:
                self._by_id.clear()
            row = connection.execute(self._sql["host_name"], (host_id,)).fetchone()
            terms = self._by_id[host_id] = self.of(row[0]) if row else self.default
        return terms


def lease_limit(terms: HostTerms) -> int:
    """How many URLs of a host without delay may be leased when nobody knows better."""
    return 4 * terms.per_host


def first_limit(terms: HostTerms) -> int:
    """How many URLs of a new host may be leased."""
    return 1 if terms.delay_ms > 0 else lease_limit(terms)
