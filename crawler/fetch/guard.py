"""Which addresses may be connected to: global ones, and those that a person allowed.

The check is made on the address that a socket is about to be connected to, for every new
connection, so that no spelling of an address, no DNS answer and no redirect gets past it. The
resolver checks too, so that a name with good and bad addresses is reached on the good ones.

With a proxy it is the proxy that resolves names, and a proxy that a person named is trusted; only
addresses written in a URL, and `localhost`, are still refused (`Guard.refuses_literal`).
"""

import asyncio
import os
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

from crawler.errors import ConfigError

_NAT64 = IPv6Network("64:ff9b::/96")
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_RESOLVER_THREADS = 32
_REMEMBERED = 10_000

Address = IPv4Address | IPv6Address


class BlockedAddressError(OSError):
    """An address that is not global and not allowed; an OSError, as connecting expects."""

    def __init__(self, address: str) -> None:
        super().__init__(f"{address} is not a global address (see --allow-net)")


class Guard:
    """Decides on addresses."""

    def __init__(self, allow_net: Sequence[str]) -> None:
        try:
            self._allowed = tuple(ip_network(net, strict=False) for net in allow_net)
        except ValueError as error:
            raise ConfigError(f"allow-net: {error}") from None
        self._known: dict[str, bool] = {}

    def allows(self, text: str) -> bool:
        """Tell whether an address in numeric form may be connected to."""
        known = self._known.get(text)
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[text] = self._judge(text)
        return known

    def refuses_literal(self, host: str) -> bool:
        """Tell whether a URL's host is a local name or numeric address that is not allowed."""
        host = host.strip("[]").removesuffix(".")
        if host == "localhost" or host.endswith(".localhost"):
            return not (self.allows("127.0.0.1") or self.allows("::1"))
        # A name's last label is never a number: the URL parser makes an address of it, or refuses.
        if ":" not in host and not host.rpartition(".")[2].isdecimal():
            return False
        return not self.allows(host)

    def new_socket(self, addr_info: tuple[Any, ...]) -> socket.socket:
        """Make the socket of a connection: aiohttp's hook right before `connect`."""
        family, kind, proto, _, address = addr_info
        if not self.allows(address[0]):
            raise BlockedAddressError(address[0])
        return socket.socket(family=family, type=kind, proto=proto)

    def _judge(self, text: str) -> bool:
        try:
            address: Address = ip_address(text.partition("%")[0])
        except ValueError:
            return False
        inner = _embedded(address)
        for net in self._allowed:
            if address in net or (inner is not None and inner in net):
                return True
        return _is_global(address if inner is None else inner)


class GuardedResolver(AbstractResolver):
    """Resolves names in threads of its own and leaves out what the guard refuses.

    The loop's default executor has a handful of threads, too few for a crawl of many hosts.
    """

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._threads = ThreadPoolExecutor(_RESOLVER_THREADS, thread_name_prefix="dns")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a name that may be connected to, at least one."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._threads, _look_up, host, port, family)
        except UnicodeError as error:
            raise socket.gaierror(socket.EAI_NONAME, f"not a host name: {host!r}") from error
        good = [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=kind,
                proto=0,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, address in found
            if self._guard.allows(address)
        ]
        if good:
            return good
        if found:
            raise BlockedAddressError(found[0][1])
        raise socket.gaierror(socket.EAI_NONAME, f"no address for {host}")

    async def close(self) -> None:
        """End the threads; a look-up that hangs is left alone."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _look_up(host: str, port: int, family: int) -> list[tuple[int, str]]:
    try:
        infos = socket.getaddrinfo(
            host, port, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
        )
    except socket.gaierror:
        # Without a file to open the C library may say that there is no such name.
        os.close(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
        raise
    # dict: order kept, doubles dropped
    return list(dict.fromkeys((int(kind), str(address[0])) for kind, _, _, _, address in infos))


def _embedded(address: Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 address stands for."""
    if isinstance(address, IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.sixtofour


def _is_global(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        # What the library calls global outside of this block is not routed (`::7f00:1`).
        return False
    return address.is_global and not address.is_multicast
