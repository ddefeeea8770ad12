"""Text from outside made safe to store: blanks collapsed, length capped, no lone surrogates.

Lone surrogates cannot be encoded as UTF-8, so one of them would make a record unwritable.
"""

import re

_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def collapse(text: str) -> str:
    """Return `text` with every run of Unicode white space as one space, none at the ends."""
    return " ".join(text.split())


def cut(text: str, max_bytes: int) -> str:
    """Return the longest start of `text` that takes at most `max_bytes` as UTF-8."""
    # No character takes more than 4 bytes, so most texts need no encoding to be measured.
    if len(text) * 4 <= max_bytes:
        return text
    encoded = text.encode("utf-8", "replace")
    return text if len(encoded) <= max_bytes else encoded[:max_bytes].decode("utf-8", "ignore")


def one_line(text: str) -> str:
    """Return `text` with control characters and lone surrogates as U+FFFD."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub("\ufffd", text)
