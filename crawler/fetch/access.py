"""What a request carries for its site alone: user agent, headers, credentials and cookies.

Every request is judged by its own URL, so that no redirect takes anything to another site. What is
secret goes over https only, unless the table was written for `http://`.
"""

from base64 import b64encode

from multidict import CIMultiDictProxy

from crawler.fetch.jar import CookieJar
from crawler.model.plan import Plan
from crawler.model.site import Headers, Site
from crawler.model.url import host_key
from crawler.policy.cookies import CookieList
from crawler.policy.sites import Sites
from crawler.ports import Now


class Access:
    """For one reader process; false where no request is different from any other."""

    def __init__(self, plan: Plan, now: Now) -> None:
        self._now = now
        self._sites = Sites(plan.sites)
        self._cookies = CookieList(plan.cookies)
        self._jar = CookieJar() if any(site.cookie_jar for site in plan.sites) else None

    def __bool__(self) -> bool:
        return bool(self._sites) or bool(self._cookies)

    def agent(self, url: str) -> Headers:
        """Return the user agent, where the site has one of its own: no secret."""
        site = self._sites.of(host_key(url)) if self._sites else None
        if site is None or site.user_agent is None:
            return ()
        return (("User-Agent", site.user_agent),)

    def headers(self, url: str, others: Headers) -> Headers:
        """Return all that a request for a page carries; `others` yield to the site's own."""
        site = self._sites.of(host_key(url))
        trusted = site if site is not None and _may_know(site, url) else None
        own = [*self.agent(url), *(_signed(trusted) if trusted is not None else ())]
        taken = {name.lower() for name, _ in own}
        cookies = self._cookie_header(url, trusted)
        found = [*own]
        for name, value in others:
            if name.lower() == "cookie" and cookies:
                cookies = f"{value}; {cookies}"
            elif name.lower() not in taken:
                found.append((name, value))
        if cookies:
            found.append(("Cookie", cookies))
        return tuple(found)

    def keep(self, url: str, answered: CIMultiDictProxy[str]) -> None:
        """Take the cookies of a response's headers, where the site has a jar."""
        if self._jar is None:
            return
        site = self._sites.of(host_key(url))
        if site is not None and site.cookie_jar and _may_know(site, url):
            self._jar.keep(url, answered.getall("Set-Cookie", ()), self._now())

    def _cookie_header(self, url: str, site: Site | None) -> str:
        now = self._now()
        found = self._cookies.pairs(url, now)
        if site is not None:
            found += site.cookies
            if self._jar is not None and site.cookie_jar:
                newer = self._jar.pairs(url, now)
                names = {name for name, _ in newer}
                found = [*newer, *(pair for pair in found if pair[0] not in names)]
        return "; ".join(f"{name}={value}" for name, value in found)


def _may_know(site: Site, url: str) -> bool:
    """Whether secrets of a table may be sent to a URL of its host."""
    return site.plain_http or url.startswith("https:")


def _signed(site: Site) -> Headers:
    if site.credentials is None:
        return site.headers
    pair = ":".join(site.credentials).encode()
    return (*site.headers, ("Authorization", "Basic " + b64encode(pair).decode("ascii")))
