"""What must not be shown: credentials inside URLs and header values."""

import re

HIDDEN = "***"

_USERINFO = re.compile(r"(?<=://)[^/?#\s@]*(?:@[^/?#\s@]*)*@")
"""Everything between `://` and the last `@` of the authority."""


def mask_userinfo(text: str) -> str:
    """Return the text with the credentials of every URL in it replaced by `***`."""
    if "@" not in text or "://" not in text:
        return text
    return _USERINFO.sub(HIDDEN + "@", text)


def mask_header(header: str) -> str:
    """Return `Name: ***` for `Name: value`."""
    name, colon, _ = header.partition(":")
    return f"{name}: {HIDDEN}" if colon else HIDDEN
