"""Spider traps: URLs that only a loop in a site's links can have made.

The limits are far above what sites have on purpose; each refusal is counted under its reason. What
these rules do not see is bounded by the budget of pages per host.
"""

import re

from crawler.policy.canonicalization import MAX_URL_LENGTH

MAX_SEGMENTS = 20
MAX_REPEATS = 3
"""How often one path may hold the same segment."""
MAX_EQUAL_PAIRS = 2
"""How often one query may hold the same `name=value`."""
MAX_HOPS = 10_000
"""Links between a seed and a page; only generated pages go on for longer."""
MAX_YEARS_AHEAD = 5
"""How far into the future a site's calendar is read."""
FIRST_YEAR = 1000
"""Nothing is dated before; old newspapers are."""

# Every link to the next page of a calendar comes to a URL that these match, which is enough: they
# need not match all. What else has such numbers must not match: `slug-2093-12`, `topic/2093/2`.
_DATED = re.compile(r"[/=](?!1|20[0-2])[0-9]{4}[/-][01][0-9]").search
"""All of the following but `year=` have this, unless their date is of our time or before."""
_MONTH = r"(?:0[1-9]|1[0-2])"
_DAY = r"(?:0[1-9]|[12][0-9]|3[01])"
_PATH_DAY = re.compile(rf"/([0-9]{{4}})(?:-{_MONTH}-{_DAY}|/{_MONTH}/{_DAY})(?=[/.]|\Z)").finditer
_PATH_MONTH = re.compile(rf"/([0-9]{{4}})[/-]{_MONTH}(?=[/.]|\Z)").finditer
_CALENDAR = re.compile(r"(?i)calend|kalend|agenda|event|month").search
"""A year and a month alone say little: these words must stand before them."""
_QUERY_DAY = re.compile(rf"=([0-9]{{4}})-(?!12-31){_MONTH}-{_DAY}(?=[&T]|\Z)").finditer
"""The last day of some far year is how an open end is written."""
_QUERY_MONTH = re.compile(
    rf"(?i)(?:month|date|cal)[a-z]*(?:\]|%5d)?=([0-9]{{4}})-{_MONTH}(?=&|\Z)"
).finditer
_QUERY_YEAR = re.compile(r"(?i)(?<![a-z])year(?:\]|%5d)?=(-?[0-9]{1,4})(?=&|\Z)").finditer
_SHORT_YEARS = range(200)
"""`year=26` is 2026, `year=126` too in a way, and `year=2` is a class; 999 is beyond the start."""


def refusal(url: str, depth: int, latest_year: int) -> str | None:
    """Return why a canonical URL must be a trap: a word for counters, or None.

    `url_length`, `hops`, `path_segments`, `path_repetition`, `query_repetition` or `calendar`: a
    date after `latest_year`, or of a time that had no pages to tell of.
    """
    if len(url) > MAX_URL_LENGTH:
        return "url_length"
    if depth > MAX_HOPS:
        return "hops"
    # Two slashes belong to the scheme; fewer than four segments can neither repeat nor be many.
    if url.count("/") >= MAX_REPEATS + 3:
        reason = _in_path(url)
        if reason is not None:
            return reason
    if url.count("&") >= MAX_EQUAL_PAIRS and _has_equal_pairs(url):
        return "query_repetition"
    if (_DATED(url) or "year" in url or "Year" in url) and _is_beyond(url, latest_year):
        return "calendar"
    return None


def _in_path(url: str) -> str | None:
    segments = url.partition("?")[0].split("/")[3:]
    if not segments[-1]:
        segments.pop()
    if len(segments) > MAX_SEGMENTS:
        return "path_segments"
    return "path_repetition" if _repeats(segments) else None


def _repeats(segments: list[str]) -> bool:
    if len(segments) - len(set(segments)) < MAX_REPEATS:
        return False
    return any(segments.count(segment) > MAX_REPEATS for segment in segments)


def _has_equal_pairs(url: str) -> bool:
    # Long forms repeat the names of fields that nobody has filled in.
    pairs = [pair for pair in url.partition("?")[2].split("&") if "=" in pair and pair[-1] != "="]
    if len(pairs) - len(set(pairs)) < MAX_EQUAL_PAIRS:
        return False
    return any(pairs.count(pair) > MAX_EQUAL_PAIRS for pair in pairs)


def _is_beyond(url: str, latest_year: int) -> bool:
    address, _, query = url.partition("?")
    path = address[address.index("/", 8) :]
    dates = [*_PATH_DAY(path), *_QUERY_DAY("=" + query), *_QUERY_MONTH(query)]
    word = _CALENDAR(path)
    if word is not None:
        dates += _PATH_MONTH(path[word.start() :])
    years = [int(date[1]) for date in dates]
    years += [year for m in _QUERY_YEAR(query) if (year := int(m[1])) not in _SHORT_YEARS]
    return any(year > latest_year or year < FIRST_YEAR for year in years)
