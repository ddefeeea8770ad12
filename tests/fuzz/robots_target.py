"""robots.txt: the first line is a target (path and query), the rest the file."""

from crawler.errors import UrlRejected
from crawler.model.url import request_target
from crawler.policy.canonicalization import canonicalize
from crawler.policy.robots import Line, RobotsRules, parse_robots
from crawler.policy.robots_paths import has_reserved_query, normal_form, query_form

TOKEN = "QuasiCrawler"
_MAX_REFERENCE_STEPS = 20_000
_MAX_DELAY_MS = 1_000_000_000


def check(data: bytes) -> None:
    first, _, body = data.partition(b"\n")
    target = _target(first)
    rules = parse_robots(body, TOKEN)
    line = rules.deciding_line(target)
    assert rules.allows(target) is (line is None or line.allow)
    assert rules.allows("/robots.txt")
    assert rules.crawl_delay_ms is None or 0 <= rules.crawl_delay_ms <= _MAX_DELAY_MS
    if line is not None:
        assert str(line).isascii()
        assert str(line).isprintable()
        assert 1 <= line.number <= body.count(b"\n") + body.count(b"\r") + 1
    for sitemap in rules.sitemaps:
        sitemap.encode()
    _check_same(body, target, line, rules)
    _check_reference(rules, target, line)


def _target(first: bytes) -> str:
    try:
        return request_target(canonicalize("http://h/" + first.decode("utf-8", "replace")))
    except UrlRejected:
        return "/"


def _check_same(body: bytes, target: str, line: Line | None, rules: RobotsRules) -> None:
    """Spellings of one file mean the same; a group of somebody else means nothing."""
    others = [
        b"\xef\xbb\xbf" + body.removeprefix(b"\xef\xbb\xbf"),
        body + b"\nDisallow:\nUser-agent: somebody-else\nDisallow: /\nCrawl-delay: 9\n",
        body + b"\n# Disallow: /\nSitemap: https://h/x\n",
    ]
    if b"\r" not in body:
        others.append(body.replace(b"\n", b"\r\n"))
    for other in others:
        found = parse_robots(other, TOKEN)
        assert found.deciding_line(target) == line
        assert found.crawl_delay_ms == rules.crawl_delay_ms


def _check_reference(rules: RobotsRules, target: str, decided: Line | None) -> None:
    """The fast matcher decides as the definition does: the longest match, Allow at a tie."""
    lines = [*rules._plain.values(), *(wild.line for wild in rules._wild)]
    form = normal_form(target)
    if target == "/robots.txt" or sum(len(it.pattern) + 1 for it in lines) * len(form) > (
        _MAX_REFERENCE_STEPS
    ):
        return
    matching = [line for line in lines if _line_matches(line.pattern, form)]
    best = max(matching, key=lambda it: (len(it.pattern), it.allow), default=None)
    if best is None or decided is None:
        assert best is decided
    else:
        assert (len(best.pattern), best.allow) == (len(decided.pattern), decided.allow)


def _line_matches(pattern: str, form: str) -> bool:
    if slow_match(pattern, form):
        return True
    second = query_form(pattern)
    return "?" in pattern and has_reserved_query(second) and slow_match(second, query_form(form))


def slow_match(pattern: str, text: str) -> bool:
    """Match by the book: all places where the part read so far may end, one sign at a time."""
    anchored = pattern.endswith("$")
    ends = {0}
    for sign in pattern.removesuffix("$"):
        if sign == "*":
            ends = set(range(min(ends), len(text) + 1)) if ends else ends
        else:
            ends = {end + 1 for end in ends if text[end : end + 1] == sign}
    return len(text) in ends if anchored else bool(ends)
