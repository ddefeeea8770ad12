"""One HTTP exchange as it went over the wire, for crawls that keep bodies; secrets are left out."""

from dataclasses import dataclass
from typing import Literal

Cut = Literal["length", "time", "disconnect", "unspecified"]
"""Why a body is not whole, in the words of WARC: our cap · time-out · connection broke · a coding
that ended early."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """Request and response, and the body as it is stored."""

    request_line: str
    """`GET /path HTTP/1.1`."""
    request_headers: tuple[tuple[str, str], ...]
    """As sent; values that a person gave for this crawl, and cookies, are `***`."""
    status_line: str
    """`HTTP/1.1 200 OK`."""
    response_headers: tuple[tuple[bytes, bytes], ...]
    """As received; values of cookies are `***`."""
    body: bytes
    """Decoded, so not what went over the wire where a coding was used."""
    cut: Cut | None
    peer: str | None
    """IP address that answered; None behind a proxy."""
