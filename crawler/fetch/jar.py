"""The cookies that one reader process was given, each sent back to the host that set it.

Stricter than RFC 6265: `Domain` widens nothing. In memory only, so each reader process is a client
of its own, and forgets with its end.
"""

from collections import OrderedDict
from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from crawler.model.url import host_key
from crawler.policy.cookies import path_matches

MAX_COOKIES = 50
"""Of one host; then the oldest one goes."""
MAX_BYTES = 4096
"""Of one cookie, name, value and attributes; a longer one is not kept."""
MAX_HOSTS = 1000
_LATEST_MS = 253_402_300_799_000
_SENDABLE = frozenset(map(chr, range(0x21, 0x7F))) - {";"}


class _Kept(NamedTuple):
    value: str
    path: str
    over_https: bool
    """It came over https, or is `Secure`: it is sent over nothing else."""
    expires_at: int | None


class CookieJar:
    """Bounded in hosts, cookies of a host, and bytes of a cookie."""

    def __init__(self) -> None:
        self._hosts: OrderedDict[str, dict[tuple[str, str], _Kept]] = OrderedDict()

    def keep(self, url: str, set_cookies: Sequence[str], now: int) -> None:
        """Take the values of the Set-Cookie headers of a response."""
        host = host_key(url)
        kept = self._hosts.setdefault(host, {})
        self._hosts.move_to_end(host)
        for text in set_cookies:
            found = _parse(text, url, now) if len(text) <= MAX_BYTES else None
            if found is None:
                continue
            name, cookie = found
            kept.pop((name, cookie.path), None)
            if cookie.expires_at is None or cookie.expires_at > now:
                kept[name, cookie.path] = cookie
            if len(kept) > MAX_COOKIES:
                del kept[next(iter(kept))]
        if len(self._hosts) > MAX_HOSTS:
            self._hosts.popitem(last=False)

    def pairs(self, url: str, now: int) -> list[tuple[str, str]]:
        """Return name and value of each cookie that a request for `url` carries."""
        kept = self._hosts.get(host_key(url))
        if not kept:
            return []
        is_https = url.startswith("https:")
        path = _path(url)
        found = [
            (name, cookie)
            for (name, _), cookie in kept.items()
            if (is_https or not cookie.over_https)
            and (cookie.expires_at is None or cookie.expires_at > now)
            and path_matches(path, cookie.path)
        ]
        found.sort(key=lambda pair: -len(pair[1].path))
        return [(name, cookie.value) for name, cookie in found]


def _path(url: str) -> str:
    return url[url.index("/", 8) :].partition("?")[0]


def _parse(text: str, url: str, now: int) -> tuple[str, _Kept] | None:
    """Read one Set-Cookie value as RFC 6265 section 5.2 has it; None: it cannot be used."""
    pair, *attributes = text.split(";")
    name, equals, value = (part.strip() for part in pair.partition("="))
    if not equals or not name or not _SENDABLE.issuperset(name + value):
        return None
    is_https = url.startswith("https:")
    path = _path(url)
    path = path[: path.rfind("/")] or "/"
    expires_at: int | None = None
    is_secure, has_age = False, False
    for attribute in attributes:
        key, _, given = (part.strip() for part in attribute.partition("="))
        match key.lower():
            case "secure":
                is_secure = True
            case "path" if given.startswith("/"):
                path = given
            case "max-age":
                age_ms = _age_ms(given)
                if age_ms is not None:
                    expires_at, has_age = min(now + age_ms, _LATEST_MS), True
            case "expires" if not has_age:
                expires_at = _date_ms(given)
    if is_secure and not is_https:
        return None  # RFC 6265bis: who is not secure itself can set none
    return name, _Kept(value, path, is_https or is_secure, expires_at)


def _age_ms(text: str) -> int | None:
    """Return seconds as ms; nothing positive means that the cookie is over."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal()):
        return None
    if text.startswith("-"):
        return 0
    return int(digits) * 1000 if len(digits) < 12 else _LATEST_MS


def _date_ms(text: str) -> int | None:
    try:
        return round(parsedate_to_datetime(text.replace("-", " ")).timestamp() * 1000)
    except (ValueError, OverflowError, OSError, IndexError, TypeError):
        return None
