"""`[[site]]` tables of a crawl file: settings that hold for some hosts only."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from crawler.conf import agent, checks
from crawler.conf.kinds import Depth, Headers, Positive, Seconds, Words
from crawler.conf.plan_sites import PLAIN
from crawler.conf.units import format_duration
from crawler.errors import UrlRejected
from crawler.model.secret import HIDDEN, mask_header
from crawler.model.site import ScopeMode
from crawler.model.url import host_key
from crawler.policy.canonicalization import canonicalize_seed

_GLOB = re.compile(r"[a-z0-9.*:\[\]_-]+")
_BELOW = re.compile(r"\*\.((?:[a-z0-9_-]+\.)+[a-z0-9-]+)(?::[0-9]+)?")
"""All hosts below a domain, which is the only glob that secrets may have."""
_COOKIE = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+=[\x21-\x3a\x3c-\x7e]*", re.ASCII)
_MAX_TEXT = 4096
_LAST_PORT = 65535


def _match(value: str) -> str:
    """Return the pattern in its one spelling: a whole host is canonicalised like a URL's."""
    text = value.strip()
    is_plain = text.lower().startswith(PLAIN)
    pattern = text[len(PLAIN) :] if is_plain else re.sub(r"(?i)\Ahttps://", "", text)
    pattern = host_pattern(pattern.removesuffix("/"), is_plain=is_plain)
    return (PLAIN if is_plain else "") + pattern


def host_pattern(pattern: str, *, is_plain: bool = False) -> str:
    """Return a host or a glob over hosts in its one spelling.

    Raises:
        ValueError: it is neither.
    """
    if "*" not in pattern:
        return _host(pattern, is_plain)
    pattern = pattern.lower()
    if not _GLOB.fullmatch(pattern):
        raise ValueError("must be a host, HOST:PORT or a glob such as *.example.org")
    port = re.search(r":([0-9]+)\Z", pattern)
    if port is not None and int(port[1]) > _LAST_PORT:
        raise ValueError(f"matches no host: there is no port {port[1]}")
    return pattern


def _covered_by(earlier: Iterable[str], later: str) -> str | None:
    """Return the pattern that matches whatever the later one does, if one does."""
    for pattern in earlier:
        # A star of the later one can only be met by one of the earlier.
        if re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), later):
            return pattern
    return None


def _host(pattern: str, is_plain: bool) -> str:
    if not pattern or re.search(r"[/?#@\\\s]", pattern):
        raise ValueError("must be a host or HOST:PORT, without path or credentials")
    try:
        return host_key(canonicalize_seed(f"{'http' if is_plain else 'https'}://{pattern}/"))
    except UrlRejected:
        raise ValueError("is no host") from None


def _cookies(given: tuple[str, ...]) -> tuple[str, ...]:
    for number, pair in enumerate(given, 1):
        if len(pair) > _MAX_TEXT or not _COOKIE.fullmatch(pair):
            raise ValueError(f"number {number} is no cookie: write 'name=value'")
    return given


def _headers(given: tuple[str, ...]) -> tuple[str, ...]:
    if any(line.lower().startswith("cookie:") for line in given):
        raise ValueError("Cookie cannot be set: use cookie")
    return given


def _credential(value: str) -> str:
    if not value.isprintable() or len(value) > _MAX_TEXT:
        raise ValueError("has characters that no credential may have, or too many")
    return value


_Credential = Annotated[str, AfterValidator(_credential)]


