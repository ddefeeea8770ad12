"""`make docs`: the site, from the Markdown as it lies in the repository.

Pages are copied as they are, with their relative links, so that they read on a code host and on
the site alike. What the site adds is a table of contents, made from what lies in `docs/`: a page
that is there is in it, so there is no list to keep.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONFIGURATION = Path(__file__).parent / "sphinx"
SECTIONS = {
    "Tutorials": ("docs/guides/tutorial.md", "docs/guides/tutorial-*.md"),
    "How-to guides": ("docs/guides/*.md",),
    "Reference": ("docs/reference/*.md",),
    "Explanation": ("docs/concepts/*.md", "docs/performance.md", "docs/*.md"),
    "Decisions": ("docs/decisions/README.md",),
    "Project": (
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "SECURITY.md",
        "docs/fuzzing.md",
        "benchmarks/README.md",
    ),
}
"""Parts of the site with the pages of each, in order; a page is in the first that names it, but the
project's own pages are in the last."""
COPIED = ("*.md", "LICENSE", "docs", "config", "seeds", "benchmarks/README.md")
"""What pages link to."""

_OWN_PROJECT = SECTIONS["Project"]


class Stray(Exception):
    """A page is in no part of the site."""


def contents(root: Path = ROOT) -> dict[str, list[str]]:
    """Return the pages of each part of the site, by their paths.

    Raises:
        Stray: there is a page that no part has.
    """
    placed: set[str] = {"README.md"}
    parts: dict[str, list[str]] = {}
    for title, patterns in SECTIONS.items():
        pages: list[str] = []
        for pattern in patterns:
            found = [str(path.relative_to(root)) for path in root.glob(pattern)]
            new = [page for page in found if page not in placed]
            if title != "Project":
                new = [page for page in new if page not in _OWN_PROJECT]
            pages += sorted(new, key=lambda page: _title(root / page))
            placed.update(new)
        parts[title] = pages
    placed.update(decisions(root))
    left = {str(path.relative_to(root)) for path in (root / "docs").rglob("*.md")} - placed
    if left:
        raise Stray(f"docs/builder/site.py: no part of the site has {', '.join(sorted(left))}")
    return parts


def decisions(root: Path = ROOT) -> list[str]:
    """Return the pages below the list of decisions, by number."""
    return sorted(str(path.relative_to(root)) for path in root.glob("docs/decisions/0*.md"))


def _title(page: Path) -> str:
    found = re.search(r"^# (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return (found[1] if found else page.stem).replace("`", "").casefold()


def _tree(pages: list[str], caption: str, beside: str = "") -> str:
    options = ":hidden:\n" + (f":caption: {caption}\n" if caption else "")
    names = "\n".join(f"/{page.removesuffix('.md')}" for page in pages)
    return f"\n```{{toctree}}\n{options}\n{names}{beside}\n```\n"


def stage(target: Path, root: Path = ROOT) -> None:
    """Copy what the site is made from, and add the table of contents to its first page."""
    for pattern in COPIED:
        for source in root.glob(pattern):
            copy = target / source.relative_to(root)
            copy.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, copy)
            else:
                shutil.copy(source, copy)
    for page, trees in (
        ("README.md", [_tree(pages, title) for title, pages in contents(root).items()]),
        ("docs/decisions/README.md", [_tree(decisions(root), "")]),
    ):
        with (target / page).open("a", encoding="utf-8") as file:
            file.write("".join(trees))


def build(site: Path, root: Path = ROOT) -> str:
    """Make the site; return what is wrong with it: broken links, pages that nothing leads to.

    Args:
        site: made anew.
        root: of the repository.
    """
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "source"
        source.mkdir()
        stage(source, root)
        shutil.rmtree(site, ignore_errors=True)
        command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html"]
        command += ["-c", str(CONFIGURATION), "-d", f"{scratch}/doctrees", str(source), str(site)]
        done = subprocess.run(  # noqa: S603 - our own words
            command, capture_output=True, text=True, check=False
        )
        if done.returncode:
            return done.stderr.replace(f"{source}/", "") or f"sphinx ended with {done.returncode}"
    # The first page has its address twice, so that links to it hold in both places.
    shutil.copy(site / "README.html", site / "index.html")
    (site / ".buildinfo").unlink(missing_ok=True)
    return ""


def main() -> int:
    """Build into `site/`."""
    try:
        wrong = build(ROOT / "site")
    except Stray as stray:
        wrong = f"{stray}\n"
    if wrong:
        sys.stderr.write(wrong)
        return 1
    sys.stdout.write("site/index.html\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
