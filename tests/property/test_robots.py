"""Any bytes are a robots.txt, and no pattern makes a match slow."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from crawler.policy.robots import Line, RobotsRules, _split, parse_robots
from crawler.policy.robots_paths import normal_form

KEYS = ["User-agent: ", "Disallow: ", "Allow: ", "Crawl-delay: ", "Sitemap: ", "x", ""]
VALUES = st.sampled_from(["*", "quasicrawler", "/", "/a*b$", "%2a", "%", "#", ":", "é", "\r", "3"])
LINES = st.builds(lambda k, v: k + "".join(v), st.sampled_from(KEYS), st.lists(VALUES, max_size=5))
PATTERNS = st.text("ab/*", min_size=1, max_size=12).map(lambda s: "/" + s)
TARGETS = st.text("ab/", max_size=14).map(lambda s: "/" + s)


@given(st.one_of(st.binary(), st.lists(LINES).map(lambda x: "\n".join(x).encode())), st.text())
def test_any_bytes_can_be_read_and_any_target_judged(body: bytes, target: str) -> None:
    """A robots.txt that raises would end a reader."""
    rules = parse_robots(body, "QuasiCrawler")
    assert rules.allows("/" + target) in (True, False)
    assert rules.allows("/robots.txt")
    line = rules.deciding_line("/" + target)
    assert line is None or str(line).isascii()


def _by_regex(pattern: str, target: str) -> bool:
    anchored = pattern.endswith("$")
    parts = pattern.removesuffix("$").split("*")
    text = ".*".join(re.escape(part) for part in parts)
    return re.match(text + (r"\Z" if anchored else ""), target, re.DOTALL) is not None


@example([("/a*a", True, False)], "/a")
@example([("/a", False, False), ("/*bb", False, True)], "/abb")
@example([("/", False, False), ("/a", False, True)], "/ab")
@given(st.lists(st.tuples(PATTERNS, st.booleans(), st.booleans()), max_size=6), TARGETS)
def test_decides_like_the_definition(rules: list[tuple[str, bool, bool]], target: str) -> None:
    """The fast matcher would differ from: longest match, Allow at a tie."""
    lines = []
    for number, (raw, anchored, allow) in enumerate(rules):
        pattern = re.sub(r"\*+", "*", raw) + ("$" if anchored else "")
        lines.append(Line(number, allow, pattern))
    matching = [line for line in lines if _by_regex(line.pattern, target)]
    best = max(matching, key=lambda line: (len(line.pattern), line.allow), default=None)
    expected = best is None or best.allow or target == "/robots.txt"
    assert RobotsRules(lines).allows(target) is expected


class Counting(str):
    """Counts the characters that a search may look at."""

    __slots__ = ("steps",)

    def find(self, piece: str, at: int = 0) -> int:  # type: ignore[override]
        found = super().find(piece, at)
        end = len(self) if found < 0 else found + len(piece)
        self.steps = getattr(self, "steps", 0) + 1 + max(end - at, 0)
        return found


@given(
    st.lists(st.text("ab", max_size=3), min_size=1, max_size=300),
    st.booleans(),
    st.integers(0, 2_000),
)
def test_a_match_passes_each_character_once(pieces: list[str], anchored: bool, size: int) -> None:
    """`*a*a*a*b` against a long path is the classic way to stop a crawler."""
    pattern = "/" + "*".join(pieces) + ("$" if anchored else "")
    target = Counting("/" + "a" * size)
    _split(Line(1, False, pattern), pattern, in_query=False).matches(target)
    assert getattr(target, "steps", 0) <= len(target) + len(pieces) + 1


@given(st.text())
def test_normal_form_is_ascii_and_stable(target: str) -> None:
    """Forms that differ for one URL would let it through."""
    form = normal_form(target)
    assert form.isascii()
    assert normal_form(form) == form
