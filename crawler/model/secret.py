"""What must not be shown: credentials inside URLs and header values."""

import re

HIDDEN = "***"
SECRET_NAMES = frozenset({"authorization", "cookie", "password", "proxy_authorization", "token"})
"""Of fields whose value is never shown."""

_USERINFO = re.compile(r"(?<=://)[^/?#\s@]*(?:@[^/?#\s@]*)*@")
"""Everything between `://` and the last `@` of the authority."""
_TYPED = re.compile(r"\A(https?:[/\\]*|[/\\]{2,}|(?=[^/\\?#@]*:))[^/\\?#]*@", re.IGNORECASE)
"""The same at the start of what should be a URL, in every spelling that the URL parser takes, and
of `user:password@host` without a scheme."""


def mask_userinfo(text: str) -> str:
    """Return the text with the credentials of every URL in it replaced by `***`."""
    if "@" not in text or "://" not in text:
        return text
    return _USERINFO.sub(HIDDEN + "@", text)


def mask_typed(text: str) -> str:
    """Return what somebody wrote as a URL, its credentials replaced by `***`."""
    if "@" not in text:
        return text
    return _TYPED.sub(rf"\g<1>{HIDDEN}@", mask_userinfo(text.strip()))


def mask_values(value: object) -> object:
    """Return a value without credentials, also where it holds others."""
    if isinstance(value, str):
        return mask_userinfo(value)
    if isinstance(value, list | tuple):
        return [mask_values(one) for one in value]
    if isinstance(value, dict):
        return {
            name: HIDDEN if name in SECRET_NAMES else mask_values(one)
            for name, one in value.items()
        }
    return value


def mask_header(header: str) -> str:
    """Return `Name: ***` for `Name: value`."""
    name, colon, _ = header.partition(":")
    return f"{name}: {HIDDEN}" if colon else HIDDEN
