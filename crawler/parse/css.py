"""What a style sheet loads: `@import` and `url(...)`, found in one pass.

Only strings, comments and those two have to be told apart (CSS Syntax, section 4); what else a
sheet says is passed over. Each piece is taken whole and never given back, so the time is linear in
the length of any text.
"""

import re

from crawler.policy.canonicalization import MAX_URL_LENGTH

MAX_CHARS = 4_000_000
"""Of one sheet; what follows is not looked at."""
MAX_URLS = 2_000
"""Of one sheet."""

_MAX_REFERENCE = 4 * MAX_URL_LENGTH
_STRING = r""""(?:[^"\\\n]|\\.)*+"?|'(?:[^'\\\n]|\\.)*+'?"""
_ESCAPED = r"\\[0-9a-fA-F]{1,6}+\s?+|\\."
# Comments and strings come first, so that nothing inside of them counts.
_PIECES = re.compile(
    rf"""/\*(?:[^*]|\*(?!/))*+
    | @import\s*+(?P<sheet>{_STRING})
    | @namespace[^;]*+
    | (?<![\w-])url\(\s*+(?:(?P<quoted>{_STRING})|(?P<bare>(?:[^\s"'()\\]|{_ESCAPED})*+))
    | {_STRING}""",
    re.DOTALL | re.IGNORECASE | re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})\s?|\n|(.))", re.DOTALL)
_MAX_CODE_POINT = 0x10FFFF


def sheet_urls(text: str) -> list[str]:
    """Return what a sheet, or the content of a `style` attribute, refers to, as written.

    Each once, in order; nothing that is inside of the sheet itself (`#id`, `data:`).
    """
    if "url(" not in text and "@" not in text and "URL(" not in text.upper():
        return []
    found: dict[str, None] = {}
    for piece in _PIECES.finditer(text, 0, MAX_CHARS):
        sheet, quoted, bare = piece.group("sheet", "quoted", "bare")
        token = sheet or quoted
        reference = _unquoted(token) if token else bare
        if not reference:
            continue
        if "\\" in reference:
            reference = _ESCAPE.sub(_escaped, reference)
        reference = reference.strip()
        if _is_outside(reference):
            found[reference] = None
            if len(found) >= MAX_URLS:
                break
    return list(found)


def _unquoted(token: str) -> str:
    return token[1:-1] if len(token) > 1 and token[-1] == token[0] else token[1:]


def _is_outside(reference: str) -> bool:
    if not reference or reference[0] == "#" or len(reference) > _MAX_REFERENCE:
        return False
    return reference[:5].lower() != "data:"


def _escaped(match: re.Match[str]) -> str:
    if match[1] is None:
        return match[2] or ""
    number = int(match[1], 16)
    is_character = 0 < number <= _MAX_CODE_POINT and not 0xD800 <= number <= 0xDFFF
    return chr(number) if is_character else "\ufffd"
