"""What the robots.txt of one origin says, as it was just answered."""

from dataclasses import dataclass

from crawler.model.result import NO_SERVER, Rules
from crawler.model.url import origin, request_target
from crawler.pipeline.explaining.account import RobotsVerdict
from crawler.pipeline.explaining.robots_verdict import rule_text
from crawler.policy.robots import RobotsRules, parse_robots


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginRules:
    """The answer, and the rules in it."""

    answer: Rules
    rules: RobotsRules
    asked_at: int
    kept_at: int | None
    """When it was given, if it was a kept answer."""

    def allows(self, url: str) -> bool:
        return self.rules.allows(request_target(url))

    def verdict(self, url: str) -> RobotsVerdict:
        """Judge a canonical URL of this origin."""
        answer = self.answer
        asked_at = self.asked_at if self.kept_at is None else self.kept_at
        if answer.verdict == "defer":
            return RobotsVerdict(
                verdict="deferred",
                origin=origin(url),
                status=answer.status,
                obstacle="defer",
                fetched_at=asked_at,
                due_at=answer.due,
            )
        if answer.verdict in NO_SERVER:
            return RobotsVerdict(
                verdict="unreachable",
                origin=origin(url),
                obstacle=answer.verdict,
                fetched_at=asked_at,
                due_at=answer.due,
            )
        line = self.rules.deciding_line(request_target(url))
        return RobotsVerdict(
            verdict="allowed" if line is None or line.allow else "forbidden",
            origin=origin(url),
            line=None if line is None else line.number,
            rule=rule_text(line),
            learned=answer.verdict,
            status=answer.status,
            fetched_at=asked_at,
            expires_at=answer.expires_at or None,
        )


def origin_rules(answer: Rules, token: str, asked_at: int, kept_at: int | None) -> OriginRules:
    """Return the rules for the agent with this product token."""
    rules = parse_robots(answer.body or b"", token)
    return OriginRules(answer=answer, rules=rules, asked_at=asked_at, kept_at=kept_at)
