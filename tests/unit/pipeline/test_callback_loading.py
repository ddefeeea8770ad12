"""Finding a callback: what cannot be found or loaded is told before the crawl begins."""

import sys
from pathlib import Path

import pytest

from crawler.errors import ConfigError
from crawler.model.extraction import ExtractTable
from crawler.pipeline.callbacks.loading import load_callback

PLACE = "crawl.toml, line 3: [[extract]]"


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Modules and paths of a test are its own."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "modules", {**sys.modules})
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")


def _table(python: str, directory: Path | None) -> ExtractTable:
    return ExtractTable(match="*", python=python, place=PLACE, directory=directory)


def _write(path: Path, code: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(code, "utf-8")


def test_it_is_found_beside_the_crawl_file_first(tmp_path: Path) -> None:
    """A crawl must not depend on where its command was typed."""
    _write(tmp_path / "own_shop.py", "def parse(page): return 'beside'")
    _write(tmp_path / "elsewhere" / "own_shop.py", "def parse(page): return 'here'")
    found = load_callback(_table("own_shop:parse", tmp_path))
    assert found.function(None) == "beside"  # type: ignore[arg-type]
    assert found.directory == tmp_path


def test_it_is_found_in_the_working_directory(tmp_path: Path) -> None:
    """Tables of the environment have no file to be beside of."""
    _write(tmp_path / "elsewhere" / "own_here.py", "def parse(page): return 'here'")
    assert load_callback(_table("own_here:parse", tmp_path)).function(None) == "here"  # type: ignore[arg-type]


def test_it_may_import_what_lies_beside_it_and_be_in_a_package(tmp_path: Path) -> None:
    """More than one file is what a crawl of some size has; folders need no `__init__.py`."""
    _write(tmp_path / "own_tools.py", "NAME = 'tool'")
    _write(tmp_path / "own_folder" / "shop.py", "import own_tools\ndef parse(p): return 'f'")
    _write(tmp_path / "own_package" / "__init__.py", "")
    _write(
        tmp_path / "own_package" / "shop.py",
        "from own_tools import NAME\nfrom . import __name__ as us\ndef parse(p): return NAME + us",
    )
    assert load_callback(_table("own_folder.shop:parse", tmp_path)).function(None) == "f"  # type: ignore[arg-type]
    found = load_callback(_table("own_package.shop:parse", tmp_path))
    assert found.function(None) == "toolown_package"  # type: ignore[arg-type]


def test_it_is_found_among_the_installed_packages(tmp_path: Path) -> None:
    """A callback may be shared by many crawls."""
    assert load_callback(_table("json:dumps", tmp_path)).function is __import__("json").dumps


def test_it_is_loaded_once(tmp_path: Path) -> None:
    """Readers get what the parent has loaded: a file that changes meanwhile changes no crawl."""
    _write(tmp_path / "own_once.py", "def parse(page): return 1")
    first = load_callback(_table("own_once:parse", tmp_path))
    _write(tmp_path / "own_once.py", "def parse(page): return 2")
    assert load_callback(_table("own_once:parse", tmp_path)) == first


@pytest.mark.parametrize(
    ("code", "python", "error"),
    [
        (None, "own:parse", "there is no module own in TMP or TMP/elsewhere, and no installed"),
        (None, "own.shop:parse", "there is no module own in TMP"),
        ("", "own:parse", "TMP/own.py has no function parse"),
        ("parse = 3", "own:parse", "parse of TMP/own.py is no function"),
        ("def parse(): ...", "own:parse", "parse of TMP/own.py must take the page as its only"),
        ("def parse(self, page): ...", "own:parse", "must take the page as its only argument"),
        ("x = 1\ndef parse(:", "own:parse", "own.py, line 2: invalid syntax"),
        ("\n\nimport nothing_like_it", "own:parse", "ModuleNotFoundError: No module named"),
        (
            "\n1 / 0",
            "own:parse",
            "own cannot be imported: ZeroDivisionError: division by zero (",
        ),
        ("raise SystemExit(0)", "own:parse", "own cannot be imported: SystemExit: 0 (own.py, line"),
        ("", "own.shop:parse", "there is no module own.shop in TMP"),
    ],
)
def test_what_is_wrong_is_one_line_that_names_the_table(
    tmp_path: Path, code: str | None, python: str, error: str
) -> None:
    """A traceback in the middle of a crawl is what a person would have instead."""
    if code is not None:
        _write(tmp_path / "own.py", code)
    with pytest.raises(ConfigError) as caught:
        load_callback(_table(python, tmp_path))
    text = str(caught.value)
    assert text.startswith(f"{PLACE}: python = {python!r}: ")
    assert error.replace("TMP", str(tmp_path)) in text
    assert "\n" not in text


@pytest.mark.parametrize("name", ["json", "crawler", "orjson", "queue"])
def test_a_file_cannot_stand_in_for_a_module_of_ours(tmp_path: Path, name: str) -> None:
    """A `queue.py` beside the crawl file would be what some library imports much later."""
    _write(tmp_path / f"{name}.py", "def parse(page): return 1")
    with pytest.raises(ConfigError, match=f"another module is called {name} already: rename "):
        load_callback(_table(f"{name}:parse", tmp_path))
    with pytest.raises(ConfigError, match="no module own_missing"):
        load_callback(_table("own_missing:parse", tmp_path))
    sys.modules.pop("queue", None)
    assert not str(__import__("queue").__file__).startswith(str(tmp_path))
