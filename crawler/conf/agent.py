"""The agent's name: what is sent, and which part of it robots.txt groups are matched against."""

import re

from crawler import __version__

PRODUCT = "QuasiCrawler"

_PRODUCT = re.compile(r"(?:.*\bcompatible;\s*)?([A-Za-z_-]+)", re.ASCII)
_SENDABLE = re.compile(r"[\x20-\x7e]+", re.ASCII)
_CONTACT = re.compile(r"(?:https?://[^\s()]+|(?:mailto:)?[^\s()@]+@[^\s()@]+)", re.ASCII)


def make_agent(user_agent: str | None, contact: str | None) -> tuple[str, str]:
    """Return the User-Agent header and its product token (RFC 9309 section 2.2.1).

    Raises:
        ValueError: no robots.txt could name this agent.
    """
    name = user_agent or f"{PRODUCT}/{__version__}"
    if contact and contact not in name:
        name = f"{name} (+{contact})"
    return name, product_token(name)


def product_token(user_agent: str) -> str:
    """Return the agent's own word: its first one, or the first after `compatible;`.

    Raises:
        ValueError: there is none.
    """
    found = _PRODUCT.match(user_agent)
    if found is None:
        raise ValueError("must begin with the agent's name, such as MyCrawler/1.0")
    return found[1]


def check_user_agent(value: str) -> str:
    value = value.strip()
    if not _SENDABLE.fullmatch(value):
        raise ValueError("must be printable ASCII")
    product_token(value)
    return value


def check_contact(value: str) -> str:
    value = value.strip()
    if not _CONTACT.fullmatch(value) or not _SENDABLE.fullmatch(value):
        raise ValueError("must be a URL or a mail address")
    return value
