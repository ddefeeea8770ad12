"""The other end of NOTIFY_SOCKET: what systemd would hear."""

import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Self


class Notice(NamedTuple):
    """One message: its lines by name, and who sent it."""

    lines: dict[str, str]
    pid: int


class Notices:
    """Binds the socket, keeps all that came; `with Notices(path) as heard`."""

    def __init__(self, address: Path | str) -> None:
        self.address = str(address)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        name = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        self._socket.bind(name)
        self.all: list[Notice] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        if not self.address.startswith("@"):
            Path(self.address).unlink()

    def wait_for(
        self, condition: Callable[[Notice], object], what: str, timeout_s: float = 60
    ) -> list[Notice]:
        """Return all notices from here to the first one that fulfils the condition."""
        found: list[Notice] = []
        deadline = time.monotonic() + timeout_s
        while not (found and condition(found[-1])):
            left = deadline - time.monotonic()
            self._socket.settimeout(max(left, 0.001))
            try:
                found.append(self._take())
            except TimeoutError:
                raise AssertionError(f"waited {timeout_s} s for {what}: {found[-3:]}") from None
        return found

    def rest(self) -> list[Notice]:
        """Return what has come and was not taken yet."""
        found = []
        self._socket.setblocking(False)
        while True:
            try:
                found.append(self._take())
            except BlockingIOError:
                return found

    def _take(self) -> Notice:
        data, credentials, _, _ = self._socket.recvmsg(65_536, socket.CMSG_SPACE(12))
        pid = int.from_bytes(credentials[0][2][:4], "little")
        lines = dict(line.split("=", 1) for line in data.decode().splitlines())
        notice = Notice(lines, pid)
        self.all.append(notice)
        return notice


def has(name: str, value: str | None = None) -> Callable[[Notice], bool]:
    """Return whether a notice has a line."""
    return lambda notice: name in notice.lines and value in (None, notice.lines[name])
