"""A package that a library imports and hardly uses is loaded when something of it is asked for."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any


class _Late(ModuleType):
    """What the library holds instead. `importlib.util.LazyLoader` loads on the next import."""

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self.__name__), name)


@contextmanager
def loaded_late(name: str) -> Iterator[None]:
    """Let a library that imports this package have it only when it uses it."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = _Late(name)
    try:
        yield
    finally:
        del sys.modules[name]
