"""Whole responses, for somebody who asks for one page again and again: `try --http-cache`.

This is no cache as HTTP has it: whatever a server says about keeping, an answer holds for as long
as the person wants, since it is not the page that changes but what is taken from it.
"""
# aiocache has no annotations.
# mypy: disable-error-code="no-untyped-call"

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from crawler.cache.backend import BaseCache, BaseSerializer, RedisBackend, check_redis
from crawler.cache.files import FileBackend
from crawler.errors import StorageError
from crawler.model.result import Fetched, Redirected
from crawler.ports import Response

MAX_BYTES = 200_000_000
"""Of all entries of the directory."""
MAX_AGE_S = 86_400.0
"""After that nobody gets an entry, however old a one he would take."""

Failed = Callable[[str], None]
"""Told why an entry could not be read or written."""

_PREFIX = "quasicrawler:response:"
_NOT_KEPT = frozenset({"set-cookie"})


class ResponseCache:
    """In Redis where there is one, else in files; a cache that fails is one without the entry."""

    def __init__(self, backend: BaseCache, failed: Failed) -> None:
        self._backend = backend
        self._failed = failed

    async def get(self, key: str) -> Response | None:
        """Return what was answered, with the time when it was."""
        try:
            return cast("Response | None", await self._backend.get(_PREFIX + key))
        except Exception as error:  # noqa: BLE001 - whatever a cache does, the server can be asked
            self._failed(str(error) or type(error).__name__)
            return None

    async def set(self, key: str, response: Response) -> None:
        try:
            await self._backend.set(_PREFIX + key, response, ttl=MAX_AGE_S)
        except Exception as error:  # noqa: BLE001 - as above
            self._failed(str(error) or type(error).__name__)

    async def close(self) -> None:
        await self._backend.close()


async def response_cache(
    redis_url: str | None, environ: Mapping[str, str], failed: Failed
) -> ResponseCache:
    """Return the cache of this user.

    Raises:
        ConfigError: Redis cannot be used.
        StorageError: the directory cannot be used.
    """
    if redis_url is not None:
        await check_redis(redis_url)
        return ResponseCache(RedisBackend(redis_url, _ResponseSerializer()), failed)
    directory = cache_directory(environ)
    return ResponseCache(FileBackend(directory, MAX_BYTES, _ResponseSerializer()), failed)


def cache_directory(environ: Mapping[str, str]) -> Path:
    """Return where entries are files: `$XDG_CACHE_HOME/quasicrawler/http`, else in `~/.cache`.

    Raises:
        StorageError: there is no home.
    """
    home = environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(home):  # noqa: PTH117 - the specification: others are ignored
        try:
            home = str(Path.home() / ".cache")
        except RuntimeError:
            raise StorageError("no home for --http-cache: set XDG_CACHE_HOME") from None
    return Path(home, "quasicrawler", "http")


class _ResponseSerializer(BaseSerializer):
    """One line of JSON, then the decoded body as it is."""

    DEFAULT_ENCODING = None

    def dumps(self, value: Response) -> bytes:  # type: ignore[override]
        head = {
            "status": value.status,
            "headers": {k: v for k, v in value.headers.items() if k not in _NOT_KEPT},
            "attempts": value.attempts,
            "started_at": value.started_at,
            "elapsed_ms": value.elapsed_ms,
            "location": None if isinstance(value, Fetched) else value.location,
            "truncated": isinstance(value, Fetched) and value.truncated,
        }
        body = value.body if isinstance(value, Fetched) else b""
        return json.dumps(head).encode() + b"\n" + body

    def loads(self, value: bytes | None) -> Response | None:  # type: ignore[override]
        if value is None:
            return None
        head, _, body = value.partition(b"\n")
        try:
            found = json.loads(head)
            exchange: dict[str, Any] = {
                name: int(found[name]) for name in ("attempts", "started_at", "elapsed_ms")
            }
            headers = {str(name): str(text) for name, text in found["headers"].items()}
            status, location = int(found["status"]), found["location"]
            truncated = bool(found["truncated"])
        except (ValueError, TypeError, KeyError, AttributeError):
            return None  # not ours
        if location is not None:
            return Redirected(status=status, headers=headers, location=str(location), **exchange)
        return Fetched(status=status, headers=headers, body=body, truncated=truncated, **exchange)
