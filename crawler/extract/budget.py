"""What the fields of one page may cost: a page written against us ends early, not the reader."""

import time

MAX_SECONDS = 1.0
"""For all fields of one page; usual ones take less than a millisecond."""
MAX_BYTES = 2_000_000
"""Of all values of one page, about."""


class Spent(Exception):
    """Nothing more is taken from this page."""


class Budget:
    """Of one page."""

    __slots__ = ("_bytes", "_until")

    def __init__(self) -> None:
        self._until = time.perf_counter() + MAX_SECONDS
        self._bytes = MAX_BYTES

    def check(self) -> None:
        """Raise `Spent` when the time is up."""
        if time.perf_counter() > self._until:
            raise Spent(f"the page's fields take more than {MAX_SECONDS:g} s")

    def keep(self, size: int) -> None:
        """Count a value that is kept; raise `Spent` when there is no room for it."""
        self._bytes -= size
        if self._bytes < 0:
            raise Spent(f"the page's fields hold more than {MAX_BYTES // 1_000_000} MB")
