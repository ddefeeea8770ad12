"""The site: complete, without a broken link, and whole without the network."""

import re
from pathlib import Path

import pytest

from docs.builder import site
from docs.builder.site import Stray, build, contents

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the site; building it fails where Sphinx has a word to say."""
    path = tmp_path_factory.mktemp("site")
    assert build(path) == ""
    return path


def test_every_page_is_on_the_site_and_in_its_contents(built: Path) -> None:
    """A guide would be written that nobody finds."""
    first = (built / "index.html").read_text("utf-8")
    pages = [page for pages in contents().values() for page in pages]
    assert "docs/guides/resume.md" in pages
    for page in pages:
        name = page.removesuffix(".md") + ".html"
        assert (built / name).is_file(), name
        assert f'href="{name}"' in first, name
    for title in site.SECTIONS:
        assert title in first
    decision = (built / "docs/decisions/README.html").read_text("utf-8")
    assert 'href="0001-quasiqueue-as-process-manager.html"' in decision


def test_nothing_of_the_site_is_on_another_host(built: Path) -> None:
    """Pages would be bare without the network, and tell a stranger who reads them."""
    loaded = re.compile(
        r"<(?:script|img|link|iframe|source|video|audio)\b[^>]*?\b(?:src|href|srcset)="
        r"""["']?((?:https?:)?//[^"'\s>]+)""",
        re.IGNORECASE,
    )
    styled = re.compile(r"""(?:url\(\s*|@import\s+)["']?((?:https?:)?//[^"')\s]+)""", re.IGNORECASE)
    found = []
    for path in built.rglob("*"):
        if path.suffix in {".html", ".css", ".svg"}:
            text = path.read_text("utf-8")
            found += [(path.name, url) for url in loaded.findall(text) + styled.findall(text)]
    assert found == []


def test_the_search_needs_no_server(built: Path) -> None:
    """A browser does not let a page from the disk fetch a file: the index has to be a script."""
    page = (built / "search.html").read_text("utf-8")
    assert 'src="searchindex.js' in page
    index = (built / "searchindex.js").read_text("utf-8")
    assert index.startswith("Search.setIndex(")
    assert "docs/guides/resume" in index


def test_a_page_is_readable_on_a_phone_and_in_the_dark(built: Path) -> None:
    """A narrow screen would show the page of a wide one, in small."""
    page = (built / "docs/reference/cli.html").read_text("utf-8")
    assert '<meta name="viewport" content="width=device-width' in page
    styles = "".join(path.read_text("utf-8") for path in (built / "_static").rglob("*.css"))
    assert re.search(r"prefers-color-scheme:\s*dark", styles)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Return a root with two pages."""
    root = tmp_path / "root"
    for name, text in (
        ("README.md", "# Home\n\nSee [the guide](docs/guides/a.md).\n"),
        ("CONTRIBUTING.md", "# Contributing\n"),
        ("docs/guides/a.md", "# A guide\n\nBack [home](../../README.md#home).\n"),
        ("docs/decisions/README.md", "# Decisions\n"),
    ):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return root


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[gone](b.md)", "docs/guides/a.md"),
        ("[gone](../../README.md#nowhere)", "nowhere"),
        ("[gone](../../config/nosuch.toml)", "nosuch.toml"),
    ],
)
def test_a_broken_link_fails(small: Path, tmp_path: Path, text: str, said: str) -> None:
    """A reader would follow a link into nothing."""
    page = small / "docs/guides/a.md"
    page.write_text(f"# A guide\n\n{text}\n", "utf-8")
    assert said in build(tmp_path / "site", small)


def test_a_page_that_no_part_has_fails(small: Path, tmp_path: Path) -> None:
    """A new folder of pages would be left out of the site."""
    (small / "docs/notes").mkdir()
    (small / "docs/notes/new.md").write_text("# New\n", "utf-8")
    with pytest.raises(Stray, match=r"docs/notes/new\.md"):
        build(tmp_path / "site", small)
