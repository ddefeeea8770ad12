"""aiohttp's protocol, and what it forgets to tell.

Where a response turns out to be broken after its headers (a bad chunk in a later segment), aiohttp
tells the connection but not the body: whoever reads that would wait for the whole time of the
request, even where the server has closed. Found by fuzzing, with aiohttp 3.14.5.
"""

from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler


class BadResponseError(aiohttp.ClientError):
    """A response that aiohttp takes and we do not, or that breaks off in nonsense."""


class BodyTellingHandler(ResponseHandler):
    """Passes an error of the connection on to the body that is being read."""

    def set_exception(self, exc: BaseException, *cause: Any) -> None:
        payload = self._payload
        super().set_exception(exc, *cause)
        if payload is not None and not payload.is_eof() and payload.exception() is None:
            message: str = getattr(exc, "message", "") or type(exc).__name__
            first_line = message.partition("\n")[0].rstrip(" :")
            payload.set_exception(BadResponseError(f"broken body: {first_line}"), exc)
