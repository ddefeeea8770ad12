"""Certificates of authorities, read at the first TLS connection and not at import.

aiohttp makes two TLS contexts while it is imported, and each reads the system's certificates: 30 ms
of every start, half of it for a context that verifies nothing and that the crawler never uses.
"""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class _LateContext(ssl.SSLContext):
    """An ordinary context that reads its certificates just before it is used first.

    Whatever would go wrong with that, a context without certificates trusts nobody.
    """

    def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:
        return _made_ready(self).wrap_bio(*args, **kwargs)

    def wrap_socket(self, *args: Any, **kwargs: Any) -> ssl.SSLSocket:
        return _made_ready(self).wrap_socket(*args, **kwargs)


def _made_ready(context: ssl.SSLContext) -> ssl.SSLContext:
    context.__class__ = ssl.SSLContext
    context.load_default_certs()
    return context


@contextmanager
def certificates_later() -> Iterator[None]:
    """Within this, a context that is told to read the system's certificates does so when used."""
    read_now = ssl.SSLContext.load_default_certs
    contexts: Any = ssl.SSLContext
    contexts.load_default_certs = contexts.set_default_verify_paths = _read_later
    try:
        yield
    finally:
        contexts.load_default_certs = read_now
        del contexts.set_default_verify_paths  # it is inherited


def _read_later(context: ssl.SSLContext, _purpose: object = None) -> None:
    context.__class__ = _LateContext
