"""What the store knows about an origin: whether its robots.txt lets anything be fetched."""

from typing import NamedTuple


class OriginState(NamedTuple):
    """The robots gate of one origin, for explanations."""

    verdict: str | None
    """rules or allow: what was learned last; None: nothing yet."""
    obstacle: str | None
    """Why nothing may be asked now: defer, dns, connect, tls, blocked_address."""
    status: int | None
    """Of the last answer."""
    fetched_at: int | None
    expires_at: int
    due: int
    """When it is asked again, with an obstacle."""
    failures: int
    """In a row."""
    gone: bool
    """Given up: its URLs die."""
    asked_until: int | None
    """End of the lease of its robots.txt, while one is out."""
    failing_since: int | None = None
    """When the failures in a row began."""
