"""Scope where site tables have one of their own; all other URLs have the crawl's."""

from collections.abc import Iterable, Sequence

from crawler.model.plan import Plan
from crawler.model.site import ScopeMode, Site
from crawler.model.url import host_key
from crawler.policy.scope import Scope
from crawler.policy.sites import Sites


def scope_of(plan: Plan, roots: Iterable[str] = ()) -> Scope:
    """Return the scope of a crawl around its roots."""
    return make_scope(plan.scope, roots, plan.include, plan.exclude, plan.sites)


def make_scope(
    mode: ScopeMode,
    roots: Iterable[str],
    include: Sequence[str],
    exclude: Sequence[str],
    sites: Sequence[Site],
) -> Scope:
    """Return the plain scope where no table says anything of it.

    Raises:
        ConfigError: a glob that can match no URL.
    """
    if any(site.has_scope for site in sites):
        return _SiteScope(mode, roots, include, exclude, sites)
    return Scope(mode, roots, include, exclude)


class _SiteScope(Scope):
    """The scope of the crawl with an own one for each table that has scope or globs.

    All of them are around the same roots. What a table leaves out is as it is for the crawl.
    """

    def __init__(
        self,
        mode: ScopeMode,
        roots: Iterable[str],
        include: Sequence[str],
        exclude: Sequence[str],
        sites: Sequence[Site],
    ) -> None:
        super().__init__(mode, (), include, exclude)
        self._sites = Sites(sites)
        self._own = {
            site.match: Scope(
                site.scope or mode,
                (),
                include if site.include is None else site.include,
                exclude if site.exclude is None else site.exclude,
            )
            for site in sites
            if site.has_scope
        }
        for root in roots:
            self.add_root(root)

    def add_root(self, url: str) -> None:
        super().add_root(url)
        for scope in self._own.values():
            scope.add_root(url)

    def refusal(self, url: str) -> str | None:
        own = self._own_scope(url)
        return super().refusal(url) if own is None else own.refusal(url)

    def exclusion(self, url: str) -> str | None:
        own = self._own_scope(url)
        return super().exclusion(url) if own is None else own.exclusion(url)

    def explain(self, url: str) -> str:
        own = self._own_scope(url)
        return super().explain(url) if own is None else own.explain(url)

    def _own_scope(self, url: str) -> Scope | None:
        site = self._sites.of(host_key(url))
        return None if site is None else self._own.get(site.match)
