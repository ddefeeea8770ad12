"""The candidates of a `srcset` attribute, by the rules of the HTML standard (section 4.8.4.2.1)."""

import re

MAX_CANDIDATES = 100

_SEPARATORS = re.compile(r"[ \t\n\f\r,]*+")
_ADDRESS = re.compile(r"[^ \t\n\f\r]*+")
_DESCRIPTORS = re.compile(r"(?:[^(,]++|\([^)]*+\)?+)*+,?")


def srcset_urls(text: str) -> list[str]:
    """Return the URLs of the candidates, as written, whatever their descriptors say.

    A comma ends a candidate only after a blank or at the end of a URL, so `data:` URLs and commas
    inside of addresses stay whole; commas in brackets of a descriptor end nothing.
    """
    urls: list[str] = []
    at = 0
    while len(urls) < MAX_CANDIDATES:
        start = _end(_SEPARATORS, text, at)
        at = _end(_ADDRESS, text, start)
        if at == start:
            break
        url = text[start:at]
        bare = url.rstrip(",")
        urls.append(bare)
        if len(bare) == len(url):
            at = _end(_DESCRIPTORS, text, at)
    return urls


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match is not None else at
