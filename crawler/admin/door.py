"""The listening socket: takes connections no faster and no more at once than they may cost.

What is over the limits waits in the system's backlog, where it costs the crawl nothing. Sockets do
not outlive a fork: a reader that kept the port would hold it after the parent's end.
"""

import asyncio
import contextlib
import errno
import os
import socket
import weakref
from collections.abc import Callable

from crawler.errors import ConfigError

MOST_OPEN = 64
PER_SECOND = 50
BURST = 100
_BACKLOG = 128

_doors: "weakref.WeakSet[Door]" = weakref.WeakSet()
_hooks = {"registered": False}


class Door:
    """Accepts connections and gives each to a protocol."""

    def __init__(self, make_protocol: Callable[[], asyncio.Protocol]) -> None:
        self._make_protocol = make_protocol
        self._loop = asyncio.get_running_loop()
        self._listener: socket.socket | None = None
        self._open: dict[asyncio.Protocol, socket.socket] = {}
        self._entering: set[asyncio.Task[None]] = set()
        self._is_listening = False
        self._left = float(BURST)
        self._counted_at = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None

    def open(self, host: str, port: int) -> tuple[str, int]:
        """Bind and listen; return the address that was bound.

        Raises:
            ConfigError: it cannot be bound.
        """
        self._listener = listen_at(host, port)
        self._listener.setblocking(False)
        if not _hooks["registered"]:
            _hooks["registered"] = True
            os.register_at_fork(after_in_child=_close_in_child)
        _doors.add(self)
        self._listen()
        name = self._listener.getsockname()
        return str(name[0]), int(name[1])

    def close(self) -> None:
        """Close the listening socket; connections are the server's to end."""
        _doors.discard(self)
        self._rest()
        if self._timer is not None:
            self._timer.cancel()
        for task in self._entering:
            task.cancel()
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def left(self, protocol: asyncio.Protocol) -> None:
        """A connection has ended."""
        self._open.pop(protocol, None)
        if self._timer is None:
            self._listen()

    def close_in_child(self) -> None:
        """Close all sockets of a process that was just forked; nothing is sent."""
        sockets = [*self._open.values(), self._listener]
        for one in sockets:
            if one is not None:
                with contextlib.suppress(OSError):
                    os.close(one.detach())

    def _listen(self) -> None:
        if self._listener is not None and not self._is_listening:
            self._is_listening = True
            self._loop.add_reader(self._listener, self._accept)

    def _rest(self) -> None:
        if self._listener is not None and self._is_listening:
            self._is_listening = False
            self._loop.remove_reader(self._listener)

    def _accept(self) -> None:
        """Take one connection: others of the loop come first before the next."""
        if self._listener is None:
            return
        if len(self._open) >= MOST_OPEN:
            self._rest()  # the end of one wakes us
            return
        now = self._loop.time()
        self._left = min(BURST, self._left + (now - self._counted_at) * PER_SECOND)
        self._counted_at = now
        if self._left < 1:
            self._rest()
            self._timer = self._loop.call_later((1 - self._left) / PER_SECOND, self._on_timer)
            return
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError:  # out of descriptors, say: come again in a second
            self._rest()
            self._timer = self._loop.call_later(1, self._on_timer)
            return
        self._left -= 1
        connection.setblocking(False)
        protocol = self._make_protocol()
        self._open[protocol] = connection
        task = self._loop.create_task(self._enter(protocol, connection))
        self._entering.add(task)
        task.add_done_callback(self._entering.discard)

    async def _enter(self, protocol: asyncio.Protocol, connection: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(lambda: protocol, connection)
        except OSError:
            connection.close()
            self.left(protocol)

    def _on_timer(self) -> None:
        self._timer = None
        self._listen()


def listen_at(host: str, port: int) -> socket.socket:
    """Return a socket that listens there.

    Raises:
        ConfigError: it cannot be bound.
    """
    try:
        family, address = _resolve(host, port)
        return socket.create_server(
            address, family=family, backlog=_BACKLOG, dualstack_ipv6=_is_every(family, address)
        )
    except OSError as error:
        raise ConfigError(_why_not(host, port, error)) from None


def _resolve(host: str, port: int) -> tuple[int, tuple[str, int]]:
    """Return family and address to bind; of several the first, IPv4 where there is one."""
    found = socket.getaddrinfo(
        host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    found.sort(key=lambda one: one[0] != socket.AF_INET)
    family, *_, address = found[0]
    return family, (str(address[0]), int(address[1]))


def _is_every(family: int, address: tuple[str, int]) -> bool:
    return family == socket.AF_INET6 and address[0] == "::" and socket.has_dualstack_ipv6()


def _why_not(host: str, port: int, error: OSError) -> str:
    where = f"http {host}:{port}"
    if error.errno == errno.EADDRINUSE:
        return f"{where} is in use: another program listens there; name another port, or 0 for any"
    if error.errno == errno.EACCES:
        return f"{where} is not ours to use: ports below 1024 are for root; name another port"
    detail = error.strerror or str(error)
    return f"{where} cannot be used: {detail}; name an address of this machine"


def _close_in_child() -> None:
    for door in list(_doors):
        door.close_in_child()
