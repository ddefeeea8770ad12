"""Parts of a *canonical* URL, by string work alone (the WHATWG parser has already run).

A canonical URL is what `crawler.policy.canonicalization` returns: http or https, no userinfo, no
fragment, default port dropped. So its authority ends at the first slash after `://`.
"""

from collections.abc import Iterable


def host_key(url: str) -> str:
    """Return the unit of politeness of a canonical URL: `host`, or `host:port` for other ports.

    The default ports of http and https share one key, because the parser drops them.
    """
    return url.split("/", 3)[2]


def origin(url: str) -> str:
    """Return `scheme://host[:port]`, the unit of robots rules (RFC 9309 section 2.3)."""
    return url[: url.index("/", 8)]


def robots_url(url: str) -> str:
    """Return the address of the robots.txt that rules a canonical URL."""
    return origin(url) + "/robots.txt"


def request_target(url: str) -> str:
    """Return path and query of a canonical URL, what robots rules are matched against."""
    return url[url.index("/", 8) :]


def with_tls(origins: Iterable[str]) -> frozenset[str]:
    """Return origins, and the https one of each that has no TLS; never the other way round."""
    named = frozenset(origins)
    return named.union(f"https{one[4:]}" for one in named if one.startswith("http:"))
