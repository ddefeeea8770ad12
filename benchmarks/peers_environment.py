"""The peers' own virtual environment, from the hash-locked requirements.

Ours stays as users install it; the peers get our parser's libraries beside their own.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.places import BENCHMARKS, VENV_PEERS

REQUIREMENTS = BENCHMARKS / "requirements-peers.txt"


def python() -> Path:
    """Return the interpreter of the peers' environment, making the environment if needed."""
    stamp = VENV_PEERS / "requirements.txt"
    program = VENV_PEERS / "bin" / "python"
    if not stamp.exists() or stamp.read_bytes() != REQUIREMENTS.read_bytes():
        print("installing the peers", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", VENV_PEERS], check=True)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run(
            [program, *install, "--require-hashes", "--requirement", REQUIREMENTS], check=True
        )
        shutil.copyfile(REQUIREMENTS, stamp)
    return program


def versions() -> dict[str, str]:
    """Return the versions of the peers that are installed."""
    code = "import importlib.metadata as m; print(*map(m.version, ('crawlee', 'scrapy')))"
    answer = subprocess.run([python(), "-c", code], check=True, capture_output=True, text=True)
    return dict(zip(("crawlee", "scrapy"), answer.stdout.split(), strict=True))
