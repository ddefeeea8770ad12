"""Which encoding a page is in, and its bytes as UTF-8.

The order is that of the HTML standard: byte order mark, HTTP header, meta element; then UTF-8
where the bytes are valid as such, then a guess. Nothing here raises; what cannot be decoded
becomes U+FFFD.
"""

import re
from functools import lru_cache
from typing import NamedTuple

import cchardet
import webencodings

_PRESCANNED_BYTES = 1024
_GUESSED_BYTES = 8192
_ASCII = bytes(range(128))
_FEWEST_SIGNS = 8
"""Bytes beyond ASCII below which a guess is worse than the default of browsers."""
_VALID_PER_WRONG = 10
"""Characters beyond ASCII for each byte that is no UTF-8, in a page that is UTF-8 all the same."""
_UTF8_BOM = b"\xef\xbb\xbf"
_META = re.compile(rb"<meta[\s/]([^>]*)", re.IGNORECASE)
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
_ATTRIBUTE = re.compile(
    rb"""([^\s=/"'>]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?""", re.DOTALL
)
_CHARSET_IN_CONTENT = re.compile(rb"""charset\s*=\s*["']?\s*([^\s"';]+)""", re.IGNORECASE)


class Decoded(NamedTuple):
    """A page as UTF-8."""

    data: bytes
    """UTF-8; where the page was UTF-8 already, its own bytes, invalid ones included."""
    charset: str
    """WHATWG name of the page's encoding."""


def to_utf8(body: bytes, header_label: str | None) -> Decoded:
    """Return a page as UTF-8 bytes; those of UTF-8 pages are neither copied nor checked."""
    encoding = _by_mark(body)
    if encoding is None and header_label is not None and header_label.isascii():
        encoding = _named(header_label)
    if encoding is None:
        encoding = _by_meta(body) or _by_content(body)
    name = encoding.name
    if name == "utf-8":
        return Decoded(body[3:] if body.startswith(_UTF8_BOM) else body, name)
    text, _ = encoding.codec_info.decode(body, "replace")
    return Decoded(text.removeprefix("\ufeff").encode("utf-8", "replace"), name)


def _named(label: str) -> webencodings.Encoding | None:
    """Return the encoding of a label as the Encoding Standard's table has it."""
    encoding: webencodings.Encoding | None = webencodings.lookup(label)  # type: ignore[no-untyped-call]
    return encoding


def _known(label: str) -> webencodings.Encoding:
    encoding = _named(label)
    if encoding is None:
        raise AssertionError(label)
    return encoding


def _by_mark(body: bytes) -> webencodings.Encoding | None:
    if body.startswith(_UTF8_BOM):
        return _known("utf-8")
    if body.startswith(b"\xff\xfe"):
        return _known("utf-16le")
    if body.startswith(b"\xfe\xff"):
        return _known("utf-16be")
    return None


def _by_meta(body: bytes) -> webencodings.Encoding | None:
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
def _of_meta(text: bytes) -> webencodings.Encoding | None:
    """Return what the attributes of one meta element say; sites say it in the same few words."""
    attributes: dict[bytes, bytes] = {}
    for name, double, single, bare in _ATTRIBUTE.findall(text):
        attributes.setdefault(name.lower(), double or single or bare)
    label = attributes.get(b"charset")
    if not label and attributes.get(b"http-equiv", b"").strip().lower() == b"content-type":
        content = _CHARSET_IN_CONTENT.search(attributes.get(b"content", b""))
        label = content[1] if content else None
    encoding = _named(label.decode("latin-1")) if label else None
    if encoding is None:
        return None
    # A meta element that can be read as ASCII proves these wrong (HTML standard).
    if encoding.name in {"utf-16le", "utf-16be"}:
        return _known("utf-8")
    return _known("windows-1252") if encoding.name == "x-user-defined" else encoding


def _by_content(body: bytes) -> webencodings.Encoding:
    """Return UTF-8 if the bytes are that, else a guess from their start, else windows-1252."""
    try:
        body.decode()
    except UnicodeDecodeError:
        if _is_nearly_utf8(body):
            return _known("utf-8")
    else:
        return _known("utf-8")
    start = body[:_GUESSED_BYTES]
    if len(start.translate(None, _ASCII)) < _FEWEST_SIGNS:
        return _known("windows-1252")
    guess = cchardet.detect(start)["encoding"]
    return (_named(guess) if guess else None) or _known("windows-1252")


def _is_nearly_utf8(body: bytes) -> bool:
    """Return whether a page is UTF-8 but for a few bytes: cut inside a character, or patched."""
    text = body.decode("utf-8", "replace")
    wrong = text.count("\ufffd")
    beyond_ascii = len(text) - len(text.encode("ascii", "ignore"))
    return beyond_ascii > _VALID_PER_WRONG * wrong
