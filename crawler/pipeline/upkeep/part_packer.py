"""Packs sealed parts, one at a time, in a process of its own (`crawler.sink.packing`).

At any kill one whole form of a part is there: the plain file goes only after the store knows of the
packed one, and that is named only after it was synced and read back.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from crawler.model.part import Part
from crawler.sink.packed import ENDING
from crawler.sink.packing import Packing, place
from crawler.sink.reading import temporary_path


class Packed(NamedTuple):
    """How one packing ended."""

    part: Part
    elapsed_ms: int
    made: Packing | None
    error: str = ""


class PartPacker:
    """The process that packs one part."""

    def __init__(self, output: Path, part: Part) -> None:
        """Start it.

        Raises:
            OSError: it cannot be started.
        """
        self.part = part
        self._path = output / part.name
        self._begun = time.monotonic()
        name = (sys.executable, "-m", "crawler.sink.packing")
        with _no_signals():
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [*name, str(self._path.absolute()), str(part.bytes), str(os.getpid())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )

    def poll(self) -> Packed | None:
        """Return how it ended and give the file its name; None while it works."""
        if self._process.poll() is None:
            return None
        said, complaint = self._process.communicate()
        elapsed_ms = round((time.monotonic() - self._begun) * 1000)
        if self._process.returncode:
            lines = complaint.decode("utf-8", "replace").strip().splitlines()
            why = lines[-1] if lines else f"ended with code {self._process.returncode}"
            return Packed(self.part, elapsed_ms, None, why)
        try:
            place(self._path)
        except OSError as error:
            return Packed(self.part, elapsed_ms, None, str(error))
        return Packed(self.part, elapsed_ms, Packing(**json.loads(said)))

    def remove_other(self, *, keep_packed: bool) -> None:
        """Remove the form of the part that does not count any more."""
        path = self._path if keep_packed else self._path.with_name(self._path.name + ENDING)
        path.unlink(missing_ok=True)

    def abandon(self) -> None:
        """End it; the part stays as it is."""
        self._process.kill()
        self._process.communicate()
        temporary_path(self._path).unlink(missing_ok=True)


@contextmanager
def _no_signals() -> Iterator[None]:
    """Let a process that is started within it hear none of the signals that stop a crawl.

    Ctrl-C, a closed terminal and a service manager tell the whole group; the parent decides what
    becomes of the packing. What is held back stays so over an exec, so no moment of the new
    process is too early.
    """
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)
