"""Every subject of the behaviour page is there, and every test that it names exists."""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/reference/web-behaviour.md"

SUBJECTS = [
    "robots.txt: 4xx",
    "robots.txt: 5xx and network",
    "robots.txt: size, redirects, cache",
    "robots.txt: matching",
    "robots.txt: Crawl-delay",
    "Delay of a host",
    "URL parsing",
    "Link extraction",
    "noindex",
    "Redirects",
    "Retry",
    "Charsets",
    "Compression",
    "Body and time limits",
    "Headers",
    "Broken HTTP",
    "TLS",
    "DNS",
    "Cookies",
    "SSRF",
    "Traps",
    "kill -9",
    "Full disk",
    "Damaged state",
    "Clock jumps",
    "Two instances",
    "Stop and restart",
    "Outcomes and exit codes",
    "Log and terminal",
    "Output formats",
    "Secrets",
    "Permissions",
    "Parser robustness",
    "Supply chain",
]


def _sections() -> dict[str, list[tuple[str, str]]]:
    """Return the rows (what we do, held by) below each heading."""
    found: dict[str, list[tuple[str, str]]] = {}
    for part in re.split(r"^## ", PAGE.read_text("utf-8"), flags=re.MULTILINE)[1:]:
        title, _, text = part.partition("\n")
        rows = re.findall(r"^\| (.+?) \| (.+?) \|$", text, re.MULTILINE)
        found[title] = [row for row in rows if row[0] not in ("What we do", "---")]
    return found


@cache
def _tests_of(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text("utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in tree.body if isinstance(node, kinds))


def test_every_subject_has_its_section() -> None:
    """A behaviour without a line is one that nobody would miss."""
    sections = _sections()
    assert list(sections) == SUBJECTS
    assert [title for title, rows in sections.items() if not rows] == []


def test_every_line_names_tests_that_exist() -> None:
    """A test that was renamed or taken away would leave its promise without a guard."""
    wrong = []
    for title, rows in _sections().items():
        for what, held_by in rows:
            names = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", held_by)
            listed = ", ".join(f"`{path}::{name}`" for path, name in names)
            if not names or held_by != listed:
                wrong.append(f"{title}: {what}: cannot be read")
            for path, name in names:
                file = ROOT / path
                if not file.exists() or name not in _tests_of(file):
                    wrong.append(f"{title}: {path}::{name}")
    assert wrong == []
