"""Settings that hold for some hosts only: one `[[site]]` table of the crawl file."""

from dataclasses import dataclass
from typing import Literal

ScopeMode = Literal["page", "prefix", "host", "domain", "any"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What a table overrides; None (and empty) where the rest of the crawl's settings hold."""

    match: str
    """Host key, or a glob over host keys (`*.example.org`), without scheme."""
    plain_http: bool = False
    """Named with `http://`: what is secret may be sent without TLS too."""
    delay_ms: int | None = None
    per_host: int | None = None
    scope: ScopeMode | None = None
    include: tuple[str, ...] | None = None
    exclude: tuple[str, ...] | None = None
    max_depth: int | None = None
    max_pages: int | None = None
    user_agent: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    cookies: tuple[tuple[str, str], ...] = ()
    """Sent with every request to the site, beside those of a cookie file."""
    credentials: tuple[str, str] | None = None
    """User name and password, for basic authentication (RFC 7617)."""
    cookie_jar: bool = False
    """Keep the cookies that the site sets, and send them back to the host that set them."""

    @property
    def is_known_to_site(self) -> bool:
        """Whether the site can tell us from a stranger, so that a log-out link would end that."""
        return bool(self.cookies or self.credentials or self.cookie_jar)
