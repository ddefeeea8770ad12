"""Which cookies of a cookie file go with a request (RFC 6265 section 5.4)."""

import re
from collections.abc import Iterator, Sequence

from crawler.model.site import Cookie
from crawler.model.url import host_key

_PORT = re.compile(r":[0-9]*\Z")
_ADDRESS = re.compile(r"[0-9.]+|\[.*").fullmatch


class CookieList:
    """The cookies of a file, by domain; false where there are none."""

    def __init__(self, cookies: Sequence[Cookie]) -> None:
        self._by_domain: dict[str, list[Cookie]] = {}
        for cookie in cookies:
            self._by_domain.setdefault(cookie.domain, []).append(cookie)
        for found in self._by_domain.values():
            found.sort(key=lambda cookie: -len(cookie.path))  # longer paths go first

    def __bool__(self) -> bool:
        return bool(self._by_domain)

    def knows(self, host: str) -> bool:
        """Tell whether any cookie is for a host key, at whatever path and time."""
        return next(self._of_host(host), None) is not None

    def pairs(self, url: str, now: int) -> list[tuple[str, str]]:
        """Return name and value of each cookie that a request for `url` carries."""
        is_https = url.startswith("https:")
        path = url[url.index("/", 8) :].partition("?")[0]
        return [
            (cookie.name, cookie.value)
            for cookie in self._of_host(host_key(url))
            if (is_https or not cookie.secure)
            and (cookie.expires_at is None or cookie.expires_at > now)
            and path_matches(path, cookie.path)
        ]

    def _of_host(self, host: str) -> Iterator[Cookie]:
        name = _PORT.sub("", host)
        yield from self._by_domain.get(name, ())
        if _ADDRESS(name):
            return  # the end of an address is no domain that it is in
        while "." in name:
            name = name.partition(".")[2]
            for cookie in self._by_domain.get(name, ()):
                if cookie.with_subdomains:
                    yield cookie


def path_matches(path: str, of_cookie: str) -> bool:
    """RFC 6265 section 5.1.4: the same folder, or below it."""
    if not path.startswith(of_cookie):
        return False
    return len(path) == len(of_cookie) or of_cookie.endswith("/") or path[len(of_cookie)] == "/"
