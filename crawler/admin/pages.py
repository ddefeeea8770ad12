"""The dashboard's files: every path that the server hands out as it is, and where it lies.

A table, so that no path of a request ever becomes a path of a file system. Files in `static` are
part of the package; those of other packages are named by `importlib.resources`.
"""

from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import NamedTuple


class PageFile(NamedTuple):
    """One file, and what it is sent as."""

    place: Traversable
    content_type: str


def page_files() -> dict[str, PageFile]:
    """Return the files by the path of their address; they are read when first asked for."""
    static = files("crawler.admin") / "static"
    return {
        "/": PageFile(static / "index.html", "text/html; charset=utf-8"),
    }
