"""Where the benchmark keeps what it makes, and which workload is served where."""

from pathlib import Path
from typing import NamedTuple

BENCHMARKS = Path(__file__).resolve().parent
PROJECT = BENCHMARKS.parent
WORK = BENCHMARKS / "work"
DEBS = WORK / "debs"
PACKAGES = WORK / "packages"
SITES = WORK / "sites"
MANIFESTS = WORK / "manifests"
VENV_PEERS = WORK / "venv-peers"

OUTSIDE = "http://out.invalid"
"""Where links that leave a workload's page set point to; the name never resolves (RFC 6761)."""


class Site(NamedTuple):
    """What one workload looks like to nginx."""

    addresses: tuple[str, ...]
    port: int
    shared_root: bool
    """All addresses serve one directory; else each has its own, named after it."""
    robots: str
    """`allow`: an empty group that allows all · `mixed`: that on even hosts, 404 on odd ones."""


WORKLOADS = {
    "W1": Site(("127.0.0.1",), 18081, True, "allow"),
    "W2": Site(("127.0.0.1",), 18082, True, "allow"),
    "W3": Site(tuple(f"127.0.1.{n}" for n in range(1, 201)), 18083, False, "mixed"),
    "W1x10": Site(tuple(f"127.0.2.{n}" for n in range(1, 11)), 18084, True, "allow"),
    "empty": Site(("127.0.0.1",), 18085, True, "allow"),
}


def seeds(workload: str) -> list[str]:
    """Return the seed URLs of a workload: the index page of each of its hosts."""
    site = WORKLOADS[workload]
    return [f"http://{address}:{site.port}/" for address in site.addresses]
