"""Connections that take nothing which nobody asked for.

aiohttp reads whatever comes on a kept connection, parses it into responses, holds them without a
bound, and gives the first of them to the next request. A server could fill memory with what it
sends while it is not asked, and hand out pages under other pages' addresses.
"""

from functools import partial
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.connector import Connection
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.tracing import Trace

MAX_INTERIM = 50
"""Responses 1xx before the real one; servers send one or two."""


class _Protocol(ResponseHandler):
    """One connection: counts responses as they are parsed."""

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


class Connector(aiohttp.TCPConnector):
    """Uses no connection again on which something came after its last response."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._factory = partial(_Protocol, loop=self._loop)  # type: ignore[assignment]

    async def _get(self, key: ConnectionKey, traces: list[Trace]) -> Connection | None:
        while (connection := await super()._get(key, traces)) is not None:
            if connection.protocol is not None and not connection.protocol.should_close:
                return connection
            connection.close()
        return None
