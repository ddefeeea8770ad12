"""The job's clock: wall time at start plus monotonic time since.

A step of the wall clock moves nothing while the job runs. The monotonic clock is the machine's,
so one offset serves every process that is forked from the parent.
"""

import time
from collections.abc import Callable

_NS_PER_MS = 1_000_000


def new_offset_ms() -> int:
    """Return wall clock minus monotonic clock, in ms, now."""
    return (time.time_ns() - time.monotonic_ns()) // _NS_PER_MS


def job_clock(offset_ms: int) -> Callable[[], int]:
    """Return the clock of a job: ms since 1970, as at the start, never stepping back."""
    monotonic_ns = time.monotonic_ns

    def now() -> int:
        return monotonic_ns() // _NS_PER_MS + offset_ms

    return now
