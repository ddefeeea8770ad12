"""What came of trying one URL: the values behind `crawler try` and its JSON.

The names of the fields are the keys of the JSON; times are ms here and RFC 3339 there.
"""

import dataclasses
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from crawler.model.work import Kind
from crawler.pipeline.ending import COMPLETE, DEFERRED, NO_SEED_ANSWERED
from crawler.pipeline.explaining.account import RobotsVerdict, ScopeVerdict, readable

FieldState = Literal["found", "partly", "default", "missing", "unreadable"]
"""partly: in some of the objects of `each` · default: nothing was there, the default holds ·
unreadable: what was there is not of the field's type."""
Word = Literal["response", "refused", "failed", "deferred"]
_CODES = {
    "response": COMPLETE,
    "refused": NO_SEED_ANSWERED,
    "failed": NO_SEED_ANSWERED,
    "deferred": DEFERRED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How it ended."""

    what: Word
    """response: a final one, whatever its status · refused: by a rule, nothing was asked for
    · failed: its record has an error · deferred: a crawl would ask again later."""
    reason: str | None
    """The rule, the error of the record, or why later; None with a response."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One answer of a server."""

    status: int
    headers: Mapping[str, str]
    """All, by lower-case name; values of cookies are hidden."""
    bytes: int
    """Of the body, decoded."""
    truncated: bool
    elapsed_ms: int
    attempts: int
    kept_at: int | None
    """When it was given, if it was a kept one (`--http-cache`); None: the server was asked now."""


@dataclass(slots=True, kw_only=True)
class Hop:
    """One URL on the way: the one that was tried, or where a redirect led to.

    Filled in step by step: what comes after a refusal stays None.
    """

    url: str
    site: str | None
    """Which site table holds for its host, and what it is about."""
    scope: ScopeVerdict
    trap: str | None
    """Why nothing may lead here; None: nothing is wrong."""
    robots: RobotsVerdict | None = None
    """None: refused before robots.txt was asked for."""
    robots_kept_at: int | None = None
    """When its robots.txt was given, if that was a kept answer."""
    response: Response | None = None
    record: dict[str, object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCount:
    source: str
    """As in the table: its kind, and what it selects; `python`: a callback."""
    count: int
    """Of the objects that have their value from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldFound:
    """One field of the table, or one that a callback added."""

    name: str
    state: FieldState
    value: object
    """With `each` that of the first object that has one."""
    required: bool
    sources: tuple[SourceCount, ...]
    defaults: int
    """Objects in which the default holds."""
    missing: int
    """Objects without a value."""
    fault: str | None
    """The first value that could not be read, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """What the `[[extract]]` tables took from the page."""

    table: str | None
    """The one that holds for the page; None: none does."""
    match: str | None = None
    each: str | None = None
    items: int | None = None
    """Objects of `each`; None without."""
    note: str | None = None
    """Why there are none."""
    found: tuple[FieldFound, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLink:
    url: str
    kind: Kind
    depth: int
    priority: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedLink:
    url: str
    kind: Kind
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Links of the last page: what a crawl would take, and what not."""

    kept: tuple[KeptLink, ...] = ()
    refused: tuple[RefusedLink, ...] = ()
    reasons: Mapping[str, int] = field(default_factory=dict)
    """How many were refused, by reason."""

    @classmethod
    def of(cls, kept: list[KeptLink], refused: list[RefusedLink]) -> "Links":
        reasons = Counter(link.reason for link in refused)
        return cls(kept=tuple(kept), refused=tuple(refused), reasons=dict(reasons))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """All about one try."""

    asked: str
    """As typed, credentials masked."""
    url: str
    """The canonical form."""
    changes: tuple[str, ...]
    at: int
    scope: ScopeVerdict
    trap: str | None
    robots: RobotsVerdict | None
    """These three of the URL itself; each of the hops has its own."""
    hops: tuple[Hop, ...]
    """The URL itself and where redirects led to, in their order."""
    outcome: Outcome
    record: dict[str, object] | None
    """Of the last hop, as a crawl would write it; None where a crawl writes none."""
    fields: Fields | None
    """None: there are no tables."""
    links: Links

    @property
    def exit_code(self) -> int:
        """As of a crawl of this URL alone."""
        return _CODES[self.outcome.what]

    def as_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        # Records are written as they are: their times are RFC 3339 already.
        bare = dataclasses.replace(
            self,
            record=None,
            hops=tuple(dataclasses.replace(hop, record=None) for hop in self.hops),
        )
        found = readable(dataclasses.asdict(bare))
        found["record"] = self.record
        for shown, hop in zip(found["hops"], self.hops, strict=True):
            shown["record"] = hop.record
        return found
