"""The pool of connections: none is used again on which something came that nobody asked for.

aiohttp would take that for the answer to the next request, so a server could hand out pages under
other pages' addresses.
"""

from functools import partial
from typing import Any

import aiohttp
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

from crawler.fetch.protocol import BodyTellingHandler


class Connector(aiohttp.TCPConnector):
    """Makes connections with our protocol, and gives back clean ones only."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # aiohttp has no other way to choose the protocol.
        self._factory = partial(BodyTellingHandler, loop=self._loop)  # type: ignore[assignment]

    async def _get(self, key: ConnectionKey, traces: list[Trace]) -> Connection | None:
        while (connection := await super()._get(key, traces)) is not None:
            if connection.protocol is not None and not connection.protocol.should_close:
                return connection
            connection.close()
        return None
