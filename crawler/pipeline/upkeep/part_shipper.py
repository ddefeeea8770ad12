"""Hands sealed parts to the operator's command (`on_part_sealed`), one at a time."""

import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from crawler.errors import ConfigError
from crawler.model.part import Part

TIMEOUT_S = 3600.0
"""A command that takes longer is ended, and has failed."""
FIRST_WAIT_MS = 30_000
LONGEST_WAIT_MS = 3_600_000
"""Between two tries of a part; each wait is twice the one before."""
OUTPUT_BYTES = 2000
"""What is kept of the end of what the command says."""
_END_S = 1.0
_READ_BYTES = 65_536
_PLACE = re.compile(r"(?<!\{)\{(path|name|store|job)\}(?!\})|\{\{(\w+)\}\}")
"""What is filled in; a name in two pairs of braces stands for itself in one."""


class Shipped(NamedTuple):
    """How one run of the command ended."""

    part: Part
    elapsed_ms: int
    error: str | None
    output: str


def split_command(command: str) -> list[str]:
    """Split a command into words as a shell does; there is no shell.

    Raises:
        ConfigError: it has no words, an open quotation mark, or names no program that can be run.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise ConfigError(f"on_part_sealed: {command!r} cannot be split: {error}") from None
    if not words:
        raise ConfigError("on_part_sealed: no command is given")
    if shutil.which(words[0]) is None:
        if shutil.which(words[0], mode=os.F_OK) is not None:
            raise ConfigError(f"on_part_sealed: {words[0]!r} is not executable")
        raise ConfigError(f"on_part_sealed: there is no program {words[0]!r}")
    return words


def arguments(words: list[str], places: Mapping[str, str]) -> list[str]:
    """Fill in `{path}`, `{name}`, `{store}`, `{job}`; where none is, the path is put at the end.

    `{{path}}` stands for a `{path}` that the command itself is to see.
    """

    def fill(found: re.Match[str]) -> str:
        return places[found[1]] if found[1] else f"{{{found[2]}}}"

    filled = [_PLACE.sub(fill, word) for word in words]
    has_place = any(found[1] for word in words for found in _PLACE.finditer(word))
    return filled if has_place else [*filled, places["path"]]


def environment(outer: Mapping[str, str], part: Part, places: Mapping[str, str]) -> dict[str, str]:
    """Return what the command finds: not our settings, which may hold secrets, nor our sockets."""
    ours = ("CRAWLER_", "NOTIFY_SOCKET", "WATCHDOG_", "LISTEN_")
    kept = {name: value for name, value in outer.items() if not name.upper().startswith(ours)}
    kept |= {
        "CRAWLER_JOB": places["job"],
        "CRAWLER_PART_PATH": places["path"],
        "CRAWLER_PART_NAME": places["name"],
        "CRAWLER_PART_BYTES": str(part.bytes),
        "CRAWLER_PART_RECORDS": str(part.records),
    }
    if places["store"]:
        kept["CRAWLER_PART_STORE_PATH"] = places["store"]
    return kept


def wait_ms(tries: int) -> int:
    """Return how long to wait after so many tries that failed."""
    return int(min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** min(tries - 1, 20)))


class PartShipper:
    """One run of the command."""

    def __init__(self, words: list[str], job: Path, output: Path, part: Part) -> None:
        """Start it, in a process group of its own; if it cannot be, `poll` says so."""
        self.part = part
        self._path = output.absolute() / part.file_name
        store = output.absolute() / part.store_name
        places = {
            "path": str(self._path),
            "name": part.file_name,
            "store": str(store) if part.store_bytes else "",
            "job": str(job.absolute()),
        }
        self._begun = time.monotonic()
        self._output = b""
        self._error: str | None = None
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the operator's own command
                arguments(words, places),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=environment(os.environ, part, places),
            )
        except OSError as error:
            self._error = f"cannot be run: {error.strerror}"
            return
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        os.set_blocking(self._process.stdout.fileno(), False)

    @property
    def has_taken_it_away(self) -> bool:
        """Whether the part's file is no longer where it was."""
        return not self._path.exists()

    def poll(self) -> Shipped | None:
        """Return how it ended; None while it works."""
        process = self._process
        if process is not None:
            code = process.poll()
            self._drain()
            if code is None:
                if time.monotonic() - self._begun < TIMEOUT_S:
                    return None
                self.abandon()
                self._error = f"took longer than {TIMEOUT_S:g} s"
            elif code:
                self._error = f"signal {-code}" if code < 0 else f"exit code {code}"
            self._close()
        elapsed_ms = round((time.monotonic() - self._begun) * 1000)
        said = self._output.decode("utf-8", "replace").strip()
        return Shipped(self.part, elapsed_ms, self._error, said)

    def abandon(self) -> None:
        """End it and what it has started; a little time is left to it to clean up."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_END_S)
                break
        self._close()

    def _drain(self) -> None:
        pipe = self._process.stdout if self._process is not None else None
        if pipe is None or pipe.closed:
            return
        for _ in range(16):  # a command that says more waits for the next look
            try:
                said = os.read(pipe.fileno(), _READ_BYTES)
            except BlockingIOError:
                return
            if not said:
                return
            self._output = (self._output + said)[-OUTPUT_BYTES:]

    def _close(self) -> None:
        if self._process is not None and self._process.stdout is not None:
            self._process.stdout.close()
