"""Whether a link is taken: the one place that all rules about links come together in."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from crawler.model.plan import Plan
from crawler.model.site import Cookie, Site
from crawler.policy import logout, traps
from crawler.policy.cookies import CookieList
from crawler.policy.scope import Scope
from crawler.policy.site_scope import scope_of
from crawler.policy.sites import Sites


class Admission:
    """Judges canonical URLs that something led to; the cheap and frequent refusals come first."""

    def __init__(
        self, scope: Scope, now: int, sessions: Callable[[str], bool] | None = None
    ) -> None:
        """`scope` may widen later; `now`, in ms, says how far ahead a calendar may be read.

        `sessions` tells of a host key whether the crawl is logged in there (`sessions_of`).
        """
        self.scope = scope
        self._sessions = sessions
        self._latest_year = datetime.fromtimestamp(now // 1000, UTC).year + traps.MAX_YEARS_AHEAD

    def refusal(self, url: str, depth: int) -> str | None:
        """Return why a link to `url` is not taken, `depth` links from a seed; None if it is."""
        reason = self.scope.refusal(url) or traps.refusal(url, depth, self._latest_year)
        if reason is None and self._sessions is not None:
            return logout.refusal(url, self._sessions)
        return reason

    def trap(self, url: str, depth: int) -> str | None:
        """Return why nothing may lead to a URL, wherever it is: all that bars a seed's redirect."""
        reason = traps.refusal(url, depth, self._latest_year)
        if reason is None and self._sessions is not None:
            return logout.refusal(url, self._sessions)
        return reason

    def refusal_of_requisite(self, url: str) -> str | None:
        """Return why what a page needs is not fetched; scope and includes are about pages only."""
        return self.scope.exclusion(url) or self.trap(url, 0)


def admission_of(plan: Plan, roots: Iterable[str], now: int) -> Admission:
    """Return how the links of a crawl are judged."""
    return Admission(scope_of(plan, roots), now, sessions_of(plan.sites, plan.cookies))


def sessions_of(tables: Sequence[Site], of_file: Sequence[Cookie]) -> Callable[[str], bool] | None:
    """Return which hosts may know the crawl by a session; None where none can."""
    cookies, sites = CookieList(of_file), Sites(tables)
    if not cookies and not any(site.is_known_to_site for site in sites):
        return None

    def has_session(host: str) -> bool:
        site = sites.of(host)
        return (site is not None and site.is_known_to_site) or cookies.knows(host)

    return has_session
