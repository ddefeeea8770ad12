"""Frames on a pipe: one pickled value each, never blocking the event loop on either side.

A byte credit would not make a blocking write safe (large writes do not share the pages of a pipe),
so what does not fit stays in a buffer until the pipe takes it.
"""

import asyncio
import os
import pickle
from typing import Any

_READ_BYTES = 65_536
_HEADER_BYTES = 4


class FrameSink:
    """The writing end of a pipe."""

    def __init__(self, fd: int, loop: asyncio.AbstractEventLoop) -> None:
        os.set_blocking(fd, False)
        self._fd = fd
        self._loop = loop
        self._left = bytearray()
        self._drained: asyncio.Future[None] | None = None
        self.broken = False
        """The other side is gone; what is sent now is lost."""

    def fileno(self) -> int:
        return self._fd

    def send(self, value: object) -> None:
        """Write one frame, or keep the rest of it until the pipe has room."""
        if self.broken:
            return
        body = pickle.dumps(value, 5)
        data = len(body).to_bytes(_HEADER_BYTES, "little") + body
        if self._left:
            self._left += data
            return
        sent = self._write(data)
        if sent < len(data) and not self.broken:
            self._left += data[sent:]
            self._loop.add_writer(self._fd, self._flush)

    async def drain(self, timeout_s: float) -> None:
        """Wait until everything is in the pipe, at most `timeout_s`."""
        if self._left and not self.broken:
            self._drained = self._loop.create_future()
            await asyncio.wait((self._drained,), timeout=timeout_s)

    def close(self) -> None:
        """Close the pipe; what was not written is dropped."""
        self._loop.remove_writer(self._fd)
        self.broken = True
        os.close(self._fd)

    def _write(self, data: bytes | bytearray) -> int:
        try:
            return os.write(self._fd, data)
        except BlockingIOError:
            return 0
        except BrokenPipeError:
            self.broken = True
            return 0

    def _flush(self) -> None:
        del self._left[: self._write(self._left)]
        if self.broken or not self._left:
            self._loop.remove_writer(self._fd)
            if self._drained is not None and not self._drained.done():
                self._drained.set_result(None)


class FrameSource:
    """The reading end of a pipe; the torn frame of a killed writer is never seen."""

    def __init__(self, fd: int) -> None:
        os.set_blocking(fd, False)
        self._fd = fd
        self._left = b""
        self.ended = False
        """The other side is gone and all its whole frames were read."""

    def fileno(self) -> int:
        return self._fd

    def read(self, *, to_end: bool = False) -> list[Any]:
        """Return the frames that are complete now; `to_end`: the writer has died, look for all."""
        frames: list[Any] = []
        while not self.ended:
            try:
                chunk = os.read(self._fd, _READ_BYTES)
            except BlockingIOError:
                break
            if chunk:
                self._parse(self._left + chunk if self._left else chunk, frames)
            self.ended = not chunk
            if len(chunk) < _READ_BYTES and not to_end:
                break  # a short read has emptied the pipe
        return frames

    def close(self) -> None:
        os.close(self._fd)

    def _parse(self, data: bytes, frames: list[Any]) -> None:
        start = 0
        while len(data) - start >= _HEADER_BYTES:
            body = start + _HEADER_BYTES
            end = body + int.from_bytes(data[start:body], "little")
            if end > len(data):
                break
            # Both ends are this program, on a pipe that nobody else can open.
            frames.append(pickle.loads(data[body:end]))  # noqa: S301
            start = end
        self._left = data[start:]
