"""A copy of the project with one mutation, and what its tests say about it."""

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.mutations.mutation import Mutation

ROOT = Path(__file__).parents[2]
_COPIED = ("crawler", "tests", "config", "seeds", "docs")
_FILES = ("pyproject.toml", "README.md")
_TIMEOUT_S = 300


class Outcome(NamedTuple):
    code: int
    failures: int
    errors: int
    said: str


class Copy:
    """The project in a directory of its own; the tests there import what is there."""

    def __init__(self, root: Path) -> None:
        self.root = root
        ignored = shutil.ignore_patterns("__pycache__")
        for name in _COPIED:
            shutil.copytree(ROOT / name, root / name, ignore=ignored)
        for name in _FILES:
            shutil.copy(ROOT / name, root / name)

    @contextmanager
    def mutated(self, mutation: Mutation) -> Iterator[None]:
        path = self.root / "crawler" / mutation.file
        text = path.read_text("utf-8")
        if text.count(mutation.old) != 1:
            raise AssertionError(
                f"{mutation.guard}: its text is {text.count(mutation.old)} times in {mutation.file}"
            )
        path.write_text(text.replace(mutation.old, mutation.new), "utf-8")
        try:
            yield
        finally:
            path.write_text(text, "utf-8")

    def run(self, tests: Sequence[str], *, stop_early: bool) -> Outcome:
        """Run tests in a process of its own, against the copy."""
        report = self.root / "report.xml"
        report.unlink(missing_ok=True)
        command = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", *tests]
        command += ["-p", "no:randomly", "-p", "no:cacheprovider", *(["-x"] if stop_early else [])]
        done = subprocess.run(
            command,
            cwd=self.root,
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
        failures = errors = 0
        if report.exists():
            for suite in ET.parse(report).getroot().iter("testsuite"):
                failures += int(suite.get("failures", 0))
                errors += int(suite.get("errors", 0))
        return Outcome(done.returncode, failures, errors, done.stdout[-3000:] + done.stderr[-500:])

    def imported(self) -> Path:
        """Return where processes that are started here find the crawler."""
        command = [sys.executable, "-c", "import crawler; print(crawler.__file__)"]
        said = subprocess.run(
            command, cwd="/", env=self._environment(), capture_output=True, text=True, check=True
        )
        return Path(said.stdout.strip())

    def _environment(self) -> dict[str, str]:
        # Files change within a second, which compiled files cannot tell apart. Examples that
        # hypothesis kept would be those of another mutation.
        return {
            **os.environ,
            "PYTHONPATH": str(self.root),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
