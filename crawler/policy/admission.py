"""Whether a link is taken: the one place that all rules about links come together in."""

from datetime import UTC, datetime

from crawler.policy import traps
from crawler.policy.scope import Scope


class Admission:
    """Judges canonical URLs that something led to; the cheap and frequent refusals come first."""

    def __init__(self, scope: Scope, now: int) -> None:
        """`scope` may widen later; `now`, in ms, says how far ahead a calendar may be read."""
        self.scope = scope
        self._latest_year = datetime.fromtimestamp(now // 1000, UTC).year + traps.MAX_YEARS_AHEAD

    def refusal(self, url: str, depth: int) -> str | None:
        """Return why a link to `url` is not taken, `depth` links from a seed; None if it is."""
        return self.scope.refusal(url) or traps.refusal(url, depth, self._latest_year)

    def trap(self, url: str, depth: int) -> str | None:
        """Return the trap that a URL must be, wherever it is: all that bars a seed's redirect."""
        return traps.refusal(url, depth, self._latest_year)
