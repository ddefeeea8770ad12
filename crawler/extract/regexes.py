"""Regexes of rules: the syntax of Python's `re`, with an end to what one of them may take."""

import time
from typing import Any

from crawler.extract.budget import Spent

MAX_SECONDS = 0.1
"""CPU time of all regexes on one page."""


class Stopwatch:
    """What the regexes of one page have left."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MAX_SECONDS


class Regex:
    """Takes a part of a text: the first group of the first match, or all of it."""

    def __init__(self, pattern: str) -> None:
        """Compile a pattern.

        Raises:
            ValueError: it is none; the message says why.
        """
        # Some ms that only rules with a regex need.
        import regex  # noqa: PLC0415

        try:
            self._search: Any = regex.compile(pattern).search  # type: ignore[no-untyped-call]
        except (regex.error, RecursionError, OverflowError) as error:
            raise ValueError(f"{error}") from None

    def take(self, text: str, stopwatch: Stopwatch) -> str | None:
        """Return the part; None where nothing matches.

        Raises:
            Spent: the page's regexes took too long.
        """
        started = time.perf_counter()
        try:
            found = self._search(text, timeout=max(stopwatch.left, 1e-6))
        except TimeoutError:
            stopwatch.left = 0
            raise Spent(f"the page's regexes take more than {MAX_SECONDS:g} s") from None
        stopwatch.left -= time.perf_counter() - started
        if found is None:
            return None
        part = found[1] if found.re.groups else found[0]
        return None if part is None else str(part)
