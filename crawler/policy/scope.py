"""Which URLs belong to the crawl: a mode around the seeds, narrowed by globs.

A glob is matched against the whole URL, so it begins with `*` or `http`. `*` stands for any run
of characters, slashes included; everything else, `?` too, stands for itself, since a question
mark is a common part of URLs.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from crawler.errors import ConfigError
from crawler.model.site import ScopeMode
from crawler.model.url import host_key

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

_MAX_DOMAINS = 50_000
_ADDRESS = re.compile(r"[0-9.]+|\[.*").fullmatch
"""A canonical host that is an IP address: only numbers, or bracketed."""
_PORT = re.compile(r":[0-9]*\Z")


class Scope:
    """Decides about links, by canonical URL; roots are seeds and the targets of redirected seeds.

    Globs narrow what the mode allows: an excluded URL is out, and with any include glob a URL
    must match one. Roots themselves are fetched without being judged: a person named them. A link
    to one is judged like all others.
    """

    def __init__(
        self,
        mode: ScopeMode,
        roots: Iterable[str] = (),
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
    ) -> None:
        self.mode = mode
        self._include = tuple(include)
        self._exclude = tuple(exclude)
        self._included = _compile(self._include)
        self._excluded = _compile(self._exclude)
        self._roots: set[str] = set()
        """Pages, hosts or domains, as the mode has it."""
        self._folders: dict[str, tuple[str, ...]] = {}
        """Mode prefix: folders by host, both without the scheme."""
        self._domains = _Domains() if mode == "domain" else None
        for root in roots:
            self.add_root(root)

    def add_root(self, url: str) -> None:
        """Widen the scope by what surrounds `url`."""
        match self.mode:
            case "page":
                self._roots.add(url)
            case "host":
                self._roots.add(host_key(url))
            case "domain":
                self._roots.add(self._domain(url))
            case "prefix":
                host, folder = host_key(url), _folder(url)
                folders = self._folders.get(host, ())
                if not folder.startswith(folders or "\0"):
                    self._folders[host] = (*folders, folder)
            case "any":
                pass

    def refusal(self, url: str) -> str | None:
        """Return why a URL is out: `scope`, `exclude` or `include`; None if it is in."""
        if not self._surrounded(url):
            return "scope"
        if self._excluded is not None and self._excluded(url):
            return "exclude"
        if self._included is not None and not self._included(url):
            return "include"
        return None

    def exclusion(self, url: str) -> str | None:
        """Return `exclude` if an exclude glob matches, wherever the URL lies; else None."""
        return "exclude" if self._excluded is not None and self._excluded(url) else None

    def explain(self, url: str) -> str:
        """Return the rule that decides about a URL, in words."""
        match self.refusal(url):
            case "scope":
                return f"refused: {self._described(url)} (--scope {self.mode})"
            case "exclude":
                glob = next(glob for glob in self._exclude if _matches(glob, url))
                return f"refused: matches --exclude {glob}"
            case "include":
                return "refused: matches no --include"
        if self._include:
            glob = next(glob for glob in self._include if _matches(glob, url))
            return f"allowed: in --scope {self.mode}, matches --include {glob}"
        return f"allowed: in --scope {self.mode}"

    def _surrounded(self, url: str) -> bool:
        mode = self.mode
        if mode == "host":
            return host_key(url) in self._roots
        if mode == "any":
            return True
        if mode == "domain":
            return self._domain(url) in self._roots
        if mode == "prefix":
            folders = self._folders.get(host_key(url))
            return folders is not None and url.partition("//")[2].startswith(folders)
        return url in self._roots

    def _domain(self, url: str) -> str:
        if self._domains is None:
            raise AssertionError(f"no domains in scope mode {self.mode}")
        return self._domains.of(host_key(url))

    def _described(self, url: str) -> str:
        match self.mode:
            case "host":
                return f"host {host_key(url)} is no seed's host"
            case "domain":
                return f"domain {self._domain(url)} is no seed's domain"
            case "prefix":
                return f"{_folder(url)} is in no seed's folder"
            case _:
                return "it is no seed"


def _folder(url: str) -> str:
    """Return host and path up to the last slash, so that http and https are one."""
    path = url.partition("?")[0].partition("//")[2]
    return path[: path.rfind("/") + 1]


class _Domains:
    """Registrable domains by the public suffix list, which is loaded on first use."""

    def __init__(self) -> None:
        self._suffixes: PublicSuffixList | None = None
        self._known: dict[str, str] = {}

    def of(self, host: str) -> str:
        """Return the registrable domain of a host key; addresses and bare names are their own."""
        domain = self._known.get(host)
        if domain is None:
            if len(self._known) >= _MAX_DOMAINS:
                self._known.clear()
            domain = self._known[host] = self._look_up(host)
        return domain

    def _look_up(self, host: str) -> str:
        name = _PORT.sub("", host).rstrip(".")
        if _ADDRESS(name):
            return name
        if self._suffixes is None:
            # Megabytes that only this mode needs.
            from publicsuffixlist import PublicSuffixList  # noqa: PLC0415

            self._suffixes = PublicSuffixList()
        return self._suffixes.privatesuffix(name) or name


def _matches(glob: str, url: str) -> bool:
    return re.match(_pattern(glob), url, re.DOTALL) is not None


def _compile(globs: Sequence[str]) -> Callable[[str], object] | None:
    """Return a search for any of `globs`, None where there is none.

    `ConfigError` for a glob that can match no URL.
    """
    if not globs:
        return None
    return re.compile("|".join(map(_checked, globs)), re.DOTALL).match


def url_glob(glob: str) -> Callable[[str], object]:
    """Return what says whether a canonical URL matches a glob.

    Raises:
        ConfigError: it can match no URL.
    """
    return re.compile(_checked(glob), re.DOTALL).match


def _checked(glob: str) -> str:
    start = glob.partition("*")[0]
    if not glob or not ("http".startswith(start) or start.startswith("http")):
        raise ConfigError(f"glob {glob!r} matches no URL: begin it with * or http")
    return _pattern(glob)


def _pattern(glob: str) -> str:
    """Return a glob as an expression that is matched without backtracking over its stars.

    Once the text after a star is found at its first place, a later place never helps: each such
    pair is an atomic group.
    """
    first, *others = glob.split("*")
    if not others:
        return re.escape(first) + r"\Z"
    *middle, last = others
    steps = "".join(f"(?>.*?{re.escape(part)})" for part in middle if part)
    return re.escape(first) + steps + (f".*{re.escape(last)}\\Z" if last else "")
