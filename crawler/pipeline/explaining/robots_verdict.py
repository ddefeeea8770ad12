"""What robots.txt says about one URL, as the store has it, without asking for anything."""

from crawler.model.origin import OriginState
from crawler.model.url import origin, request_target
from crawler.model.view import Explanation
from crawler.pipeline.explaining.account import RobotsVerdict, RobotsWord
from crawler.policy.robots import Line, parse_robots
from crawler.ports import StoredRules


def robots_verdict(
    url: str, token: str, found: Explanation | None, rules: StoredRules | None, now: int
) -> RobotsVerdict:
    """Judge a canonical URL by the stored rules of its origin."""
    state = found.origin if found is not None else None
    key = origin(url)
    if state is None:
        return RobotsVerdict(verdict="unasked", origin=key)
    line, is_allowed = None, True
    if rules is not None and rules.verdict == "rules":
        line = parse_robots(rules.body or b"", token).deciding_line(request_target(url))
        is_allowed = line is None or line.allow
    return RobotsVerdict(
        verdict=_word(state, now, is_allowed=is_allowed),
        origin=key,
        line=line.number if line is not None else None,
        rule=rule_text(line),
        learned=state.verdict,
        obstacle=state.obstacle,
        status=state.status,
        failures=state.failures,
        fetched_at=state.fetched_at,
        expires_at=state.expires_at or None,
        due_at=state.due or None,
        failing_since=state.failing_since,
    )


def rule_text(line: Line | None) -> str | None:
    """Return a rule as robots.txt has it."""
    return None if line is None else f"{'Allow' if line.allow else 'Disallow'}: {line.pattern}"


def _word(state: OriginState, now: int, *, is_allowed: bool) -> RobotsWord:
    if state.gone:
        return "gone"
    if state.asked_until is not None:
        return "asked"
    if state.obstacle is not None:
        return "deferred" if state.obstacle == "defer" else "unreachable"
    if state.verdict is None:
        return "unasked"
    if state.expires_at <= now:
        return "expired"
    return "allowed" if is_allowed else "forbidden"
