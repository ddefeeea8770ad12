"""Files as SQL sees them: `crawl://NAME`, read-only, each with the end that it had at first.

DuckDB reads through these and can open nothing else. So a query sees what was committed when it
began, however much is written meanwhile, and no other file of the machine.
"""

import io
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Self
from weakref import WeakSet

from fsspec import AbstractFileSystem

PROTOCOL = "crawl"
Write = Callable[[BinaryIO], None]
"""Writes a whole table as JSON lines."""


class QueryFiles(AbstractFileSystem):
    """A read-only file system of named files; `close` it."""

    protocol = PROTOCOL
    cachable = False  # codespell:ignore cachable

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._opened: dict[str, Callable[[], Bounded]] = {}
        self._temporary: list[BinaryIO] = []
        self._read: WeakSet[Bounded] = WeakSet()
        self.faults: list[BaseException] = []
        """What was raised while DuckDB read; it makes an error of its own of each."""

    def add(self, name: str, open_: Callable[[], BinaryIO], size: int) -> str:
        """Add a file, of which `size` bytes count; return its path."""
        self._opened[name] = lambda: Bounded(open_(), size, self.faults)
        return f"{PROTOCOL}://{name}"

    def add_made(self, name: str, write: Write) -> str:
        """Add a file that is written, to an unnamed one, if it is ever asked for."""
        made: list[BinaryIO] = []

        def open_() -> Bounded:
            if not made:
                made.append(self.temporary())
                write(made[0])
                made[0].flush()
            # Each reader has a place of its own in it.
            stream = reopened(made[0])
            return Bounded(stream, stream.seek(0, io.SEEK_END), self.faults)

        self._opened[name] = open_
        return f"{PROTOCOL}://{name}"

    def temporary(self) -> BinaryIO:
        """Return a file without a name, which is gone with this object."""
        stream: Any = tempfile.TemporaryFile(prefix="crawler-")  # noqa: SIM115 - closed by `close`
        self._temporary.append(stream)
        return stream  # type: ignore[no-any-return]

    def close(self) -> None:
        for bounded in list(self._read):
            bounded.close()
        for stream in self._temporary:
            stream.close()

    # What DuckDB asks for; the names are fsspec's.

    def open(self, path: str, mode: str = "rb", *_: Any, **__: Any) -> "Bounded":
        if mode != "rb":
            raise PermissionError(f"{path} is read-only")
        made = self._opened.get(_name(path))
        if made is None:
            raise FileNotFoundError(path)
        with kept(self.faults):
            bounded = made()
        self._read.add(bounded)
        return bounded

    def glob(self, path: str, *_: Any, **__: Any) -> list[str]:
        return [path] if _name(path) in self._opened else []

    def exists(self, path: str, **_: Any) -> bool:
        return _name(path) in self._opened

    def info(self, path: str, **_: Any) -> dict[str, object]:
        with self.open(path) as stream:
            return {"name": path, "size": stream.size, "type": "file"}


@contextmanager
def kept(faults: list[BaseException]) -> Iterator[None]:
    """Keep what is raised, and let it go on."""
    try:
        yield
    except BaseException as fault:
        faults.append(fault)
        raise


def reopened(stream: BinaryIO) -> BinaryIO:
    """Open a file without a name once more, at a place of its own."""
    return Path(f"/proc/self/fd/{stream.fileno()}").open("rb", buffering=0)


class Bounded:
    """The beginning of a file."""

    def __init__(self, stream: BinaryIO, size: int, faults: list[BaseException]) -> None:
        self._stream = stream
        self.size = size
        self._at = stream.seek(0)
        self._faults = faults

    def read(self, size: int = -1) -> bytes:
        with kept(self._faults):
            left = self.size - self._at
            block = self._stream.read(left if size < 0 else min(size, left))
            self._at += len(block)
            return block

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        with kept(self._faults):
            base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
            self._at = self._stream.seek(base + offset)
            return self._at

    def tell(self) -> int:
        return self._at

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        self._stream.close()

    def __del__(self) -> None:
        # DuckDB closes some of its files, and lets go of the others.
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _name(path: str) -> str:
    return path.removeprefix(f"{PROTOCOL}://")
