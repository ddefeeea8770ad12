"""The shape of the test web, computed alike by its server and by the test that measures it."""

import random
import socket
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class SiteOptions:
    """The shape of the web; counts of special pages are per host."""

    hosts: int = 10
    pages_per_host: int = 50
    links_per_page: int = 8
    body_bytes: int = 600
    seed: int = 1
    first_address: str = "127.0.8.1"

    delay_ms: int = 0
    """Every page (not robots.txt) is answered this long after it was asked for."""
    slow: int = 0
    slow_ms: int = 500
    """`/slow/N`: 200 after `slow_ms`."""
    held: int = 0
    """`/hold/N`: stays open until `release()`, then 200."""
    missing: int = 0
    """`/missing/N`: 404."""
    redirects: int = 0
    """`/go/N`: 302 to a page, of the next host for odd N."""
    busy: int = 0
    busy_tries: int = 1
    retry_after_s: int | None = 1
    """`/busy/N`: 503 (with Retry-After unless None) `busy_tries` times, then 200."""
    resets: int = 0
    """`/reset/N`: the connection is cut without an answer, always."""
    copies: int = 0
    """`/copy/N`: 200, with the same body everywhere."""
    private: int = 0
    """`/private/N`: linked, and forbidden by robots.txt."""

    crawl_delay_s: float | None = None
    robots_status: int = 200
    robots_delay_ms: int = 0


class Graph:
    """The whole web, computed alike by the server and the test; pages are numbered per host.

    Page 0 is the index `/`. Page k links to its children in a tree that reaches every page, to
    some pages of any host, and to the special pages whose number falls on it.
    """

    def __init__(self, options: SiteOptions, port: int) -> None:
        self.options = options
        first = int.from_bytes(socket.inet_aton(options.first_address))
        self.hosts = [
            f"{socket.inet_ntoa((first + n).to_bytes(4))}:{port}" for n in range(options.hosts)
        ]

    @staticmethod
    def page_path(number: int) -> str:
        return "/" if number == 0 else f"/page/{number}.html"

    def specials(self) -> dict[str, int | None]:
        """Path → final status, of one host, without what robots.txt forbids."""
        options = self.options
        kinds: list[tuple[str, int, int | None]] = [
            ("slow", options.slow, 200),
            ("hold", options.held, 200),
            ("missing", options.missing, 404),
            ("go", options.redirects, 302),
            ("busy", options.busy, 200),
            ("reset", options.resets, None),
            ("copy", options.copies, 200),
        ]
        return {f"/{kind}/{n}": status for kind, count, status in kinds for n in range(count)}

    def private(self) -> list[str]:
        return [f"/private/{n}" for n in range(self.options.private)]

    def links(self, host: int, page: int) -> list[str]:
        options = self.options
        children = max(2, options.links_per_page // 2)
        found = [
            self.page_path(child)
            for child in range(page * children + 1, page * children + children + 1)
            if child < options.pages_per_host
        ]
        found += [
            path
            for n, path in enumerate([*self.specials(), *self.private()])
            if n % options.pages_per_host == page
        ]
        chance = random.Random(f"{options.seed}/{host}/{page}")
        while len(found) < options.links_per_page:
            other = self.hosts[chance.randrange(options.hosts)]
            found.append(
                f"http://{other}{self.page_path(chance.randrange(options.pages_per_host))}"
            )
        return found

    def target(self, host: int, number: int) -> str:
        """Where `/go/N` leads."""
        page = self.page_path(number % self.options.pages_per_host)
        if number % 2 == 0:
            return page
        return f"http://{self.hosts[(host + 1) % len(self.hosts)]}{page}"

    def expected(self) -> dict[str, int | None]:
        """URL → final status of all that a crawl must record, once each; None: no answer."""
        paths = {self.page_path(n): 200 for n in range(self.options.pages_per_host)}
        return {
            f"http://{host}{path}": status
            for host in self.hosts
            for path, status in (paths | self.specials()).items()
        }
