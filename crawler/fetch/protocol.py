"""aiohttp's protocol: what it forgets to tell, and what it takes though nobody asked for it.

Where a response turns out to be broken after its headers (a bad chunk in a later segment), aiohttp
tells the connection but not the body: whoever reads that would wait for the whole time of the
request, even where the server has closed. Found by fuzzing, with aiohttp 3.14.5.

It also parses whatever comes on a connection into responses, and holds them without a bound, asked
for or not: a server could fill memory with them.
"""

import asyncio
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import HttpProcessingError

MAX_INTERIM = 50
"""Responses 1xx before the real one, or unread ones; servers send one or two."""


class BadResponseError(aiohttp.ClientError):
    """A response that aiohttp takes and we do not, or that breaks off in nonsense."""


class BodyTellingHandler(ResponseHandler):
    """Passes an error of the connection on to the body that is being read; counts responses."""

    _interim = 0

    def feed_data(self, data: Any, size: int = 0) -> None:
        if self.exception() is not None:
            return
        super().feed_data(data, size)
        self._interim = self._interim + 1 if data[0].code < 200 else 0
        if self._interim > MAX_INTERIM or len(self) > MAX_INTERIM:
            self._buffer.clear()
            self.set_exception(HttpProcessingError(message="responses that nobody asked for"))
            if self.transport is not None:
                self.transport.abort()

    def set_exception(self, exc: BaseException, *cause: Any) -> None:
        payload = self._payload
        super().set_exception(exc, *cause)
        if payload is not None and not payload.is_eof() and payload.exception() is None:
            message: str = getattr(exc, "message", "") or type(exc).__name__
            first_line = message.partition("\n")[0].rstrip(" :")
            fault = BadResponseError(f"broken body: {first_line}")
            payload.set_exception(fault, exc)
            # A reader that was woken by the end of a chunk just before this waits again without a
            # look at it.
            asyncio.get_running_loop().call_soon(payload.set_exception, fault, exc)
