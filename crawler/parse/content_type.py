"""What a Content-Type header says, and whether a body is HTML."""

import re

_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_CHARSET = re.compile(r""";\s*charset\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s;"',]+))""", re.IGNORECASE)
_SNIFFED_BYTES = 1024
_LOOKS_LIKE_HTML = re.compile(
    # Possessive: else a row of comments could be read in more ways than there is time for.
    rb"(?:\s++|<!--(?>.*?-->)|<\?xml[^>]*+>)*+"
    rb"<(?:!doctype\s+html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|meta)"
    rb"[\s>/]",
    re.IGNORECASE | re.DOTALL,
).match
_BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)


def media_type(content_type: str) -> str:
    """Return the type and subtype of a Content-Type header, lower-case."""
    return _last(content_type).partition(";")[0].strip().lower()


def header_charset(content_type: str | None) -> str | None:
    """Return the charset label of a Content-Type header, as sent."""
    if content_type is None:
        return None
    match = _CHARSET.search(_last(content_type))
    return (match[1] or match[2] or match[3] or None) if match else None


def _last(content_type: str) -> str:
    """Return the last type of repeated headers: the one that browsers go by (WHATWG Fetch 3.5)."""
    if "," not in content_type:
        return content_type
    types = [part for part in content_type.split(",") if "/" in part.partition(";")[0]]
    return types[-1] if types else content_type


def is_html(content_type: str | None, body: bytes) -> bool:
    """Return whether to parse a body as HTML: as the header says, by its first tag without one."""
    if content_type is not None and content_type.strip():
        return media_type(content_type) in _HTML_TYPES
    start = body[:_SNIFFED_BYTES]
    for mark, codec in _BYTE_ORDER_MARKS:
        if start.startswith(mark):
            text = start[len(mark) :].decode(codec, "ignore")
            start = text.encode("utf-8", "ignore")
            break
    return _LOOKS_LIKE_HTML(start) is not None
