"""Takes down an exchange for crawls that keep bodies, without what is secret in it.

A file of bodies is made to be passed on. So it holds no value that a person gave for this crawl
alone (`--header`, the headers of a site), no credentials, and no cookie in either direction.
"""

import re
from collections.abc import Mapping

import aiohttp

from crawler.fetch.body import Body
from crawler.fetch.client import Sending
from crawler.model.capture import Capture, Cut
from crawler.model.plan import Plan
from crawler.model.secret import HIDDEN, mask_typed

_CUTS: Mapping[str, Cut | None] = {
    "whole": None,
    "capped": "length",
    "short": "unspecified",
    "broken": "disconnect",
    "late": "time",
}
_SECRETS = ("authorization", "cookie", "proxy-authorization")
_BREAKS = re.compile(r"[\r\n\x00]+")
_RAW_BREAKS = re.compile(rb"[\r\n\x00]+")


class Capturing:
    """Makes captures of one crawl's exchanges."""

    def __init__(self, plan: Plan) -> None:
        given = [name for name, _ in plan.headers]
        given += [name for site in plan.sites for name, _ in site.headers]
        self._secret = frozenset(_SECRETS).union(name.lower() for name in given)
        self._is_direct = plan.proxy is None

    def capture(self, response: aiohttp.ClientResponse, sending: Sending, body: Body) -> Capture:
        """Return what is kept of an exchange whose body was read."""
        version = response.version
        number = "1.1" if version is None else f"{version.major}.{version.minor}"
        reason = _BREAKS.sub(" ", response.reason or "")
        return Capture(
            request_line=f"{response.method} {response.url.raw_path_qs} HTTP/1.1",
            request_headers=tuple(
                (name, HIDDEN if name.lower() in self._secret else value)
                for name, value in response.request_info.headers.items()
            ),
            status_line=f"HTTP/{number} {response.status} {reason}".rstrip(),
            response_headers=tuple(
                (name, _public(name, value)) for name, value in response.raw_headers
            ),
            body=body.data,
            cut=_CUTS[body.end],
            peer=sending.peer if self._is_direct else None,
        )


def _public(name: bytes, value: bytes) -> bytes:
    value = _RAW_BREAKS.sub(b" ", value)
    match name.lower():
        case b"set-cookie" | b"set-cookie2":
            # Which of them opens a session nobody can tell.
            return value.partition(b"=")[0] + b"=" + HIDDEN.encode()
        case b"location":
            return mask_typed(value.decode("latin-1")).encode("latin-1")
    return value
