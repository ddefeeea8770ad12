"""robots.txt as RFC 9309 defines it: a parser and a matcher, and what a status code means.

Our own, because politeness is our core: known parsers match agents too loosely or follow a dialect.
Where RFC and practice differ we take the stricter reading. Both work in linear time, on any bytes.
"""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from crawler.policy.robots_paths import encoded, has_reserved_query, normal_form, query_form

MAX_BYTES = 512_000
"""How much of a robots.txt counts; the RFC asks for 500 KiB at least."""

MAX_HOPS = 5
"""Redirects of one robots.txt that are followed."""

MIN_AGE_MS = 5 * 60_000
"""Rules are kept this long even where the server says less."""

HTTP_BACKOFF_MS = 60_000
"""First wait after 429 and 5xx."""

NETWORK_BACKOFF_MS = 10_000
"""First wait after anything else that went wrong."""

MAX_BACKOFF_MS = 3_600_000

_MAX_CRAWL_DELAY_S = 1_000_000.0
_LINES = re.compile(rb"\r\n|\r|\n")
_TOKEN = re.compile(r"[A-Za-z0-9_-]+")
_NUMBER = re.compile(r"\d{1,9}(?:\.\d*)?|\.\d+")
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,12})", re.IGNORECASE)

# Spellings that google's parser accepts: their authors meant a rule.
_KEYS = {
    b"user-agent": "agent",
    b"useragent": "agent",
    b"user agent": "agent",
    b"disallow": "disallow",
    b"dissallow": "disallow",
    b"dissalow": "disallow",
    b"disalow": "disallow",
    b"diasllow": "disallow",
    b"disallaw": "disallow",
    b"allow": "allow",
    b"crawl-delay": "delay",
    b"crawldelay": "delay",
    b"sitemap": "sitemap",
    b"site-map": "sitemap",
}


class Line(NamedTuple):
    """One rule in normal form, and where it stands."""

    number: int
    """Of the line in the file, from 1."""
    allow: bool
    pattern: str

    def __str__(self) -> str:
        return f"line {self.number}: {'Allow' if self.allow else 'Disallow'}: {self.pattern}"


class _Wild(NamedTuple):
    """A rule with wildcards, split at its stars; `query_pieces` see `RobotsRules`."""

    line: Line
    pieces: tuple[str, ...]
    anchored: bool
    in_query: bool
    """To be compared with the URL's second form."""

    def matches(self, target: str) -> bool:
        # Leftmost matches suffice, so each character is passed once; no backtracking.
        first, *rest = self.pieces
        if not target.startswith(first):
            return False
        at = len(first)
        if not rest:
            return not self.anchored or at == len(target)
        last = rest.pop() if self.anchored else None
        for piece in rest:
            found = target.find(piece, at)
            if found < 0:
                return False
            at = found + len(piece)
        if last is None:
            return True
        return target.endswith(last) and len(target) - len(last) >= at


class RobotsRules:
    """The rules that one robots.txt has for one agent."""

    __slots__ = ("_by_length", "_plain", "_second_form", "_wild", "crawl_delay_ms", "sitemaps")

    def __init__(
        self,
        lines: Iterable[Line] = (),
        *,
        crawl_delay_ms: int | None = None,
        sitemaps: Sequence[str] = (),
    ) -> None:
        self.crawl_delay_ms = crawl_delay_ms
        self.sitemaps = tuple(sitemaps)
        self._plain: dict[str, Line] = {}
        wild: list[_Wild] = []
        for line in lines:
            pattern = line.pattern
            if "*" in pattern or pattern.endswith("$"):
                wild.append(_split(line, pattern, in_query=False))
            else:
                known = self._plain.get(pattern)
                if known is None or (line.allow and not known.allow):
                    self._plain[pattern] = line
            second = query_form(pattern)
            if "?" in pattern and has_reserved_query(second):
                wild.append(_split(line, second, in_query=True))
        self._by_length = sorted({len(pattern) for pattern in self._plain}, reverse=True)
        self._wild = sorted(wild, key=lambda w: (len(w.line.pattern), w.line.allow), reverse=True)
        self._second_form = any(rule.in_query for rule in wild)

    def allows(self, target: str) -> bool:
        """Tell whether path and query of a canonical URL may be asked for."""
        line = self.deciding_line(target)
        return line is None or line.allow

    def deciding_line(self, target: str) -> Line | None:
        """Return the rule that decides: the longest that matches, Allow before Disallow."""
        if not (self._plain or self._wild) or target == "/robots.txt":
            return None
        form = normal_form(target)
        best: Line | None = None
        for length in self._by_length:
            best = self._plain.get(form[:length])
            if best is not None:
                break
        if self._wild:
            best = self._best_wild(form, best)
        return best

    def _best_wild(self, form: str, best: Line | None) -> Line | None:
        rank = (-1, False) if best is None else (len(best.pattern), best.allow)
        second = query_form(form) if self._second_form else form
        for rule in self._wild:
            if (len(rule.line.pattern), rule.line.allow) <= rank:
                break
            if rule.matches(second if rule.in_query else form):
                return rule.line
        return best


