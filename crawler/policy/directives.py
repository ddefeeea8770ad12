"""Indexing directives of a page: robots metas and the X-Robots-Tag header, combined.

All that address every robot or us hold together, the stricter one wins. `nofollow` is obeyed;
`noindex` is for search engines and only recorded.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from crawler.model.text import one_line

_MAX_TEXT_LENGTH = 1024
_AGENT = re.compile(r"\s*([A-Za-z][A-Za-z0-9_-]*)\s*:\s*(.*)", re.DOTALL).match
_WITH_VALUE = frozenset(
    {"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"}
)
"""Directives with a colon of their own, so the word before it names no robot."""


class Directives(NamedTuple):
    """What a page asks of robots."""

    nofollow: bool = False
    noindex: bool = False
    text: str | None = None
    """Every directive that addresses us, lower-case, once, joined by `, `."""


NO_DIRECTIVES = Directives()


def read_directives(metas: Mapping[str, str], x_robots_tag: str | None, token: str) -> Directives:
    """Return the directives that hold for the robot with the product token `token`.

    `metas` by lower-case name. In the header, `name:` addresses what follows it to one robot,
    up to the next name.
    """
    token = token.lower()
    everyone, ours = metas.get("robots"), metas.get(token)
    if everyone is None and ours is None and not x_robots_tag:
        return NO_DIRECTIVES
    found: dict[str, None] = {}
    for content in (everyone, ours):
        if content:
            found.update(dict.fromkeys(_words(content)))
    if x_robots_tag:
        found.update(dict.fromkeys(_addressed(x_robots_tag, token)))
    if not found:
        return NO_DIRECTIVES
    return Directives(
        nofollow="nofollow" in found or "none" in found,
        noindex="noindex" in found or "none" in found,
        text=one_line(", ".join(found)[:_MAX_TEXT_LENGTH]),
    )


def _words(content: str) -> Iterator[str]:
    for part in content.lower().split(","):
        word = " ".join(part.split())
        if word:
            yield word


def _addressed(header: str, token: str) -> Iterator[str]:
    """Yield the directives of an X-Robots-Tag that address every robot or `token`."""
    for_us = True
    for part in header.lower().split(","):
        match = _AGENT(part)
        if match and match[1] not in _WITH_VALUE:
            for_us = match[1] == token
            part = match[2]  # noqa: PLW2901 - the rest of the part is what we go on with
        if for_us:
            yield from _words(part)
