"""What the process manager shows of its processes, taken once a second.

It fills this in; progress, the admin server and whoever else watches a run read it.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from crawler.model.measures import Measured

RESTARTS = ("jobs", "memory", "killed", "stuck", "crash")
"""Why a reader was replaced: it had run its number of jobs, it had too much memory, something
outside killed it, its loop stood still, it failed."""


class ReaderState(NamedTuple):
    """One reader process."""

    name: str
    pid: int
    ready: bool
    """Its context stands."""
    held: int
    """URLs that were dealt to it and are not settled yet."""
    slot: int = 0
    """Its place: the reader that replaces it takes it, so that there are few."""
    rss_bytes: int | None = None
    """Resident memory; None where the system does not say."""


class FleetState(NamedTuple):
    """All processes of a node."""

    configured: int
    queue_depth: int
    """Claimed URLs that a reader may have next: what its host has no room for is left out."""
    in_flight: int
    """URLs that readers hold."""
    measured: Measured
    """By all readers of this run, those that have ended included."""
    parent_pid: int
    parent_rss_bytes: int | None = None
    readers: Sequence[ReaderState] = ()
    restarts: Mapping[str, int] = MappingProxyType({})
    """Readers that were replaced, by a reason of `RESTARTS`."""
