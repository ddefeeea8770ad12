"""How much room there is."""

import os
from pathlib import Path


def free_bytes(path: Path) -> int | None:
    """Return what an ordinary user may still write there; None where the system does not say."""
    try:
        found = os.statvfs(path)
    except OSError:
        return None
    return found.f_bavail * found.f_frsize
