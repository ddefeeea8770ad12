"""What `crawler reparse` has done in a directory: which parts, with which settings and versions.

Written before the first part and after each, so that a run that was killed is gone on with, and one
that is complete has nothing to do.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypedDict

from crawler.errors import ConfigError, StorageError
from crawler.job.manifest import read_manifest, write_manifest
from crawler.job.versions import find_versions
from crawler.model.extraction import ExtractTable
from crawler.model.plan import Plan

FILE_NAME = "manifest.json"
_FORMAT = 1
_READING = ("crawler", "selectolax")
"""What else than the settings makes a reading."""
_TEXTS = "trafilatura"
"""What makes main texts; `load_settings` has seen that it is there."""


class PartEntry(TypedDict):
    """One part that is complete."""

    name: str
    source_bytes: int
    """Committed bytes of the part it was made from: if that has grown, it is made again."""
    records: int
    read: int
    """Records that were made anew."""
    damaged: int
    """Records that were kept as they were because their body could not be read."""
    bytes: int
    sha256: str


class Making(TypedDict):
    """What the records depend on; another one makes other records."""

    settings: dict[str, Any]
    versions: dict[str, str]


class Receipt:
    """The file, and what it says."""

    def __init__(self, directory: Path, making: Making) -> None:
        self._path = directory / FILE_NAME
        self._making = making
        self._entries: dict[str, PartEntry] = {}

    def read(self) -> None:
        """Take what an earlier run has done.

        Raises:
            ConfigError: it worked otherwise, or something else is in the directory.
        """
        found = read_manifest(self._path)
        directory = self._path.parent
        if found is None or "reparse" not in found:
            if found is not None or any(directory.glob("part-*")):
                raise ConfigError(
                    f"{directory} holds files that reparse did not write: name another --output"
                )
            return
        others = _differences(found["reparse"], self._making)
        if others and found["parts"]:
            raise ConfigError(
                f"{directory} was made with other {' and '.join(others)}: --fresh moves it aside, "
                "--output puts the new records elsewhere"
            )
        self._entries = {entry["name"]: entry for entry in found["parts"]}

    def drop_others(self, names: Collection[str]) -> None:
        """Remove parts whose source counts as empty now: its records are made again elsewhere.

        Raises:
            StorageError: a file cannot be removed.
        """
        others = set(self._entries) - set(names)
        for name in others:
            path = self._path.parent / name
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise StorageError(f"{path} cannot be removed: {error.strerror}") from error
            del self._entries[name]
        if others:
            self.add()

    def done(self, name: str, source_bytes: int) -> PartEntry | None:
        """Return what is known of a part if nothing has to be done for it."""
        entry = self._entries.get(name)
        if entry is None or entry["source_bytes"] != source_bytes:
            return None
        try:
            size = (self._path.parent / name).stat().st_size
        except OSError:
            return None
        return entry if size == entry["bytes"] else None

    def add(self, entries: Iterable[PartEntry] = ()) -> None:
        """Write the file, with these parts as well.

        Raises:
            StorageError: it cannot be written.
        """
        self._entries |= {entry["name"]: entry for entry in entries}
        parts = [self._entries[name] for name in sorted(self._entries)]
        write_manifest(self._path, {"format": _FORMAT, "reparse": self._making, "parts": parts})


def is_ours(directory: Path) -> bool:
    """Whether reparse made what is in a directory."""
    return "reparse" in (read_manifest(directory / FILE_NAME) or {})


def making_of(plan: Plan) -> Making:
    """Return what the records depend on."""
    settings: dict[str, Any] = {
        "main_text": plan.main_text,
        "markdown": plan.markdown,
        "simhash": plan.simhash,
        "link_details": plan.link_details,
        "extract": [_table(table) for table in plan.extract],
        "strip_params": list(plan.strip_params),
        "product_token": plan.product_token,
    }
    code = {table.python: _code_hash(table) for table in plan.extract if table.python}
    if code:
        settings["code"] = code
    all_versions = find_versions()
    versions = {name: all_versions[name] for name in _READING}
    if plan.main_text or plan.markdown:
        versions[_TEXTS] = version(_TEXTS)
    # As it reads back from the file, so that two of them can be compared.
    return json.loads(json.dumps({"settings": settings, "versions": versions}))  # type: ignore[no-any-return]


def _table(table: ExtractTable) -> dict[str, Any]:
    """Return what a table takes; where it is written changes nothing."""
    made = asdict(table)
    del made["place"], made["directory"]
    for field in made["fields"]:
        del field["place"]
    return made


def _code_hash(table: ExtractTable) -> str | None:
    """Return a hash of the file that a callback is in; what it imports is not looked at.

    A callback that is not there is told by who loads it.
    """
    path = Path(*(table.python or "").partition(":")[0].split("."))
    for directory in (table.directory or Path.cwd(), Path.cwd()):
        for file in (directory / path.with_suffix(".py"), directory / path / "__init__.py"):
            if file.is_file():
                return hashlib.sha256(file.read_bytes()).hexdigest()
    return None


def _differences(before: Mapping[str, Any], now: Making) -> list[str]:
    old, new = before.get("settings", {}), now["settings"]
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    found = [f"settings ({', '.join(sorted(names))})"] if names else []
    return found + (["versions"] if before.get("versions") != now["versions"] else [])
