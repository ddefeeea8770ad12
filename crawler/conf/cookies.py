"""A cookie file in Netscape's format, as browsers' add-ons, curl and wget write it.

Seven fields between tabs: domain, whether subdomains too, path, whether https only, end in seconds
since 1970 (0: none), name, value. http.cookiejar reads the same, but tells no line of what is
wrong, and keeps no mark of a cookie for one host alone.
"""

from pathlib import Path

from crawler.conf.files import read_small
from crawler.errors import ConfigError
from crawler.model.site import Cookie

MAX_COOKIES = 10_000
_MAX_BYTES = 4096
_HTTP_ONLY = "#HttpOnly_"
"""Before a cookie that scripts of pages do not get to see; to us it is like any other."""
_SEVEN = 7


def read_cookies(path: Path, now: int) -> tuple[Cookie, ...]:
    """Return the cookies of a file that are not over at `now` (ms since 1970).

    Raises:
        ConfigError: it cannot be read, or a line is no cookie; values are not repeated.
    """
    cookies: list[Cookie] = []
    for number, line in enumerate(read_small(path).splitlines(), 1):
        text = line.removeprefix(_HTTP_ONLY)
        is_comment = line.startswith("#") and not line.startswith(_HTTP_ONLY)
        if is_comment or not text.strip():
            continue
        try:
            cookie = _cookie(text)
        except ValueError as error:
            raise ConfigError(f"{path}, line {number}: {error}") from None
        if cookie.expires_at is None or cookie.expires_at > now:
            cookies.append(cookie)
        if len(cookies) > MAX_COOKIES:
            raise ConfigError(f"{path}: more than {MAX_COOKIES:,} cookies")
    return tuple(cookies)


def _cookie(line: str) -> Cookie:
    fields = line.split("\t")
    if len(fields) == _SEVEN - 1:
        fields.append("")  # an empty value, whose tab an editor has taken away
    if len(fields) != _SEVEN:
        raise ValueError(f"is no cookie: {len(fields)} fields between tabs, {_SEVEN} are needed")
    domain, tail, path, secure, end, name, value = (field.strip() for field in fields)
    if not _is_sendable(name + value) or len(name + value) > _MAX_BYTES:
        raise ValueError("the cookie has characters that no cookie may have, or too many")
    if not name or "=" in name:
        raise ValueError("the cookie has no name")
    bare = domain.removeprefix(".").lower()
    if not bare or not bare.isascii() or any(mark in bare for mark in "/:@ *"):
        raise ValueError("the domain is none; write it without scheme, port and path")
    if not path.startswith("/"):
        raise ValueError("the path does not begin with a slash")
    return Cookie(
        domain=bare,
        # A name of one label has no owner whose hosts could be below it.
        with_subdomains=_is_true(tail, "the second field") and "." in bare,
        path=path,
        secure=_is_true(secure, "the fourth field"),
        expires_at=_end_ms(end),
        name=name,
        value=value,
    )


def _is_sendable(text: str) -> bool:
    return text.isascii() and text.isprintable() and ";" not in text


def _is_true(text: str, which: str) -> bool:
    if text.upper() not in ("TRUE", "FALSE"):
        raise ValueError(f"{which} is neither TRUE nor FALSE")
    return text.upper() == "TRUE"


def _end_ms(text: str) -> int | None:
    try:
        seconds = float(text or 0)
    except ValueError:
        raise ValueError("the end is no number of seconds") from None
    if not seconds < 1e15:
        raise ValueError("the end is no number of seconds")
    return round(seconds * 1000) if seconds > 0 else None
