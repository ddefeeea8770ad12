"""The forms in which paths of robots rules and of URLs are compared (RFC 9309 section 2.2.2).

Percent-encoded unreserved characters are decoded, everything that is neither unreserved nor
reserved is encoded, hex digits are upper-case. A star or dollar sign of a URL is encoded too, so
that a rule reaches it by `%2A` and `%24` only.
"""

import re

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_NEEDS_WORK = re.compile(rb"[^A-Za-z0-9\-._~:/?#\[\]@!&'()*+,;=$]")
_ODD_BYTE = re.compile(rb"%([0-9A-Fa-f]{2})|%|[^A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]")
_QUERY_ESCAPES = re.compile("%(?:3A|2F|3F|40|5B|5D)")


def normal_form(target: str) -> str:
    """Return path and query as they are compared with rules."""
    form = encoded(target.encode("utf-8", "surrogatepass"))
    if "*" in form or "$" in form:
        form = form.replace("*", "%2A").replace("$", "%24")
    return form


def query_form(form: str) -> str:
    """Return a second form in which a query's `:/?@[]` are plain.

    The RFC's own table has a rule `?u=https://x` match a URL `?u=https%3A%2F%2Fx`; elsewhere it
    keeps the two apart. So rules with such characters in their query are tried in both forms.
    """
    path, mark, query = form.partition("?")
    if not mark or "%" not in query:
        return form
    return path + mark + _QUERY_ESCAPES.sub(lambda m: chr(int(m[0][1:], 16)), query)


def encoded(raw: bytes) -> str:
    """Return the bytes of a rule or URL as ASCII in normal form; stars and dollars are left."""
    if _NEEDS_WORK.search(raw) is None:
        return raw.decode("ascii")
    return _ODD_BYTE.sub(_encode_one, raw).decode("ascii")


def _encode_one(match: re.Match[bytes]) -> bytes:
    digits = match[1]
    if digits is None:
        text = match[0]
        return text if text == b"%" else b"%%%02X" % text[0]
    code = int(digits, 16)
    return bytes((code,)) if code in _UNRESERVED else b"%%%02X" % code


def has_reserved_query(form: str) -> bool:
    """Tell whether the two forms of a query could differ."""
    query = form.partition("?")[2]
    return any(c in query for c in ":/?@[]")
