"""The tables of the reference are written from the code, and nothing of the code is left out."""

import re
import shutil
import typing
from pathlib import Path

import pytest

from crawler import errors
from crawler.model.exit_codes import EXIT_CODES
from crawler.model.failures import FAILURES
from crawler.model.result import FailureKind
from crawler.pipeline.pages import UNFETCHED
from docs.builder.notes import Notes, Stale
from docs.builder.reference import Wrong, written
from docs.builder.rows import flag_rows

ROOT = Path(__file__).parents[2]
HELP = "run `make reference` (CONTRIBUTING.md, The reference)"


def test_the_pages_are_what_the_code_says() -> None:
    """A reader would look up a flag, a default or a key that the code has otherwise."""
    pages = written()
    names = {path.name for path in pages}
    assert names >= {"cli.md", "settings.md", "record.md", "errors.md", "exit-codes.md"}
    stale = [path.name for path, text in pages.items() if path.read_text("utf-8") != text]
    assert stale == [], HELP


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a root whose docs may be broken."""
    shutil.copytree(ROOT / "docs/reference", tmp_path / "docs/reference")
    return tmp_path


def test_a_note_without_a_row_is_named(copy: Path) -> None:
    """What is said of a flag that went would stay, unread, for ever."""
    with (copy / "docs/reference/notes.toml").open("a") as file:
        file.write('\n["crawler nosuch"]\n"--gone" = "said once"\n')
    with pytest.raises(Stale, match=r"\[crawler nosuch\] --gone"):
        written(copy)


def test_a_setting_in_no_table_is_named(copy: Path) -> None:
    """A setting that nobody has put anywhere would be in no table at all."""
    page = copy / "docs/reference/settings.md"
    page.write_text(page.read_text("utf-8").replace(" max_wait ", " "), "utf-8")
    with pytest.raises(Wrong, match="max_wait"):
        written(copy)


def test_a_section_without_a_table_gets_one(copy: Path) -> None:
    """Who adds a command would have to know the markers by heart."""
    page = copy / "docs/reference/cli.md"
    whole = page.read_text("utf-8")
    block = re.search(r"(?ms)^<!-- generated: crawler status -->\n.*?^<!-- end -->\n", whole)
    assert block is not None
    for instead in (
        "",
        "| Flag | Default | What it does |\n| --- | --- | --- |\n| `-x` | 1 | y |\n",
    ):
        page.write_text(whole.replace(block[0], instead), "utf-8")
        assert block[0] in written(copy)[page]


def test_every_text_of_the_code_is_there() -> None:
    """A row would be empty: a key without a word about it, a failure that nobody explains."""
    assert set(FAILURES) >= {*typing.get_args(FailureKind), *UNFETCHED}
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    codes = {kind.exit_code for kind in kinds if issubclass(kind, errors.CrawlerError)}
    assert codes <= set(EXIT_CODES)
    rows = [row for path, text in written().items() for row in text.splitlines() if "| |" in row]
    assert [row for row in rows if "`CRAWLER_" not in row] == []


def test_a_default_in_a_help_text_is_that_of_the_setting() -> None:
    """`--help` would promise a delay that no crawl keeps."""
    from crawler.cli.options import CRAWL_OPTIONS
    from crawler.conf.settings import Settings
    from crawler.conf.sources import NAMES
    from docs.builder.rows import setting_rows

    told = {row[0]: row[1] for row in flag_rows("start", Notes())}
    wrong = []
    for name in CRAWL_OPTIONS.keys() & set(NAMES):
        if Settings.model_fields[name].default in (None, ()) or name in ("job", "num_processes"):
            continue
        _, flag, default, _ = setting_rows([name], Notes())[0]
        shown = next(value for names, value in told.items() if flag in names.split(", "))
        if shown not in (default, {"1m": "60s"}.get(default)):
            wrong.append((name, shown, default))
    assert wrong == []
