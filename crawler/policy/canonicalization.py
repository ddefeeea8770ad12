"""One spelling for every URL: the WHATWG parser's, without fragment and userinfo.

The same spelling is requested, stored and compared, so that no second URL parser can disagree.
`LinkResolver` gives the same answer as `canonicalize` after a join, for whole pages at a time,
at a fraction of the cost: resolving links is the dearest part of page handling.
"""

import re
from collections.abc import Iterable
from itertools import repeat

import ada_url
import can_ada

from crawler.errors import UrlRejected
from crawler.model.secret import mask_typed
from crawler.policy.parameters import Parameters

MAX_URL_LENGTH = 2083
"""Longest canonical URL, in characters; all of them are ASCII."""

_MAX_TEXT_LENGTH = 65_536
_WEB = ("http://", "https://")
_BLANKS = "".join(map(chr, range(0x21)))
"""What the URL parser strips from both ends: C0 controls and space."""

_HAS_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?!\d+(?:[/?#]|\Z))").match
"""`localhost:8080/x` names a port, not a scheme."""
_NAMES_HOST = re.compile(r"\[|localhost(?![^:/?#])|[^/?#]*[.:]").match


def canonicalize(text: str) -> str:
    """Return the canonical form of an absolute http(s) URL, or raise `UrlRejected`.

    Reasons: `empty`, `too_long`, `invalid`, `scheme`.
    """
    if len(text) > _MAX_TEXT_LENGTH:
        raise UrlRejected(f"URL of {len(text)} characters is too long", reason="too_long")
    if not text.strip(_BLANKS):
        raise UrlRejected("empty URL", reason="empty")
    try:
        url = ada_url.URL(text)
    except ValueError:
        raise UrlRejected(f"not a URL: {_shown(text)}", reason="invalid") from None
    if url.protocol not in ("http:", "https:"):
        raise UrlRejected(f"not http or https: {_shown(text)}", reason="scheme")
    return _finished(url, text)


def canonicalize_seed(text: str) -> str:
    """Return the canonical form of what a person typed, or raise `UrlRejected`.

    A text without a scheme (`example.com/x`, `localhost:8080`, `//example.com`) is taken as
    https. It must look like a host then: with a dot, a port, or `localhost`, so that a stray word
    is an error and not a host name.
    """
    text = text.strip(_BLANKS)
    if text.startswith("//"):
        return canonicalize("https:" + text)
    if _HAS_SCHEME(text) or not text:
        return canonicalize(text)
    if not _NAMES_HOST(text):
        raise UrlRejected(f"neither a URL nor a host name: {_shown(text)}", reason="invalid")
    return canonicalize("https://" + text)


def resolve(base: str, reference: str) -> str:
    """Return the canonical form of `reference` as found on the page `base`, or raise `UrlRejected`.

    For single references (a redirect's Location); whole pages go through `LinkResolver`.
    """
    if len(reference) > _MAX_TEXT_LENGTH:
        raise UrlRejected("reference is too long", reason="too_long")
    try:
        return canonicalize(ada_url.join_url(base, reference))
    except ValueError:
        raise UrlRejected(f"not a URL: {_shown(reference)}", reason="invalid") from None


def _finished(url: ada_url.URL, text: str) -> str:
    url.hash = url.username = url.password = ""
    form = str(url.href)
    if len(form) > MAX_URL_LENGTH:
        raise UrlRejected(f"URL is longer than {MAX_URL_LENGTH}: {_shown(text)}", reason="too_long")
    return form


def _shown(text: str) -> str:
    """Return `text` fit for one line of an error message, without credentials."""
    text = mask_typed(text)  # before it is cut: half a password is still a secret
    return ascii(text if len(text) <= 80 else text[:77] + "...")


# Where joining strings and parsing the result could differ from joining with the parser. Each is
# a search of its own, because a literal prefix or a single set is what `re` searches fast.
_UNUSUAL = re.compile(r"[^!-\[\]_-~]").search
"""Blanks, controls, backslash, `^`, and all beyond ASCII."""
_DOTTED = re.compile(r"/\.[^./]").search
"""The fast parser overlooks dot segments after a segment that begins with a dot."""
_MISLEADING = re.compile(r"[\\\x00-\x1f]").search
"""Backslashes and characters that the parser deletes may turn a path into a host: the joined text
does not determine the answer, so it cannot be a key of the memo."""
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:").match
_ABSOLUTE_WEB = re.compile(r"(?i:https?)://").match
_SCHEME_RELATIVE = re.compile(r"(?i:https?):").match
"""Without slashes, relative to a page of the same scheme and absolute on others."""


class LinkResolver:
    """Turns the hrefs of a page into canonical URLs; one instance for each process.

    Hrefs are cut at the fragment and deduplicated before any URL is parsed, joined to the page by
    string work where that cannot go wrong, and the joined text is looked up in a bounded memo:
    pages of one site repeat each other's links. Every result is what `canonicalize` makes of
    `ada_url.join_url`, without the parameters that are stripped, or nothing where that would be
    refused.
    """

    def __init__(
        self,
        parameters: Parameters | None = None,
        *,
        max_entries: int = 200_000,
        max_chars: int = 16_000_000,
    ) -> None:
        self._strip = (parameters or Parameters()).stripped
        self._max_entries = max_entries
        self._max_chars = max_chars
        self._chars = 0
        self._forms: dict[str, str] = {}
        """Joined text to canonical form; `""` where it is refused."""

    def resolve(self, base: str, hrefs: Iterable[str]) -> list[str]:
        """Return the canonical targets of `hrefs`, unique, in order of first appearance.

        `base` is canonical: the page's URL, or that of its `<base href>`.
        """
        scheme, _, rest = base.partition("//")
        host, _, path = rest.partition("/")
        page = f"{scheme}//{host}/{path.partition('?')[0]}"
        origin = f"{scheme}//{host}"
        folder = page[: page.rfind("/") + 1]
        known = self._forms.get
        found: dict[str, None] = {}
        stripped = map(str.strip, hrefs, repeat(_BLANKS))
        for href in {h.partition("#")[0] if "#" in h else h: None for h in stripped}:
            if not href:
                form: str | None = base
            else:
                first = href[0]
                if first == "/":
                    joined = scheme + href if href[1:2] == "/" else origin + href
                elif first == "?":
                    joined = page + href
                elif ":" in href and _ABSOLUTE(href):
                    joined = href
                else:
                    joined = folder + href
                form = known(joined)
                if form is None:
                    form = self._parse(base, href, joined)
            if form:
                found[form] = None
        return list(found)

    def join(self, base: str, reference: str) -> str:
        """Return the canonical target of one reference, or raise `UrlRejected` saying why not."""
        return resolve(base, reference)

    def _parse(self, base: str, href: str, joined: str) -> str:
        """Return the canonical form or `""`, and remember it where `joined` determines it."""
        is_determined = True
        if joined is href and not _ABSOLUTE_WEB(href):
            is_determined = _SCHEME_RELATIVE(href) is None
            form = "" if is_determined else _join(base, href)
        elif _UNUSUAL(joined) or _DOTTED(joined) or "n--" in joined or "N--" in joined:
            is_determined = _MISLEADING(href) is None
            form = _join(base, href)
        else:
            try:
                form = _checked(can_ada.parse(joined).href)
            except ValueError:
                form = ""
        if "?" in form or ";" in form:
            form = self._strip(form)
        if is_determined:
            self._remember(joined, form)
        return form

    def _remember(self, joined: str, form: str) -> None:
        if form == joined:
            form = joined  # one string instead of two equal ones
        size = len(joined) if form is joined else len(joined) + len(form)
        if size > 4 * MAX_URL_LENGTH:
            return
        if len(self._forms) >= self._max_entries or self._chars + size > self._max_chars:
            self._forms.clear()
            self._chars = 0
        self._chars += size
        self._forms[joined] = form


def _join(base: str, href: str) -> str:
    try:
        # The fragment is cut already; an empty one keeps a blank that stood before it.
        return _checked(ada_url.join_url(base, href + "#").partition("#")[0])
    except ValueError:
        return ""


def _checked(form: str) -> str:
    """Return the canonical form of an absolute URL as parsed, or `""` if it is refused."""
    if not form.startswith(_WEB) or len(form) > 4 * MAX_URL_LENGTH:
        return ""
    if "@" in form and "@" in form.split("/", 3)[2]:
        try:
            return canonicalize(form)
        except UrlRejected:
            return ""
    return form if len(form) <= MAX_URL_LENGTH else ""
