"""What canonicalisation has changed about a URL that somebody typed, in words.

For explanations only: the parser alone decides what a URL means, this names the differences that a
person can see between two texts.
"""

import re
from collections.abc import Sequence

_BLANKS = "".join(map(chr, range(0x21)))
_DELETED = str.maketrans("", "", "\t\r\n")
_SCHEME = re.compile(r"(?i)https?:")
_DOTS = re.compile(r"(?i)[/\\](?:\.|%2e){1,2}(?=[/\\]|\Z)")
_PORT = re.compile(r":\d*\Z")


def changes(typed: str, form: str, removed: Sequence[str] = ()) -> list[str]:
    """Return how the canonical form differs from what was typed; nothing if it does not.

    `form` is as parsed, `removed` has the parameters (`name=value`) that were stripped from it.
    """
    stripped = [f"parameter {pair.partition('=')[0]} removed (--strip-params)" for pair in removed]
    return _parsed(typed, form) + stripped


def _parsed(typed: str, form: str) -> list[str]:
    found: list[str] = []
    text = typed.strip(_BLANKS)
    if text != typed:
        found.append("blanks around it removed")
    if text.translate(_DELETED) != text:
        text = text.translate(_DELETED)
        found.append("tabs and line ends removed")
    text, hash_mark, _ = text.partition("#")
    authority, path, query = _parts(text, form, found)
    _compare_authority(authority, form, found)
    _compare_path(path, query, form, found)
    if hash_mark:
        found.append("fragment removed")
    return found or (["spelt as the parser has it"] if typed != form else [])


def _parts(text: str, form: str, found: list[str]) -> tuple[str, str, str]:
    """Return authority, path and query as typed."""
    scheme = _SCHEME.match(text)
    if scheme is None:
        found.append(f"{form.partition('/')[0]}// added")
    elif scheme[0] != scheme[0].lower():
        found.append("scheme in lower case")
    rest = text[scheme.end() if scheme else 0 :]
    before, mark, query = rest.partition("?")
    if "\\" in before:
        found.append("backslashes turned into slashes")
        before = before.replace("\\", "/")
    if scheme is not None and not re.match(r"//(?!/)", before):
        found.append("two slashes after the scheme")
    authority, slash, path = before.lstrip("/").partition("/")
    return authority, slash + path, mark + query


def _compare_authority(authority: str, form: str, found: list[str]) -> None:
    userinfo, at, host = authority.rpartition("@")
    if at:
        found.append("user name and password removed" if ":" in userinfo else "user name removed")
    canonical = form.split("/", 3)[2]
    name, canonical_name = _PORT.sub("", host), _PORT.sub("", canonical)
    if name != canonical_name:
        if name.lower() == canonical_name:
            found.append("host name in lower case")
        else:
            found.append(f"host name written as {canonical_name}")
    port = host[len(name) :]
    kept = canonical[len(canonical_name) :]
    if port != kept:
        found.append(f"port written as {kept[1:]}" if kept else "default port removed")


def _compare_path(path: str, query: str, form: str, found: list[str]) -> None:
    canonical, mark, canonical_query = form[form.index("/", 8) :].partition("?")
    if not path:
        found.append("slash after the host added")
    elif path != canonical:
        dotted = _DOTS.search(path) is not None
        found.append("dot segments resolved" if dotted else "path percent-encoded")
    if query != mark + canonical_query:
        found.append("empty query removed" if query == "?" else "query percent-encoded")
