"""aiocache as it is used here: loaded without its own clients, with Redis through redis-py."""
# aiocache has no annotations.
# mypy: disable-error-code="no-untyped-call"

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from crawler.errors import ConfigError


@contextmanager
def _unseen(*names: str) -> Iterator[None]:
    """Let a library that asks for these packages find that they are not installed."""
    kept = {name: sys.modules[name] for name in names if name in sys.modules}
    sys.modules.update(dict.fromkeys(names))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]
        sys.modules.update(kept)


# Where they are installed aiocache loads the clients of its own Redis and Memcached backends, which
# are not used here: 40 ms of every start. `RedisBackend` imports redis when it is asked for.
with _unseen("redis", "aiomcache"):
    from aiocache.backends.memory import SimpleMemoryCache
    from aiocache.base import BaseCache
    from aiocache.serializers import BaseSerializer

__all__ = [
    "BaseCache",
    "BaseSerializer",
    "RedisBackend",
    "SimpleMemoryCache",
    "check_redis",
]

_TIMEOUT_S = 1.0


class RedisBackend(BaseCache):
    """aiocache on a redis-py client; its own backend calls what redis-py has deprecated."""

    NAME = "redis"

    def __init__(self, url: str, serializer: BaseSerializer) -> None:
        super().__init__(serializer=serializer, timeout=_TIMEOUT_S)
        try:
            from redis.asyncio import Redis  # noqa: PLC0415 - an extra
        except ImportError:
            raise ConfigError(
                "cache: Redis needs the package redis: "
                "pip install '.[redis]' in the clone of quasicrawler"
            ) from None
        try:
            self._client: Any = Redis.from_url(
                url, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S
            )
        except ValueError as error:
            raise ConfigError(f"cache: {masked_address(url)}: {error}") from None

    async def ping(self) -> None:
        await asyncio.wait_for(self._client.ping(), _TIMEOUT_S)

    async def _get(self, key: str, encoding: object, _conn: object = None) -> object:  # noqa: ARG002
        return await self._client.get(key)

    async def _set(
        self,
        key: str,
        value: bytes,
        ttl: float | None = None,
        _cas_token: object = None,
        _conn: object = None,
    ) -> object:
        return await self._client.set(key, value, px=None if ttl is None else int(ttl * 1000))

    async def _close(self, *_: object, **__: object) -> None:
        await self._client.aclose()


async def check_redis(url: str) -> None:
    """Find out whether Redis can be used; leave nothing open.

    Raises:
        ConfigError: it cannot.
    """
    backend = RedisBackend(url, BaseSerializer())
    try:
        await backend.ping()
    except Exception as error:
        reason = str(error) or type(error).__name__
        raise ConfigError(f"cache: no Redis at {masked_address(url)}: {reason}") from error
    finally:
        await backend.close()


def masked_address(url: str) -> str:
    """Return a URL without its password."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "the configured address"
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"