class SiteTable(BaseModel):
    """One table as it was written; what is not in it is None, or empty."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)

    match: Annotated[str, AfterValidator(_match)]
    delay: Seconds | None = None
    per_host: Positive | None = None
    scope: ScopeMode | None = None
    include: Words | None = None
    exclude: Words | None = None
    depth: Depth | None = None
    max_pages: Annotated[int, Field(ge=1, le=2**62)] | None = None
    recrawl: (
        Annotated[float | Literal["never"], BeforeValidator(checks.never_or_seconds)] | None
    ) = None
    user_agent: Annotated[str, AfterValidator(agent.check_user_agent)] | None = None
    header: Annotated[Headers, AfterValidator(_headers)] = ()
    cookie: Annotated[
        tuple[str, ...], BeforeValidator(checks.split_lines), AfterValidator(_cookies)
    ] = ()
    username: _Credential | None = None
    password: _Credential | None = None
    cookie_jar: bool = False

    @model_validator(mode="after")
    def _check_secrets(self) -> "SiteTable":
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password go together")
        if self.username is not None:
            if ":" in self.username:
                raise ValueError("username has a colon, which basic authentication cannot send")
            if any(line.lower().startswith("authorization:") for line in self.header):
                raise ValueError("username and an Authorization header exclude each other")
        if self.has_secrets and "*" in self.match:
            _check_glob(self.match.removeprefix(PLAIN))
        return self

    @property
    def has_secrets(self) -> bool:
        return bool(self.header or self.cookie or self.password is not None)

    def public(self) -> dict[str, object]:
        """Return what the table says, without its secrets."""
        shown: dict[str, object] = {}
        for name in self.model_fields_set:
            shown[name] = self._public_value(name)
        return {name: shown[name] for name in type(self).model_fields if name in shown}

    def _public_value(self, name: str) -> object:
        value = getattr(self, name)
        match name:
            case "delay" if value is not None:
                return format_duration(round(value * 1000))
            case "header":
                return [mask_header(line) for line in value]
            case "cookie":
                return [pair.partition("=")[0] + "=" + HIDDEN for pair in value]
            case "username" | "password":
                return HIDDEN
        return list(value) if isinstance(value, tuple) else value

    def __repr_args__(self) -> Iterator[tuple[str | None, object]]:
        """Show no secret in logs and tracebacks."""
        yield from self.public().items()


def _check_glob(glob: str) -> None:
    """A glob such as `*.example*` or `*.co.uk` would send secrets to whoever has such a name."""
    found = _BELOW.fullmatch(glob)
    if found is not None:
        # Megabytes that nobody else needs.
        from publicsuffixlist import PublicSuffixList  # noqa: PLC0415

        if PublicSuffixList().privatesuffix(found[1]) is not None:
            return
    raise ValueError("secrets go to a whole host or to *.DOMAIN only, where DOMAIN is one owner's")


def read_tables(given: object, places: Sequence[str], problems: list[str]) -> tuple[SiteTable, ...]:
    """Return the tables of a crawl file.

    Args:
        given: what stands under `site`.
        places: how a message names each of them.
        problems: gets the place, and what is wrong there; no value of a secret.
    """
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        problems.append(f"{places[0]}: write [[site]], with two brackets, for each table")
        return ()
    tables: dict[str, SiteTable] = {}
    for table, place in zip(given, places, strict=True):
        try:
            read = SiteTable.model_validate(table)
        except ValidationError as error:
            problems.append(f"{place}: {_message(error)}")
            continue
        if read.match.removeprefix(PLAIN) in tables:
            problems.append(f"{place}: another table matches {read.match!r} already")
        elif over := _covered_by(tables, read.match.removeprefix(PLAIN)):
            problems.append(
                f"{place}: it would never hold: a table above it, match = {over!r}, matches all of "
                "its hosts; put that one below"
            )
        tables[read.match.removeprefix(PLAIN)] = read
    return tuple(tables.values())


def _message(error: ValidationError) -> str:
    problems = []
    for detail in error.errors(include_url=False, include_input=False):
        name = ".".join(str(part) for part in detail["loc"][:1])
        text = detail["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
        match detail["type"]:
            case "extra_forbidden":
                text = (
                    f"no key of a site is called {name}{_suggest(name)}; what holds for the whole "
                    "crawl stands above the first table"
                )
            case "missing":
                text = f"{name} is missing: it says for which hosts the table is"
            case _ if name:
                text = f"{name} {text}"
        problems.append(text)
    return "; ".join(problems)


def _suggest(name: str) -> str:
    import difflib  # noqa: PLC0415

    near = difflib.get_close_matches(name.replace("-", "_"), SiteTable.model_fields, n=1)
    return f" (did you mean {near[0]}?)" if near else ""
