"""The dashboard's files: every path that the server hands out as it is, and where it lies.

A table, so that no path of a request ever becomes a path of a file system. Files in `static` are
part of the package; those of other packages are named by `importlib.resources`.
"""

from importlib.resources import files
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

OWN = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/dashboard.css": ("dashboard.css", "text/css; charset=utf-8"),
    "/dashboard.js": ("dashboard.js", "text/javascript; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
CHARTS_MAX_AGE_S = 86_400


class PageFile(NamedTuple):
    """One file, and what it is sent as."""

    place: Traversable
    content_type: str
    max_age_s: int = 0
    """How long a browser may keep it; 0: our own, which a new version changes."""


def page_files() -> dict[str, PageFile]:
    """Return the files by the path of their address; they are read when first asked for."""
    static = files("crawler.admin") / "static"
    found = {path: PageFile(static / name, kind) for path, (name, kind) in OWN.items()}
    charts = _charts()
    if charts is not None:
        kind = "text/javascript; charset=utf-8"
        found["/plotly.min.js"] = PageFile(charts, kind, CHARTS_MAX_AGE_S)
    return found


def _charts() -> Path | None:
    """Return where the charting library lies; its Python package is not imported for that."""
    spec = find_spec("plotly")
    for place in (spec.submodule_search_locations or ()) if spec is not None else ():
        path = Path(place) / "package_data" / "plotly.min.js"
        if path.is_file():
            return path
    return None
