"""Versions of what a crawl runs on, for the manifest and for bug reports; nothing is imported."""

import importlib
import platform
import re
import sys
from importlib.metadata import PackageNotFoundError, distribution

from crawler import __version__

_PACKAGES = ("aiohttp", "quasiqueue", "selectolax", "pydantic", "structlog")


def find_versions() -> dict[str, str]:
    """Return versions by name, the crawler's own first."""
    # By name: only the frontier uses the driver, this asks for nothing but its version.
    sqlite = importlib.import_module("sqlite3").sqlite_version
    found = {"crawler": __version__, "python": platform.python_version(), "sqlite": sqlite}
    for package in _PACKAGES:
        try:
            found[package] = _version(package)
        except PackageNotFoundError:
            found[package] = "missing"
    return found


def _version(package: str) -> str:
    """Ask the package if it is loaded and knows; else read the one line of its metadata.

    Finding metadata and parsing all of it, as `importlib.metadata.version` does, takes 1 ms each.
    """
    loaded = sys.modules.get(package)
    if loaded is not None and isinstance(known := vars(loaded).get("__version__"), str):
        return known
    wanted = distribution(package)
    line = re.search(r"^Version: *(.+?) *$", wanted.read_text("METADATA") or "", re.MULTILINE)
    return line[1] if line else wanted.version