def parse_robots(body: bytes, token: str) -> RobotsRules:
    """Read a robots.txt for the agent with this product token; any bytes are a robots.txt."""
    reading = _Reading(_token(token))
    for number, key, value in _records(body):
        if key == "sitemap":
            # Belongs to no group and closes none.
            if value:
                reading.sitemaps.append(value.decode("utf-8", "replace"))
        elif key == "agent":
            reading.agent(value.decode("latin-1"))
        elif key == "delay":
            reading.delay(_delay_ms(value))
        else:
            reading.rule(_rule(number, key == "allow", value))
    return reading.rules()


class _Reading:
    """A robots.txt while it is read: groups of one agent are merged, `*` counts without ours."""

    def __init__(self, token: str) -> None:
        self.sitemaps: list[str] = []
        self._token = token
        self._seen_ours = False
        self._groups: set[bool] = set()  # of the group being read: True ours, False `*`
        self._in_head = False  # still in the agent lines of that group
        self._lines: dict[bool, list[Line]] = {True: [], False: []}
        self._delays: dict[bool, int] = {}

    def agent(self, name: str) -> None:
        if not self._in_head:
            self._groups = set()
            self._in_head = True
        if name == "*" or (name[:1] == "*" and name[1:2].isspace()):
            self._groups.add(False)
        elif self._token and _token(name) == self._token:
            self._groups.add(True)
            self._seen_ours = True

    def delay(self, delay_ms: int | None) -> None:
        # We obey this line, so it closes the head like a rule: else `* / Crawl-delay / BadBot /
        # Disallow: /` would shut everybody out.
        self._in_head = False
        if delay_ms is not None:
            for group in self._groups:
                self._delays[group] = max(delay_ms, self._delays.get(group, 0))

    def rule(self, line: Line | None) -> None:
        self._in_head = False
        if line is not None:
            for group in self._groups:
                self._lines[group].append(line)

    def rules(self) -> RobotsRules:
        return RobotsRules(
            self._lines[self._seen_ours],
            crawl_delay_ms=self._delays.get(self._seen_ours),
            sitemaps=self.sitemaps,
        )


def expires_at(now: int, cache_control: str | None, max_age_ms: int) -> int:
    """Return when rules must be asked for again; the server may shorten our own limit."""
    if cache_control is None:
        return now + max_age_ms
    found = _MAX_AGE.search(cache_control)
    if found is None:
        return now + max_age_ms
    return now + min(max(int(found[1]) * 1000, MIN_AGE_MS), max_age_ms)


def backoff_ms(base_ms: int, failures: int) -> int:
    """Return how long an origin waits after this many failures in a row before the present one."""
    return min(base_ms << min(max(failures, 0), 16), MAX_BACKOFF_MS)


def _records(body: bytes) -> Iterator[tuple[int, str, bytes]]:
    """Yield (line number, kind, value) of each line that has a meaning."""
    if body.startswith(b"\xef\xbb\xbf"):
        body = body[3:]
    for number, raw in enumerate(_LINES.split(body), 1):
        line = raw.partition(b"#")[0].strip(b" \t\0\v\f")
        if not line:
            continue
        name, colon, value = line.partition(b":")
        if not colon:
            # As google does: a missing colon is forgiven where exactly two words remain.
            words = line.split()
            if len(words) != 2:
                continue
            name, value = words
        key = _KEYS.get(name.strip().lower())
        if key is not None:
            yield number, key, value.strip()


def _rule(number: int, allow: bool, value: bytes) -> Line | None:
    pattern = re.sub(r"\*{2,}", "*", encoded(value))
    if pattern[:1] not in ("/", "*"):
        # No URL can match this. Whoever forbids `private/` means `/private/`; nothing is allowed
        # on such a guess.
        if not pattern or allow:
            return None
        pattern = "/" + pattern
    head, last = pattern[:-1], pattern[-1]
    return Line(number, allow, head.replace("$", "%24") + last)


def _split(line: Line, pattern: str, *, in_query: bool) -> _Wild:
    anchored = pattern.endswith("$")
    return _Wild(line, tuple(pattern.removesuffix("$").split("*")), anchored, in_query)


def _token(text: str) -> str:
    """Return the product token at the start of an agent name: `Bot/1.0` is `bot`."""
    found = _TOKEN.match(text.strip())
    return found[0].lower() if found else ""


def _delay_ms(value: bytes) -> int | None:
    found = _NUMBER.match(value.decode("latin-1"))
    if found is None:
        return None
    return math.ceil(min(float(found[0]), _MAX_CRAWL_DELAY_S) * 1000)
