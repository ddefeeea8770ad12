"""What can be said about one URL: the values behind `crawler explain` and its JSON.

The names of the fields are the keys of the JSON; times are ms here and RFC 3339 there.
"""

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

from crawler.model.view import HostState
from crawler.model.work import Kind
from crawler.pipeline.moments import rfc3339

RobotsWord = Literal[
    "off", "unasked", "asked", "allowed", "forbidden", "expired", "deferred", "unreachable", "gone"
]
NextWord = Literal[
    "refused",
    "unknown",
    "done",
    "later",
    "dead",
    "leased",
    "waiting",
    "stopped",
    "budget",
    "paused",
    "robots",
    "turn",
    "now",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeVerdict:
    allowed: bool | None
    """None: nobody can tell without seeds."""
    rule: str | None
    """scope, include or exclude, where it refuses."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotsVerdict:
    """`forbidden` and `allowed` hold now; in the other states `line` is what was last known."""

    verdict: RobotsWord
    origin: str
    line: int | None = None
    """Number of the deciding line in robots.txt; None: no rule matches."""
    rule: str | None = None
    learned: str | None = None
    """rules: from a body · allow: there is no robots.txt."""
    obstacle: str | None = None
    status: int | None = None
    failures: int = 0
    fetched_at: int | None = None
    expires_at: int | None = None
    due_at: int | None = None
    failing_since: int | None = None
    """Since when it has not been answered, if the last answer was none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The row of the URL."""

    kind: Kind
    """requisite: what a page needs to look as it does."""
    state: str
    reason: str | None
    """done: the record's error · waiting, ready: why it was put off · dead: why it was refused."""
    seed: bool
    depth: int
    tries: int
    visits: int
    status: int | None
    crashes: int
    due_at: int | None
    lease_until: int | None
    visited_at: int | None = None
    """Claim of the last visit."""
    visit_due_at: int | None = None
    """done: when it is visited again."""
    interval_ms: int | None = None
    """How long the time between two visits is now."""
    misses: int = 0
    """Visits in a row that found no page."""
    redirects: tuple[str, ...]
    parents: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    name: str
    limit: int
    done: int
    leased: int
    """URLs under way; each may become a page."""
    is_spent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HostTurn:
    host: str
    delay_ms: int
    next_at: int
    paused_until: int | None
    ready: int
    leased: int
    waiting: int
    done: int
    fails: int
    failures_in_row: int
    last_failure: str | None
    latency_ms: int | None
    throttled: int
    """Answers that asked us to slow down."""
    halted: bool = False
    """A person lets it give nothing."""
    ahead: int
    """Ready URLs of the host that come before this one, at most 1,000."""

    @classmethod
    def of(cls, state: HostState, ahead: int, now: int) -> "HostTurn":
        paused_until = state.paused_until if state.paused_until > now else None
        values = state._asdict() | {"paused_until": paused_until, "halted": bool(state.halted)}
        return cls(**values, ahead=ahead)


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    what: NextWord
    text: str
    at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """All about one URL, at one moment."""

    asked: str
    """As typed, credentials masked."""
    url: str
    """The canonical form: the key of deduplication."""
    changes: tuple[str, ...]
    at: int
    job: str | None
    """None: explained from the settings alone."""
    running: int | None
    """Process id of the crawl, if it runs."""
    paused: bool = False
    """A person lets the whole crawl fetch nothing."""
    rules: Literal["job", "settings"]
    differences: tuple[str, ...]
    """Where the job's rules are not those of the settings."""
    site: str | None
    """Which site table holds for its host, and what it is about."""
    scope: ScopeVerdict
    trap: str | None
    address: str | None
    """Why the address in the URL may not be connected to."""
    robots: RobotsVerdict
    depth_limit: int | None
    depth_rule: str
    """What sets it: `--depth`, or the depth of a site table."""
    known: Known | None
    similar: tuple[tuple[str, str], ...]
    """Known URLs that differ a little, with their states: other pages to a crawler."""
    budgets: tuple[Budget, ...]
    host: HostTurn | None
    next: Next | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        found: dict[str, Any] = readable(dataclasses.asdict(self))
        found["similar"] = [{"url": url, "state": state} for url, state in self.similar]
        return found


def readable(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values with their times as RFC 3339, to any depth."""
    return {key: _value(key, value) for key, value in values.items()}


def _value(key: str, value: Any) -> Any:
    if isinstance(value, dict):
        return readable(value)
    if isinstance(value, list | tuple):
        return [_value("", part) for part in value]
    is_time = key == "at" or key.endswith(("_at", "_until", "_since"))
    return rfc3339(value) if is_time and value is not None else value
