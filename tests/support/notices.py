"""The other end of NOTIFY_SOCKET: what systemd would hear."""

import select
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Self


class Notice(NamedTuple):
    """One message: its lines by name, and who sent it."""

    lines: dict[str, str]
    pid: int


class Notices:
    """Binds the socket, keeps all that came; `with Notices(path) as heard`.

    A thread reads, as systemd does at once: the kernel keeps ten messages, and who speaks does not
    wait until there is room for more.
    """

    def __init__(self, address: Path | str) -> None:
        self.address = str(address)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._socket.setblocking(False)
        name = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        self._socket.bind(name)
        self.all: list[Notice] = []
        self._taken = 0
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()
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
            if self._taken < len(self.all):
                found.append(self.all[self._taken])
                self._taken += 1
            elif time.monotonic() > deadline:
                raise AssertionError(f"waited {timeout_s} s for {what}: {found[-3:]}")
            else:
                time.sleep(0.005)
        return found

    def rest(self) -> list[Notice]:
        """Return what has come and was not taken yet."""
        self._hear()
        found = self.all[self._taken :]
        self._taken += len(found)
        return found

    def _listen(self) -> None:
        while not self._is_over.is_set():
            if select.select([self._socket], [], [], 0.1)[0]:
                self._hear()

    def _hear(self) -> None:
        with self._lock:
            while True:
                try:
                    data, credentials, _, _ = self._socket.recvmsg(65_536, socket.CMSG_SPACE(12))
                except BlockingIOError:
                    return
                pid = int.from_bytes(credentials[0][2][:4], "little")
                lines = dict(line.split("=", 1) for line in data.decode().splitlines())
                self.all.append(Notice(lines, pid))


def has(name: str, value: str | None = None) -> Callable[[Notice], bool]:
    """Return whether a notice has a line."""
    return lambda notice: name in notice.lines and value in (None, notice.lines[name])
