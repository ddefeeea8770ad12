"""What a mutation is."""

from typing import NamedTuple


class Mutation(NamedTuple):
    """One change to the crawler that takes a guard away, and the tests that must fail then."""

    guard: str
    """What no longer holds; unique."""
    file: str
    """Below the package."""
    old: str
    """Exact text, found once."""
    new: str
    tests: tuple[str, ...]
    """At least one of them fails, all pass without the change."""
    slow: bool = False
    """Its tests start processes or wait; not for the sample."""
