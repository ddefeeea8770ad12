"""Header values, one `name: value` a line; after an empty line robots metas in the same form."""

from crawler.model.result import Fetched
from crawler.parse.content_type import header_charset
from crawler.policy import robots
from crawler.policy.directives import read_directives
from crawler.policy.politeness import MAX_PAUSE_MS, pause_until, retry_after_ms
from tests.fuzz import page
from tests.support.fetch import NOW

_MAX_AGE_MS = 86_400_000
_MAX_DIRECTIVES = 1024


def check(data: bytes) -> None:
    head, _, tail = data.decode("utf-8", "replace").partition("\n\n")
    headers, metas = _named(head), _named(tail)
    _check_retry_after(headers)
    until = robots.expires_at(NOW, headers.get("cache-control"), _MAX_AGE_MS)
    assert NOW + robots.MIN_AGE_MS <= until <= NOW + _MAX_AGE_MS
    label = header_charset(headers.get("content-type"))
    assert label is None or label
    _check_directives(metas, headers.get("x-robots-tag"))
    for status in (200, 503):
        result = Fetched(
            attempts=1,
            started_at=0,
            elapsed_ms=1,
            status=status,
            headers=headers,
            body=b"<a href=/x>x</a>",
            truncated=False,
        )
        page.settle(result)
        page.check_next_try(result, cut=False)


def _named(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in text.split("\n"):
        name, colon, value = line.partition(":")
        if colon:
            name = name.strip().lower()
            found[name] = f"{found[name]}, {value.strip()}" if name in found else value.strip()
    return found


def _check_retry_after(headers: dict[str, str]) -> None:
    wait_ms = retry_after_ms(headers.get("retry-after"), NOW)
    assert wait_ms is None or 0 < wait_ms <= MAX_PAUSE_MS
    until = pause_until(503, headers, NOW)
    assert until == (None if wait_ms is None else NOW + wait_ms)
    assert pause_until(404, headers, NOW) is None


def _check_directives(metas: dict[str, str], header: str | None) -> None:
    found = read_directives(metas, header, "QuasiCrawler")
    text = found.text
    assert text is None or (0 < len(text) <= _MAX_DIRECTIVES and "\n" not in text)
    # One more directive never takes a prohibition away.
    more = read_directives({**metas, "quasicrawler": "noindex, nofollow"}, header, "QuasiCrawler")
    assert more.nofollow
    assert more.noindex
    both = read_directives({**metas, "robots": metas.get("robots", "") + ",x"}, header, "Other")
    alone = read_directives(metas, header, "Other")
    assert (both.nofollow, both.noindex) == (alone.nofollow, alone.noindex)
