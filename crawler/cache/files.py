"""An aiocache backend over files: what is kept outlives the process, and is its owner's alone.

One file for each entry, named by a hash of its key: a line of JSON (format, expiry, length and
digest of the rest), then the value. A file is written beside its place and moved there, so that
nobody ever reads half of one; whatever else is wrong with it, it counts as absent.
"""
# aiocache has no annotations.
# mypy: disable-error-code="no-untyped-call"

import json
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from crawler.cache.backend import BaseCache, BaseSerializer
from crawler.errors import StorageError

_FORMAT = 1
_SUFFIX = ".response"
_FULL_SHARE = 4
"""An entry larger than this part of all is not kept: it would push out most others."""


class FileBackend(BaseCache):
    """Entries as files of one directory; the oldest go when they have too many bytes."""

    NAME = "files"

    def __init__(self, directory: Path, max_bytes: int, serializer: BaseSerializer) -> None:
        """Make the directory if it is missing.

        Raises:
            StorageError: it cannot be made, or is somebody else's.
        """
        super().__init__(serializer=serializer, timeout=None)
        self._directory = directory
        self._max_bytes = max_bytes
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = directory.stat()
        except OSError as error:
            raise StorageError(f"cache {directory}: {error.strerror}") from error
        if found.st_uid != os.geteuid():
            # Whoever owns it could put answers there that no server gave.
            raise StorageError(f"cache {directory} belongs to another user")

    def _path(self, key: str) -> Path:
        return self._directory / (sha256(key.encode()).hexdigest() + _SUFFIX)

    async def _get(self, key: str, encoding: object, _conn: object = None) -> bytes | None:  # noqa: ARG002
        path = self._path(key)
        try:
            data = path.read_bytes()
        except OSError:
            return None
        value = _opened(data)
        if value is None:
            with suppress(OSError):
                path.unlink()
        return value

    async def _set(
        self,
        key: str,
        value: bytes,
        ttl: float | None = None,
        _cas_token: object = None,
        _conn: object = None,
    ) -> bool:
        data = _closed(value, ttl)
        if len(data) * _FULL_SHARE > self._max_bytes:
            return False
        path = self._path(key)
        beside = path.with_suffix(f".{os.getpid()}.new")
        try:
            descriptor = os.open(
                beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600
            )
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            beside.replace(path)
        except OSError as error:
            with suppress(OSError):
                beside.unlink()
            raise StorageError(f"cache {self._directory}: {error.strerror}") from error
        self._make_room()
        return True

    def _make_room(self) -> None:
        """Take away the oldest entries, and what a killed process left half written."""
        files = sorted(self._files())
        left = sum(size for _, size, _ in files)
        for _, size, path in files[:-1]:
            if left <= self._max_bytes:
                return
            with suppress(OSError):
                path.unlink()
            left -= size

    def _files(self) -> Iterator[tuple[int, int, Path]]:
        """Yield (time of writing, bytes, path) of everything that is ours."""
        for path in self._directory.iterdir():
            if path.suffix in (_SUFFIX, ".new"):
                with suppress(OSError):
                    found = path.stat()
                    yield found.st_mtime_ns, found.st_size, path


def _closed(value: bytes, ttl: float | None) -> bytes:
    # Wall time: an entry is read by later processes, whose monotonic clocks may start elsewhere.
    expires_s = None if ttl is None else time.time_ns() / 1e9 + ttl
    head = [_FORMAT, expires_s, len(value), sha256(value).hexdigest()]
    return json.dumps(head).encode() + b"\n" + value


def _opened(data: bytes) -> bytes | None:
    """Return the value, None where it is too old or not what was written."""
    head, _, value = data.partition(b"\n")
    try:
        version, expires_s, length, digest = json.loads(head)
        is_old = expires_s is not None and time.time_ns() / 1e9 >= float(expires_s)
    except (ValueError, TypeError):
        return None
    if version != _FORMAT or is_old or length != len(value):
        return None
    return value if sha256(value).hexdigest() == digest else None
