"""Standard streams as a command can rely on: all three are open, and stderr never fails.

A terminal may be gone, a disk full, a stream closed by who started us. Whether anybody hears what
is said on stderr changes nothing about what is done, nor the exit code that says how it went.
"""

import io
import os
import sys

_STANDARD = (0, 1, 2)


class _Forgetful(io.FileIO):
    """Takes what it cannot write for written."""

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        try:
            return super().write(data)
        except OSError:
            return len(data)


def make_streams_safe() -> None:
    """Do so for this process and those that it starts; before anything else is opened.

    A file that takes the number of a closed stream would get what is meant for that.
    """
    for number in _STANDARD:
        try:
            os.fstat(number)
        except OSError:
            # The lowest number that is free, since those below are open by now.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    sys.stdin = sys.stdin or open(0, closefd=False)  # noqa: SIM115 - stays open
    sys.stdout = sys.stdout or open(1, "w", closefd=False)  # noqa: SIM115 - stays open
    before = sys.stderr
    sys.stderr = io.TextIOWrapper(
        io.BufferedWriter(_Forgetful(2, "w", closefd=False)),
        encoding="utf-8" if before is None else before.encoding,
        errors="backslashreplace",
        line_buffering=True,
    )
