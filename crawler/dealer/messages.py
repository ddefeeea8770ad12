"""What travels on the pipes: the kinds of frames in both directions."""

from collections.abc import Awaitable, Callable
from enum import IntEnum
from typing import Any, NamedTuple

from crawler.dealer.board import Region, StopFlag


class Down(IntEnum):
    """Parent to reader: a frame is `(kind, ...)`."""

    ITEMS = 0
    """A list of items, as plain tuples."""
    PAUSE = 1
    """Host, until."""
    ROOT = 2
    """Scope root."""
    STOP = 3
    NAMED = 4
    """Origin that a person named."""


class Up(IntEnum):
    """Reader to parent: a frame is a list of `(kind, payload)`."""

    FETCHED = 0
    """Lease ids: the host's slot is free."""
    ENDED = 1
    """Lease ids: the task is over, the reader has room for another."""
    SETTLED = 2
    """Lease ids: committed."""
    UNSTARTED = 3
    """Lease ids: never begun, may be dealt again as they are."""
    RETURNED = 4
    """Lease ids: not worked on to the end, to be freed."""
    FAILED = 5
    """Lease ids: the reader let an exception escape, which is a bug."""
    PAUSED = 6
    """(host, until)."""
    ROOTED = 7
    """Scope root."""
    READY = 8
    """The context stands."""
    BROKEN = 9
    """(error text, exit code): the context could not be made."""


class ReaderEnds(NamedTuple):
    """What a reader gets from its parent over the fork."""

    name: str
    deal_fd: int
    ack_fd: int
    foreign_fds: tuple[int, ...]
    """Parent's ends of all pipes, this reader's included: closed in the reader."""
    region: Region
    grace_s: float
    """Seconds from a stop until all must be gone."""


class Duties(NamedTuple):
    """What every reader of a node runs."""

    reader: Callable[..., Awaitable[None]]
    context: Callable[..., Awaitable[dict[str, Any]]]
    settings: dict[str, Any]
    stop: StopFlag
    parent_pid: int
