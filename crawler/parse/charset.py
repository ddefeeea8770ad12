"""Which encoding a page is in, and its bytes as UTF-8.

The order is that of the HTML standard: byte order mark, HTTP header, meta element; then UTF-8
where the bytes are valid as such, then a guess. Nothing here raises; what cannot be decoded
becomes U+FFFD.
"""

import re
from functools import lru_cache
from typing import NamedTuple

_PRESCANNED_BYTES = 1024
_GUESSED_BYTES = 8192
_ASCII = bytes(range(128))
_FEWEST_SIGNS = 8
"""Bytes beyond ASCII below which a guess is worse than the default of browsers."""
_VALID_PER_WRONG = 10
"""Characters beyond ASCII for each byte that is no UTF-8, in a page that is UTF-8 all the same."""
_UTF8_LABELS = frozenset({"utf-8", "utf8"})
"""Those of its labels that are in use: for these the standard's table need not be loaded."""
_UTF8_BOM = b"\xef\xbb\xbf"
_META = re.compile(rb"<meta[\s/]([^>]*)", re.IGNORECASE)
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
_ATTRIBUTE = re.compile(
    rb"""([^\s=/"'>]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?""", re.DOTALL
)
_SHEET_CHARSET = re.compile(rb"""@charset "([^"]{1,99})";""").match
_CHARSET_IN_CONTENT = re.compile(rb"""charset\s*=\s*["']?\s*([^\s"';]+)""", re.IGNORECASE)


class Decoded(NamedTuple):
    """A page as UTF-8."""

    data: bytes
    """UTF-8; where the page was UTF-8 already, its own bytes, invalid ones included."""
    charset: str
    """WHATWG name of the page's encoding."""


def to_utf8(body: bytes, header_label: str | None) -> Decoded:
    """Return a page as UTF-8 bytes; those of UTF-8 pages are neither copied nor checked."""
    name = _declared(body, header_label)
    if name is None:
        name = _by_meta(body) or _by_content(body)
    if name == "utf-8":
        return Decoded(body[3:] if body.startswith(_UTF8_BOM) else body, name)
    text = _decoded(body, name)
    return Decoded(text.removeprefix("\ufeff").encode("utf-8", "replace"), name)


def sheet_text(body: bytes, header_label: str | None) -> str:
    """Return a style sheet as text: by mark, header, `@charset`, else UTF-8 (CSS Syntax)."""
    name = _declared(body, header_label)
    if name is None and (rule := _SHEET_CHARSET(body)):
        name = _named(rule[1].decode("ascii", "replace"))
        # A rule that can be read as ASCII proves these wrong.
        name = "utf-8" if name in {"utf-16le", "utf-16be"} else name
    if name is None or name == "utf-8":
        return body.decode("utf-8", "replace").removeprefix("\ufeff")
    return _decoded(body, name).removeprefix("\ufeff")


def _declared(body: bytes, header_label: str | None) -> str | None:
    """Return what a byte order mark says, else the header."""
    name = _by_mark(body)
    if name is None and header_label is not None and header_label.isascii():
        name = _named(header_label)
    return name


def _named(label: str) -> str | None:
    """Return the name of the encoding that the Encoding Standard's table has for a label."""
    if label.strip("\t\n\f\r ").lower() in _UTF8_LABELS:
        return "utf-8"
    import webencodings  # noqa: PLC0415 - most pages are UTF-8

    encoding = webencodings.lookup(label)  # type: ignore[no-untyped-call]
    return None if encoding is None else str(encoding.name)


def _decoded(body: bytes, name: str) -> str:
    import webencodings  # noqa: PLC0415

    text: str = webencodings.lookup(name).codec_info.decode(body, "replace")[0]  # type: ignore[no-untyped-call]
    return text


def _by_mark(body: bytes) -> str | None:
    if body.startswith(_UTF8_BOM):
        return "utf-8"
    if body.startswith(b"\xff\xfe"):
        return "utf-16le"
    if body.startswith(b"\xfe\xff"):
        return "utf-16be"
    return None


def _by_meta(body: bytes) -> str | None:
    """Return what the first meta element that names an encoding says."""
    start = body[:_PRESCANNED_BYTES]
    if b"<!--" in start:
        start = _COMMENT.sub(b"", start)
    for meta in _META.finditer(start):
        encoding = _of_meta(meta[1])
        if encoding is not None:
            return encoding
    return None


@lru_cache(maxsize=256)
def _of_meta(text: bytes) -> str | None:
    """Return what the attributes of one meta element say; sites say it in the same few words."""
    attributes: dict[bytes, bytes] = {}
    for name, double, single, bare in _ATTRIBUTE.findall(text):
        attributes.setdefault(name.lower(), double or single or bare)
    label = attributes.get(b"charset")
    if not label and attributes.get(b"http-equiv", b"").strip().lower() == b"content-type":
        content = _CHARSET_IN_CONTENT.search(attributes.get(b"content", b""))
        label = content[1] if content else None
    found = _named(label.decode("latin-1")) if label else None
    # A meta element that can be read as ASCII proves these wrong (HTML standard).
    if found in {"utf-16le", "utf-16be"}:
        return "utf-8"
    return "windows-1252" if found == "x-user-defined" else found


def _by_content(body: bytes) -> str:
    """Return UTF-8 if the bytes are that, else a guess from their start, else windows-1252."""
    try:
        body.decode()
    except UnicodeDecodeError:
        if _is_nearly_utf8(body):
            return "utf-8"
    else:
        return "utf-8"
    start = body[:_GUESSED_BYTES]
    if len(start.translate(None, _ASCII)) < _FEWEST_SIGNS:
        return "windows-1252"
    import cchardet  # noqa: PLC0415 - few pages come here

    guess = cchardet.detect(start)["encoding"]
    return (_named(guess) if guess else None) or "windows-1252"


def _is_nearly_utf8(body: bytes) -> bool:
    """Return whether a page is UTF-8 but for a few bytes: cut inside a character, or patched."""
    text = body.decode("utf-8", "replace")
    wrong = text.count("\ufffd")
    beyond_ascii = len(text) - len(text.encode("ascii", "ignore"))
    return beyond_ascii > _VALID_PER_WRONG * wrong
