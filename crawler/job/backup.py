"""A backup on disk: a copy of a job, and what says whether it is whole."""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from crawler.errors import ConfigError, StorageError
from crawler.job.manifest import read_manifest, write_manifest

MARK = "backup.json"
"""Written first and last; in between it says that the backup is not whole."""
SUMS = "SHA256SUMS"
"""The same checksums for `sha256sum -c`."""
FORMAT = 1
_CHUNK_BYTES = 1 << 20
_SYNC_BYTES = 8 << 20
"""On its way to the disk at once: all of a part would hold up the commits of the crawl."""


@dataclass(frozen=True, slots=True)
class Copied:
    """One file of a backup."""

    bytes: int
    sha256: str


def copy_bytes(
    source: BinaryIO, target: Path, count: int | None, on_bytes: Callable[[int], None]
) -> Copied:
    """Copy the first `count` bytes (None: all) into a new file, durably; return what it holds.

    Raises:
        StorageError: the source is too short.
        OSError: the target cannot be written.
    """
    digest = hashlib.sha256()
    done = 0
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(target, flags, 0o600), "wb") as file:
        while count is None or done < count:
            chunk = source.read(_CHUNK_BYTES if count is None else min(_CHUNK_BYTES, count - done))
            if not chunk:
                break
            file.write(chunk)
            digest.update(chunk)
            done += len(chunk)
            on_bytes(len(chunk))
            if done // _SYNC_BYTES != (done - len(chunk)) // _SYNC_BYTES:
                file.flush()
                os.fdatasync(file.fileno())
        file.flush()
        os.fsync(file.fileno())
    if count is not None and done < count:
        raise StorageError(f"{target.name} lacks {count - done} of {count} committed bytes")
    return Copied(done, digest.hexdigest())


def begin(directory: Path) -> None:
    """Make the directory of a backup, and mark it as not whole.

    Raises:
        ConfigError: it exists and is not empty.
        StorageError: it cannot be made.
    """
    try:
        directory.mkdir(parents=True, mode=0o700, exist_ok=True)
        if any(directory.iterdir()):
            if (read_manifest(directory / MARK) or {}).get("complete") is False:
                raise ConfigError(
                    f"{directory} holds a backup that is not whole: remove it if nobody makes it"
                )
            raise ConfigError(f"{directory} is not empty: a backup needs a directory of its own")
        directory.chmod(0o700)
        (directory / "pages").mkdir(mode=0o700)
    except (FileExistsError, NotADirectoryError):
        raise ConfigError(f"{directory} is no directory") from None
    except OSError as error:
        raise StorageError(f"{directory} cannot be written: {error.strerror}") from error
    write_manifest(directory / MARK, {"format": FORMAT, "complete": False})


def complete(directory: Path, files: Mapping[str, Copied], about: Mapping[str, Any]) -> None:
    """Write the checksums, then mark the backup as whole.

    Raises:
        StorageError: they cannot be written.
    """
    lines = [f"{one.sha256}  {name}\n" for name, one in sorted(files.items())]
    with suppress(FileNotFoundError):
        (directory / SUMS).unlink()
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(directory / SUMS, flags, 0o600), "w") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StorageError(f"{directory / SUMS} cannot be written: {error.strerror}") from error
    held = {name: {"bytes": one.bytes, "sha256": one.sha256} for name, one in files.items()}
    mark = {"format": FORMAT, "complete": True, **about, "files": held}
    write_manifest(directory / MARK, mark)


def read_backup(directory: Path) -> dict[str, Copied]:
    """Return the files of a backup by their names.

    Raises:
        ConfigError: there is no backup, or one that is not whole.
    """
    mark = read_manifest(directory / MARK)
    if mark is None or mark.get("format") != FORMAT:
        raise ConfigError(f"{directory} holds no backup")
    if mark.get("complete") is not True:
        raise ConfigError(f"{directory} holds a backup that was broken off: nothing was restored")
    files = {name: Copied(one["bytes"], one["sha256"]) for name, one in mark["files"].items()}
    for name in files:
        parts = Path(name).parts
        if len(parts) > 2 or ".." in parts or Path(name).is_absolute():
            raise ConfigError(f"{directory / MARK} names {json.dumps(name)}, no file of a job")
    return files
