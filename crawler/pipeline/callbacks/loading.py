"""Finds the function that `python = "shop:parse"` names.

It is found beside the crawl file, in the working directory, or among the installed packages. Loaded
in the parent before the first reader starts: a mistake is told at once, and all readers of a run
have the same code, whatever happens to the file.
"""

import contextlib
import importlib
import inspect
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType, TracebackType
from typing import NamedTuple

from crawler.api import Document
from crawler.errors import ConfigError
from crawler.model.extraction import ExtractTable
from crawler.model.text import one_line

_LONGEST_MESSAGE = 300


class Callback(NamedTuple):
    """A function that was found."""

    function: Callable[[Document], object]
    directory: Path | None
    """Where its module lies: what an error is told of."""


def load_callback(table: ExtractTable) -> Callback:
    """Return the function of a table that has one.

    Raises:
        ConfigError: there is none, or its module cannot be imported; names the table.
    """
    name, _, function_name = (table.python or "").partition(":")
    try:
        module = _module(name, _directories(table))
        found = _function(module, function_name)
    except ConfigError as error:
        raise ConfigError(f"{table.place}: python = {table.python!r}: {error}") from None
    file = getattr(module, "__file__", None)
    return Callback(found, None if file is None else Path(file).parent)


def load_callbacks(tables: Sequence[ExtractTable]) -> dict[str, Callback]:
    """Return the functions of all tables by how they are named.

    Raises:
        ConfigError: as `load_callback`.
    """
    return {table.python: load_callback(table) for table in tables if table.python is not None}


def told(error: BaseException, directory: Path | None) -> str:
    """Return an error in one line, with the last place of it in a file below the directory."""
    try:
        message = str(error)
    except Exception:  # noqa: BLE001 - an error may be as broken as what raised it
        message = ""
    text = f"{type(error).__name__}: {message}" if message else type(error).__name__
    text = one_line(" ".join(text.split()))
    if len(text) > _LONGEST_MESSAGE:
        text = text[: _LONGEST_MESSAGE - 1] + "…"
    return text + place_of(error.__traceback__, directory)


def place_of(trace: TracebackType | None, directory: Path | None) -> str:
    """Return ` (shop.py, line 12)`: the last call in a file below the directory, or of all."""
    place = last = ""
    for frame, line in traceback.walk_tb(trace):
        path = Path(frame.f_code.co_filename)
        last = f" ({path.name}, line {line})"
        if directory is not None and path.is_relative_to(directory):
            place = last
    return place or last


def _function(module: ModuleType, name: str) -> Callable[[Document], object]:
    found = getattr(module, name, None)
    where = getattr(module, "__file__", None) or module.__name__
    if found is None:
        raise ConfigError(f"{where} has no function {name}")
    if not callable(found):
        raise ConfigError(f"{name} of {where} is no function")
    if not _takes_a_page(found):
        raise ConfigError(f"{name} of {where} must take the page as its only argument")
    return found  # type: ignore[no-any-return]


def _takes_a_page(function: Callable[..., object]) -> bool:
    """Whether a call with one argument is possible; where nobody can tell, the first call will."""
    try:
        inspect.signature(function).bind(None)
    except TypeError:
        return False
    except ValueError:
        pass
    return True


def _directories(table: ExtractTable) -> list[Path]:
    found = [] if table.directory is None else [table.directory.absolute()]
    return list(dict.fromkeys([*found, Path.cwd()]))


def _module(name: str, directories: Sequence[Path]) -> ModuleType:
    top = name.partition(".")[0]
    spec = _spec(top, directories)
    if spec is not None:
        # Last in the path: a file there must not stand in for a module that we load later.
        for directory in map(str, directories):
            if directory not in sys.path:
                sys.path.append(directory)
    try:
        # What a module prints is no data.
        with contextlib.redirect_stdout(sys.stderr):
            if spec is not None and spec.origin is not None and top not in sys.modules:
                _load(top, spec)
            return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(error.name + ".")):
            raise ConfigError(_missing(error.name, directories)) from None
        raise ConfigError(f"{name} cannot be imported: {told(error, None)}") from None
    except SyntaxError as error:
        place = f"{Path(error.filename or name).name}, line {error.lineno}"
        raise ConfigError(f"{place}: {error.msg}") from None
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        beside = None if spec is None or spec.origin is None else Path(spec.origin).parent
        raise ConfigError(f"{name} cannot be imported: {told(error, beside)}") from None


def _spec(top: str, directories: Sequence[Path]) -> ModuleSpec | None:
    """Return where a module lies in the directories; None: only an installed package may be it."""
    spec = PathFinder.find_spec(top, [str(directory) for directory in directories])
    if spec is None or spec.origin is None:
        return spec
    loaded = sys.modules.get(top)
    if top in sys.stdlib_module_names or (
        loaded is not None and getattr(loaded, "__file__", None) != spec.origin
    ):
        raise ConfigError(f"another module is called {top} already: rename {spec.origin}")
    return spec


def _load(top: str, spec: ModuleSpec) -> None:
    module = module_from_spec(spec)
    sys.modules[top] = module
    try:
        if spec.loader is not None:
            spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[top]
        raise


def _missing(name: str, directories: Sequence[Path]) -> str:
    looked_in = " or ".join(map(str, directories))
    return f"there is no module {name} in {looked_in}, and no installed package of this name"
