"""What a person does to a crawl through its store, whether it runs or not.

Times are ms on the job's clock.
"""

from collections.abc import Collection
from typing import Literal, NamedTuple, Protocol

from crawler.model.view import HostState

RETRIABLE_REASONS = frozenset({"origin_unreachable", "robots"})
"""Why a URL may be dead that another try can bring back; the others are rules of the crawl."""

HostSort = Literal["left", "done", "failures", "latency", "next", "host"]
FailureKind = Literal["error", "status", "reason"]


class Failure(NamedTuple):
    """A class of outcomes that may be tried again."""

    kind: FailureKind
    """error: word of a record · status: of a response that was no page · reason: why it is dead."""
    word: str


class Choice(NamedTuple):
    """Which outcomes are to be tried again; those of one host, where one is named."""

    failures: frozenset[Failure]
    host: str | None = None

    def has(self, reason: str | None, status: int | None, *, is_dead: bool) -> bool:
        """Whether an outcome is among them."""
        if is_dead:
            return Failure("reason", reason or "") in self.failures
        if reason is not None and Failure("error", reason) in self.failures:
            return True
        return status is not None and Failure("status", str(status)) in self.failures


class Halted(NamedTuple):
    """What came of naming hosts."""

    changed: list[str]
    unknown: list[str]


class OriginRules(NamedTuple):
    """How robots.txt of one origin stands."""

    origin: str
    verdict: str | None
    """rules, allow; None: not known yet."""
    obstacle: str | None
    """Why there are none now: defer, dns, connect …"""
    due: int
    """Not asked for before that."""
    gone: bool


class HostRow(NamedTuple):
    """One host as a person looks at it."""

    state: HostState
    dead: int
    origins: tuple[OriginRules, ...]


class Steering(NamedTuple):
    """What the process manager does for a person; told once."""

    all_back: bool = False
    """Nothing that has not been dealt is dealt."""
    hosts: frozenset[str] = frozenset()
    """Nothing of these is."""
    roots: tuple[str, ...] = ()
    """Scope roots that every reader hears of before any later item."""
    named: tuple[str, ...] = ()
    """Origins that a person named."""


class Control(Protocol):
    """The part of a frontier that a person uses. What is asked for twice changes nothing more.

    Each change counts up the counter `orders`, so that a running crawl sees it at its next look; it
    says with `heard` how far it has come.
    """

    async def pause(self, *, paused: bool) -> bool:
        """Let the whole crawl claim nothing, or claim again; return whether that was a change."""

    async def halt(self, hosts: Collection[str], *, halted: bool) -> Halted:
        """Let hosts give nothing, or give again; nothing changes if one of them is unknown."""

    async def halted(self) -> list[str]:
        """Hosts that give nothing."""

    async def has_host(self, pattern: str) -> bool:
        """Whether a host is known that matches; `*` stands for any characters."""

    async def order(self) -> int:
        """Ask the crawl to look; return the number of that."""

    async def heard(self, order: int) -> None:
        """The running crawl has taken in all up to this order."""

    async def failures(self, host: str | None = None) -> dict[Failure, int]:
        """How many URLs there are of what may be tried again."""

    async def retry(self, choice: Choice, *, now: int) -> int:
        """Let URLs be fetched again, in transactions of bounded size; return how many.

        What has a record gets another one, by another visit. Nothing is asked for sooner than the
        window and the delay of its host allow.
        """

    async def table(
        self, *, now: int, sort: HostSort, limit: int, only_waiting: bool = False
    ) -> list[HostRow]:
        """Hosts, with their robots.txt."""
