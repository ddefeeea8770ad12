"""The service manager above this process: `sd_notify(3)`, in the few lines that it takes.

systemd names a datagram socket in NOTIFY_SOCKET, and in WATCHDOG_USEC how often it wants to hear.
The socket is opened for each message, so that no reader inherits it over a fork.
"""

import logging
import os
import socket
import time
from collections.abc import MutableMapping

logger = logging.getLogger(__name__)

_NAMES = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")


class ServiceManager:
    """Who started this process and wants to be told how it does."""

    def __init__(self, address: str, *, watchdog_ms: int | None = None) -> None:
        """`address`: a path, or a name in the abstract namespace after `@`."""
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self.watchdog_ms = watchdog_ms
        """It restarts what it has not heard of for so long; None: it does not wait for us."""
        self._has_failed = False

    @classmethod
    def take_from(cls, environ: MutableMapping[str, str]) -> "ServiceManager | None":
        """Return who wants to be told, None if nobody does.

        Its variables are taken out: a process that we start would speak for the service.
        """
        address, usec, pid = (environ.pop(name, "") for name in _NAMES)
        if not address.startswith(("/", "@")):
            return None
        is_for_us = usec.isdecimal() and pid in ("", str(os.getpid()))
        return cls(address, watchdog_ms=int(usec) // 1000 or 1 if is_for_us else None)

    def tell(self, *lines: str) -> None:
        """Send `NAME=value` lines as one message; never waits and never fails."""
        message = "\n".join(line.replace("\n", " ") for line in lines)
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
                to.setblocking(False)
                to.sendto(message.encode(errors="replace"), self._address)
        except OSError as error:
            if not self._has_failed:
                logger.warning("notify_failed", extra={"error": str(error)})
            self._has_failed = True


def monotonic_usec() -> str:
    """Return the line that lets systemd tell one reload from the next."""
    return f"MONOTONIC_USEC={time.monotonic_ns() // 1000}"
