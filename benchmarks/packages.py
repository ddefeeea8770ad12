"""Download and unpack the Debian documentation packages; nothing is installed.

`apt-get download` and `dpkg-deb --extract` need no root.
"""

import subprocess
from pathlib import Path
from typing import NamedTuple

from benchmarks.places import DEBS, PACKAGES


class Package(NamedTuple):
    """One documentation package: where its pages lie, and its first page."""

    name: str
    root: str
    start: str


DOCS = {
    "postgresql": Package("postgresql-doc-15", "usr/share/doc/postgresql-doc-15/html", ""),
    "python": Package("python3.11-doc", "usr/share/doc/python3.11/html", ""),
    "cppreference": Package(
        "cppreference-doc-en-html", "usr/share/cppreference/doc/html", "en/index.html"
    ),
    "openjdk": Package("openjdk-17-doc", "usr/share/doc/openjdk-17-jre-headless", "api/index.html"),
    "rust": Package("rust-doc", "usr/share/doc/rust-doc/html", ""),
}


def fetch(doc: str) -> tuple[Path, str]:
    """Return the directory of a package's pages and its version, downloading what is missing."""
    package = DOCS[doc]
    deb = _downloaded(package.name)
    target = PACKAGES / package.name
    if not target.exists():
        # Unpacked beside and renamed, so that an interrupted run leaves no half package.
        half = target.with_name(target.name + ".part")
        half.mkdir(parents=True, exist_ok=True)
        subprocess.run(["dpkg-deb", "--extract", deb, half], check=True)
        half.rename(target)
    version = subprocess.run(
        ["dpkg-deb", "--field", deb, "Version"], check=True, capture_output=True, text=True
    ).stdout.strip()
    return target / package.root, version


def _downloaded(name: str) -> Path:
    DEBS.mkdir(parents=True, exist_ok=True)
    found = sorted(DEBS.glob(f"{name}_*.deb"))
    if not found:
        print(f"downloading {name}", flush=True)
        subprocess.run(["apt-get", "download", "-q", name], cwd=DEBS, check=True)
        found = sorted(DEBS.glob(f"{name}_*.deb"))
    return found[-1]
