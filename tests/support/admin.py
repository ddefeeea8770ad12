"""An admin server on a real socket, for tests that are its clients."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from crawler.admin.metrics import Disks
from crawler.admin.server import AdminOrders, AdminServer
from crawler.errors import FrontierError
from crawler.ports import Frontier

NOW = 1_000_000


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes


@asynccontextmanager
async def admin_server(tmp_path: Path, **changes: Any) -> AsyncIterator[AdminServer]:
    """Open a server as a run opens it; without a store unless one is given."""
    orders: dict[str, Any] = {
        "address": "127.0.0.1:0",
        "token": None,
        "disks": Disks(tmp_path, tmp_path, 5),
        "ships": False,
        "patience_ms": 90_000,
        "now": lambda: NOW,
        "open_store": no_store,
    }
    server = AdminServer(AdminOrders(**(orders | changes)))
    server.open()
    try:
        yield server
    finally:
        await server.close()


async def no_store() -> Frontier:
    raise FrontierError("there is no frontier")


def store_of(frontier: Any) -> Callable[[], Awaitable[Frontier]]:
    async def open_store() -> Any:
        return frontier

    return open_store


def port_of(server: AdminServer) -> int:
    return int(server.url.rstrip("/").rpartition(":")[2])


async def ask(
    server: AdminServer, path: str, *, method: str = "GET", headers: dict[str, str] | None = None
) -> Reply:
    """Make one request on a connection of its own and read all of the answer."""
    lines = [f"{method} {path} HTTP/1.1"]
    lines += [
        f"{name}: {value}" for name, value in ({"Host": "localhost"} | (headers or {})).items()
    ]
    return await send(server, "\r\n".join([*lines, "", ""]).encode())


async def send(server: AdminServer, data: bytes) -> Reply:
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(server))
    writer.write(data)
    answer = await reader.read()
    writer.close()
    return parse(answer)


def parse(answer: bytes) -> Reply:
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    named = (line.partition(":") for line in lines)
    headers = {name.lower(): value.strip() for name, _, value in named}
    return Reply(int(first.split()[1]) if first else 0, headers, body)
