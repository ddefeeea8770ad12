"""Versions of what a crawl runs on, for the manifest and for bug reports; nothing is imported."""

import importlib
import platform
from importlib.metadata import PackageNotFoundError, version

from crawler import __version__

_PACKAGES = ("aiohttp", "quasiqueue", "selectolax", "pydantic", "structlog")


def find_versions() -> dict[str, str]:
    """Return versions by name, the crawler's own first."""
    # By name: only the frontier uses the driver, this asks for nothing but its version.
    sqlite = importlib.import_module("sqlite3").sqlite_version
    found = {"crawler": __version__, "python": platform.python_version(), "sqlite": sqlite}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "missing"
    return found
