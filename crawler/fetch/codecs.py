"""Brotli and Zstandard, loaded for the first body that is coded so.

aiohttp loads both while it is imported, to decode what here is decoded by `body`: 3 ms of every
start, of crawls too that never meet them.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_UNSEEN = ("brotli", "brotlicffi", "backports.zstd", "compression.zstd")


@contextmanager
def codecs_later() -> Iterator[None]:
    """Within this, a library that asks for these packages finds that they are not installed."""
    kept = {name: sys.modules[name] for name in _UNSEEN if name in sys.modules}
    sys.modules.update(dict.fromkeys(_UNSEEN))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in _UNSEEN:
            del sys.modules[name]
        sys.modules.update(kept)


def load_brotli() -> Any:
    """Return brotli."""
    import brotli  # type: ignore[import-untyped]  # noqa: PLC0415

    return brotli


def load_zstd() -> Any:
    """Return the standard library's zstd, or what stands in for it before Python 3.14."""
    try:
        from compression import zstd  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415
    except ImportError:
        from backports import zstd  # noqa: PLC0415
    return zstd
