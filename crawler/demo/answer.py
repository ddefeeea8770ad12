"""What the demo web answers with: plain values, so that a site is a mapping anybody can read."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP response."""

    status: int = 200
    body: bytes = b""
    content_type: str | None = HTML
    headers: tuple[tuple[str, str], ...] = ()
    delay_ms: int = 0
    """How long the server thinks before it answers."""
    manner: Literal["whole", "chunked", "cut", "reset"] = "whole"
    """chunked: without a Content-Length · cut: ends in the middle · reset: no answer at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One request target of a site."""

    answers: tuple[Answer, ...]
    """Given one after the other, the last one for ever after."""
    crawled: bool = True
    """False where a polite crawler stays away: robots.txt or nofollow."""


Site = Mapping[str, Page]
"""By request target, not percent-encoded."""


def page(html: str, *headers: tuple[str, str], delay_ms: int = 0) -> Page:
    """Return an ordinary page."""
    return Page(answers=(Answer(body=html.encode(), headers=headers, delay_ms=delay_ms),))


def zipped(html: str, *headers: tuple[str, str]) -> Page:
    """Return a page that is sent compressed."""
    body = gzip.compress(html.encode(), mtime=0)
    return Page(answers=(Answer(body=body, headers=(("Content-Encoding", "gzip"), *headers)),))


def shunned(html: str) -> Page:
    """Return a page that a polite crawler does not ask for."""
    return Page(answers=(Answer(body=html.encode()),), crawled=False)


def redirect(location: str, status: int = 302) -> Page:
    """Return a redirect; the location may be relative."""
    answer = Answer(status=status, content_type=None, headers=(("Location", location),))
    return Page(answers=(answer,))


def robots(*lines: str) -> Page:
    """Return a robots.txt."""
    body = "\n".join([*lines, ""]).encode()
    return Page(answers=(Answer(body=body, content_type="text/plain; charset=utf-8"),))
