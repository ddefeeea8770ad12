"""Settings that hold for some hosts only: one `[[site]]` table of the crawl file."""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

ScopeMode = Literal["page", "prefix", "host", "domain", "any"]

Headers = tuple[tuple[str, str], ...]
"""Name and value of each."""


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
    recrawl_ms: int | None = None
    """How long after a visit a page is due again; 0: never."""
    user_agent: str | None = None
    headers: Headers = field(default=(), repr=False)
    cookies: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Sent with every request to the site, beside those of a cookie file."""
    credentials: tuple[str, str] | None = field(default=None, repr=False)
    """User name and password, for basic authentication (RFC 7617)."""
    cookie_jar: bool = False
    """Keep the cookies that the site sets, and send them back to the host that set them."""

    @property
    def keys(self) -> list[str]:
        """What the table says something about, as it was written."""
        values = {
            "delay": self.delay_ms,
            "per_host": self.per_host,
            "scope": self.scope,
            "include": self.include,
            "exclude": self.exclude,
            "depth": self.max_depth,
            "max_pages": self.max_pages,
            "recrawl": self.recrawl_ms,
            "user_agent": self.user_agent,
            "header": self.headers or None,
            "cookie": self.cookies or None,
            "username": self.credentials,
            "password": self.credentials,
            "cookie_jar": self.cookie_jar or None,
        }
        return [key for key, value in values.items() if value is not None]

    @property
    def has_scope(self) -> bool:
        """Whether the table says which URLs of its hosts belong to the crawl."""
        return (self.scope, self.include, self.exclude) != (None, None, None)

    @property
    def has_secrets(self) -> bool:
        return bool(self.headers or self.cookies or self.credentials)

    @property
    def is_known_to_site(self) -> bool:
        """Whether the site can tell us from a stranger, so that a log-out link would end that."""
        return bool(
            self.cookies
            or self.credentials
            or self.cookie_jar
            or any(name.lower() == "authorization" for name, _ in self.headers)
        )


class Cookie(NamedTuple):
    """One cookie of a cookie file (RFC 6265 section 5.3)."""

    domain: str
    """Lower case, without a leading dot or port."""
    with_subdomains: bool
    path: str
    secure: bool
    """Only over https."""
    expires_at: int | None
    """ms since 1970; None: it has no end."""
    name: str
    value: str

    def __repr__(self) -> str:
        return f"Cookie({self.domain}{self.path} {self.name}=***)"
