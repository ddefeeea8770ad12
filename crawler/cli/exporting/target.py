"""The file that an export makes: its format by its name, there as a whole or not at all."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from crawler.cli.exporting.draft import draft
from crawler.cli.printable import printable_json
from crawler.errors import ConfigError, StorageError

FORMATS = ("parquet", "csv", "jsonl")
_ENDINGS = {".parquet": "parquet", ".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_PACKED = ".zst"
_LEVEL = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where an export goes; `path` None: to stdout."""

    path: Path | None
    format: str
    is_packed: bool
    force: bool

    @classmethod
    def named(cls, name: str, form: str | None, *, force: bool) -> "Target":
        """Return what a file's name and --to say.

        Raises:
            ConfigError: they say nothing, or what cannot be.
        """
        path = None if name == "-" else Path(name)
        is_packed = path is not None and path.suffix == _PACKED
        ending = Path(path.stem if is_packed else path.name).suffix if path is not None else ""
        form = form or _ENDINGS.get(ending.lower())
        if form not in FORMATS:
            known = ", ".join(FORMATS)
            raise ConfigError(f"{name}: which format is it to be? write --to with one of {known}")
        if form == "parquet" and path is None:
            raise ConfigError("Parquet cannot be written to stdout: name a file with -o")
        if form == "parquet" and is_packed:
            raise ConfigError(f"{name}: Parquet is compressed inside: leave {_PACKED}")
        if path is not None:
            _look(path, force=force)
        return cls(path=path, format=form, is_packed=is_packed, force=force)

    @contextmanager
    def made(self) -> Iterator[Path]:
        """Give a path to write to; the file has its name when this ends without an error.

        Raises:
            ConfigError: the file exists meanwhile.
            StorageError: it cannot be written.
        """
        assert self.path is not None  # noqa: S101 - the caller has looked
        path = self.path.absolute()
        try:
            with draft(path) as temporary:
                yield temporary
                self._name(temporary, path)
        except FileExistsError:
            raise _exists(path) from None
        except OSError as error:
            raise StorageError(f"{path} cannot be written: {error.strerror}") from error

    def _name(self, temporary: Path, path: Path) -> None:
        descriptor = os.open(temporary, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if self.force:
            temporary.replace(path)
            return
        try:
            path.hardlink_to(temporary)  # unlike a rename it takes nobody's place
        except FileExistsError:
            raise
        except OSError:  # a file system without hard links
            _look(path, force=False)
            temporary.replace(path)

    @contextmanager
    def stream(self) -> Iterator[BinaryIO]:
        """Give a stream to write lines to.

        Raises:
            ConfigError, StorageError: as `made` does.
        """
        if self.path is None:
            yield cast("BinaryIO", _Terminal()) if sys.stdout.isatty() else sys.stdout.buffer
            sys.stdout.flush()
            return
        with self.made() as path:
            flags = os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
            with open(os.open(path, flags), "wb") as plain:  # noqa: PTH123 - a descriptor
                if not self.is_packed:
                    yield plain
                    return
                from crawler.sink.packed import load_zstd

                zstd: Any = load_zstd()
                with zstd.open(plain, "wb", level=_LEVEL) as packed:
                    yield packed


class _Terminal:
    """Writes to a terminal what no terminal acts on."""

    def write(self, data: bytes) -> int:
        sys.stdout.write(printable_json(data.decode()))
        return len(data)


def _look(path: Path, *, force: bool) -> None:
    if path.is_dir():
        raise ConfigError(f"{path} is a directory")
    if not path.absolute().parent.is_dir():
        raise ConfigError(f"{path.parent} is no directory")
    if path.exists() and not path.is_file():  # root would make a file of /dev/null
        raise ConfigError(f"{path} is no ordinary file, whose place another one may take")
    if not force and (path.exists() or path.is_symlink()):
        raise _exists(path)


def _exists(path: Path) -> ConfigError:
    return ConfigError(f"{path} exists; --force replaces it")
