"""`make reference`: write the tables of `docs/reference` anew from the code.

A table stands between `<!-- generated: WHAT -->` and `<!-- end -->`; what is around it is written
by hand. WHAT names the table, and for settings also which of them and in what order.
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path

from docs.builder import rows
from docs.builder.notes import Notes, Stale

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs/reference"
_BLOCK = re.compile(r"(?ms)^<!-- generated: (?P<what>.+?) -->\n.*?^<!-- end -->$")
_SECTION = re.compile(r"(?ms)^## `crawler (?P<path>[^`]+)`\n(?P<body>.*?)(?=^## |\Z)")
_BY_HAND = re.compile(r"(?m)^\| Flag \|.*\n(?:^\|.*\n)+")

Table = tuple[tuple[str, ...], list[rows.Row]]


class Wrong(Exception):
    """A page asks for what is not there, or does not ask for what is."""


def written(root: Path = ROOT) -> dict[Path, str]:
    """Return each page that has generated tables, as it has to be."""
    reference = root / "docs/reference"
    notes = Notes(reference / "notes.toml")
    told: set[str] = set()
    pages = {}
    for path in sorted(reference.glob("*.md")):
        text = path.read_text("utf-8")
        if path.name == "cli.md":
            text = _with_markers(text)
        new = _BLOCK.sub(lambda found: _block(found["what"], notes, told), text)
        if "<!-- generated:" in new:
            pages[path] = new
    missing = rows.settings_for_tables() - told
    if missing:
        names = ", ".join(sorted(missing))
        raise Wrong(f"docs/reference/settings.md: name in one of its tables: {names}")
    notes.check()
    return pages


def _with_markers(text: str) -> str:
    """Mark the table of flags of each command that has none yet; one written by hand goes."""

    def mark(section: re.Match[str]) -> str:
        path, body = section["path"], section["body"]
        marker = f"<!-- generated: crawler {path} -->"
        if marker in body or path not in rows.commands():
            return section[0]
        block = f"{marker}\n<!-- end -->\n"
        body, count = _BY_HAND.subn(lambda _: block, body, count=1)
        if not count and rows.flag_rows(path, Notes()):
            body = f"{body.rstrip()}\n\n{block}\n"
        return f"## `crawler {path}`\n{body}"

    return _SECTION.sub(mark, text)


def _block(what: str, notes: Notes, told: set[str]) -> str:
    head, found = _table(what, notes, told)
    lines = [head, tuple("---" for _ in head), *found]
    shown = "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
    )
    shown = shown.replace("|  |", "| |")
    return f"<!-- generated: {what} -->\n{shown}\n<!-- end -->"


def _line(cells: tuple[str, ...]) -> str:
    line = " | ".join(cell.replace("|", "\\|") for cell in cells)
    return f"| {line} |".replace("|  |", "| |")


def _table(what: str, notes: Notes, told: set[str]) -> Table:
    kind, _, names = what.partition(":")
    if kind in ("settings", "settings without flags"):
        listed = names.split()
        told.update(listed)
        has_flags = kind == "settings"
        head = ("Variable", *(("Flag",) if has_flags else ()), "Default", "Meaning")
        return head, rows.setting_rows(listed, notes, flags=has_flags)
    if what.startswith("crawler ") and what.removeprefix("crawler ") in rows.commands():
        path = what.removeprefix("crawler ")
        return ("Flag", "Default", "What it does"), rows.flag_rows(path, notes)
    tables: dict[str, tuple[tuple[str, ...], Callable[[], list[rows.Row]]]] = {
        "commands": (("Command", "What it does"), rows.command_rows),
        "record": (("Key", "Type", "What it says"), lambda: rows.record_rows(notes)),
        "error": (("Word", "What happened", "Tried again"), lambda: rows.failure_rows(notes)),
        "errors": (("Error", "Exit code", "Meaning"), lambda: rows.error_rows(notes)),
        "event fields": (("Field", "Meaning"), rows.event_field_rows),
        "events": (("Event", "Level", "Fields", "Meaning"), rows.event_rows),
        "metrics": (("Metric", "Type", "Labels", "Meaning"), rows.metric_rows),
        "checks": (("Check", "Severity", "What it finds"), rows.check_rows),
        "exit codes": (("Code", "Meaning", "What to do"), lambda: rows.exit_code_rows(notes)),
    }
    if what not in tables:
        raise Wrong(f"no table is called {what!r}")
    head, make = tables[what]
    return head, make()


def main() -> int:
    """Write what differs; with --check only say so."""
    check = sys.argv[1:] == ["--check"]
    try:
        pages = written()
    except (Stale, Wrong) as error:
        sys.stderr.write(f"reference: {error}\n")
        return 2
    stale = [path for path, text in pages.items() if path.read_text("utf-8") != text]
    for path in stale:
        sys.stderr.write(f"{'stale' if check else 'written'}: {path.relative_to(ROOT)}\n")
        if not check:
            path.write_text(pages[path], "utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
