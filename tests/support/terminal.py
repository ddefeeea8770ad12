"""A terminal of some size with a program in it, and what a person sees on its screen."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

import pyte

_CONTROL = (
    "import fcntl, os, sys, termios\n"
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
    "os.execv(sys.argv[1], sys.argv[1:])\n"
)


class Terminal:
    """`with Terminal(command, columns=80, rows=24) as seen: seen.text()`."""

    def __init__(
        self, command: Sequence[str], *, columns: int, rows: int, env: Mapping[str, str] = {}
    ) -> None:
        self._command = command
        self._env = {"PATH": os.environ["PATH"], "TERM": "xterm", "LANG": "C.UTF-8"} | dict(env)
        self._lock = threading.Lock()
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self.raw = b""
        """All that was ever written."""

    def __enter__(self) -> Self:
        self._end, theirs = pty.openpty()
        self._tell_size()
        self.process = subprocess.Popen(
            [sys.executable, "-c", _CONTROL, *self._command],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            env=self._env,
        )
        os.close(theirs)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, 9)
        self.process.wait()
        self._thread.join(5)
        os.close(self._end)

    def lines(self) -> list[str]:
        """The lines of the screen that have anything, without blanks at their ends."""
        with self._lock:
            return [line.rstrip() for line in self._screen.display if line.strip()]

    def text(self) -> str:
        return "\n".join(self.lines())

    def is_cursor_shown(self) -> bool:
        return not self._screen.cursor.hidden

    def press(self, keys: bytes) -> None:
        os.write(self._end, keys)

    def resize(self, columns: int, rows: int) -> None:
        with self._lock:
            self._screen.resize(rows, columns)
            self._tell_size()

    def wait(self, timeout_s: float = 60) -> int:
        """Wait for the program and for all that it wrote; return its code."""
        code = self.process.wait(timeout_s)
        self._thread.join(5)
        return code

    def _tell_size(self) -> None:
        size = struct.pack("HHHH", self._screen.lines, self._screen.columns, 0, 0)
        fcntl.ioctl(self._end, termios.TIOCSWINSZ, size)

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._end, 65_536)
            except OSError:  # the program has ended
                return
            if not data:
                return
            with self._lock:
                self.raw += data
                self._stream.feed(data)
