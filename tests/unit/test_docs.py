"""The docs say what the code says: everything that a user can type, set or read has its line."""

import dataclasses
import re
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from crawler import errors
from crawler.cli.app import make_app
from crawler.cli.explain_view import TRAPS as TRAP_TEXTS
from crawler.conf.extract_fields import KEYS as FIELD_KEYS
from crawler.conf.extract_fields import TYPES as FIELD_TYPES
from crawler.conf.extract_tables import KEYS as TABLE_KEYS
from crawler.conf.settings import ENV_PREFIX
from crawler.conf.sites import SiteTable
from crawler.conf.sources import FILE_ONLY, FLAG_ONLY, NAMES
from crawler.model.record import LISTED_HEADERS, RECORD_KEYS
from crawler.model.result import FailureKind
from crawler.pipeline.explaining.account import ScopeVerdict
from crawler.pipeline.trying.trial import (
    FieldFound,
    Fields,
    FieldState,
    Hop,
    KeptLink,
    Links,
    Outcome,
    RefusedLink,
    Response,
    SourceCount,
    Trial,
    Word,
)
from crawler.policy.parameters import DEFAULT_NAMES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
TRAPS = [f"T{number}" for number in range(1, 25)]


def _read(name: str) -> str:
    return (REFERENCE / name).read_text("utf-8")


def _first_cells(text: str) -> set[str]:
    """Return what stands in code style in the first cell of the rows of tables."""
    rows = re.findall(r"^\|([^|]*)\|", text, re.MULTILINE)
    return {word for cell in rows for word in re.findall(r"`([^`]+)`", cell)}


def _commands(
    command: TyperCommand | TyperGroup, path: str = ""
) -> Iterator[tuple[str, TyperCommand]]:
    """Yield path and command of every leaf of the command line that is not hidden."""
    if isinstance(command, TyperGroup):
        for name, child in command.commands.items():
            if not child.hidden:
                yield from _commands(child, f"{path} {name}".strip())
    else:
        yield path, command


def _command_line() -> dict[str, TyperCommand]:
    return dict(_commands(get_command(make_app())))


def _section(text: str, title: str) -> str:
    """Return the part of a page below a heading, up to the next of its level."""
    found = re.search(
        rf"^## `?{re.escape(title)}`?$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL
    )
    return found[1] if found else ""


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def test_every_command_and_flag_is_documented() -> None:
    """A flag that nobody can find would not exist."""
    text = _read("cli.md")
    missing = []
    for path, command in _command_line().items():
        section = _section(text, f"crawler {path}")
        if not section:
            missing.append(f"crawler {path}")
            continue
        for parameter in command.params:
            if isinstance(parameter, TyperOption) and not parameter.hidden:
                names = [*parameter.opts, *parameter.secondary_opts]
                missing += [
                    f"crawler {path} {name}"
                    for name in names
                    if name != "--help" and not re.search(rf"`{re.escape(name)}(?=[ `/])", section)
                ]
    assert missing == []


def test_every_key_of_a_trial_is_documented() -> None:
    """Who reads the JSON would have to guess; or would look for a key that is gone."""
    section = _section(_read("cli.md"), "crawler try").split("The JSON has:")[1]
    table = "\n".join(line for line in section.splitlines() if line.startswith("|"))
    named = set(re.findall(r"`([a-z_]+)`", table))
    kinds = (Trial, Hop, Response, Outcome, Links, KeptLink, RefusedLink, ScopeVerdict)
    kinds += (Fields, FieldFound, SourceCount)
    keys = {field.name for kind in kinds for field in dataclasses.fields(kind)}
    assert keys - named == set()
    words = {*typing.get_args(Word), *typing.get_args(FieldState), "page", "requisite"}
    assert named - keys - words == {"explain"}


def test_every_documented_command_exists() -> None:
    """A command that was taken away would go on living in the docs."""
    known = set(_command_line())
    titles = re.findall(r"^## `crawler ([^`]+)`$", _read("cli.md"), re.MULTILINE)
    assert titles
    assert set(titles) <= known


def test_every_setting_is_documented() -> None:
    """A variable would be known only to those who read the source."""
    documented = _first_cells(_read("settings.md"))
    names = {f"{ENV_PREFIX}{name}".upper() for name in NAMES if name not in FLAG_ONLY | FILE_ONLY}
    assert names - documented == set()
    assert {name for name in documented if name.startswith(ENV_PREFIX)} - names == set()


def test_every_key_of_a_site_is_documented() -> None:
    """A table would be written by trial and error."""
    documented = _first_cells((DOCS / "guides/sites.md").read_text("utf-8"))
    assert documented == set(SiteTable.model_fields)


def test_every_key_and_type_of_a_field_is_documented() -> None:
    """A rule would be written by trial and error."""
    documented = _first_cells((DOCS / "guides/fields.md").read_text("utf-8"))
    assert documented == {*TABLE_KEYS, *FIELD_KEYS, *FIELD_TYPES}


def test_the_tutorial_shows_the_shop_file_as_it_is() -> None:
    """A newcomer would type what does not work."""
    text = (
        (DOCS / "guides/tutorial-shop.md").read_text("utf-8").split("## 3. ")[1].split("## 4. ")[0]
    )
    blocks = re.findall(r"((?:^    .*\n|^\n)+)", text, re.MULTILINE)
    shown = [re.sub(r"^    ", "", block, flags=re.MULTILINE).strip() for block in blocks]
    tables = [block for block in shown if block.startswith("[")]
    assert len(tables) == 2
    shop = (ROOT / "config/shop.toml").read_text("utf-8")
    assert [table for table in tables if table not in shop] == []


def test_every_failure_word_is_documented() -> None:
    """`error` would hold a word that no page explains; or a page one that no code writes."""
    documented = _first_cells(_read("errors.md").split("## Reasons", 1)[0])
    assert set(typing.get_args(FailureKind)) - documented == set()
    source = "".join(
        path.read_text("utf-8")
        for path in (ROOT / "crawler").rglob("*.*")
        if path.suffix in {".py", ".sql"}
    )
    assert [word for word in documented if not re.search(f"[\"']{word}[\"']", source)] == []


def test_every_refusal_reason_is_documented() -> None:
    """The manifest would count URLs under a name that explains nothing."""
    text = _read("errors.md")
    policy = ROOT / "crawler/policy"
    source = (policy / "scope.py").read_text("utf-8") + (policy / "traps.py").read_text("utf-8")
    source += (policy / "logout.py").read_text("utf-8")
    reasons = set(re.findall(r'return "([a-z_]+)"', source))
    assert [reason for reason in sorted(reasons) if f"`{reason}`" not in text] == []


def test_every_parameter_and_trap_is_in_the_page_about_urls() -> None:
    """A page would lose a parameter that no page names, or be refused by an unknown rule."""
    text = (DOCS / "concepts/urls.md").read_text("utf-8")
    section = text.split("These are built in:")[1].split("There is no name")[0]
    assert sorted(re.findall(r"`(.+?)`", section)) == sorted(DEFAULT_NAMES)
    assert set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) == set(TRAP_TEXTS)


def test_every_error_and_exit_code_is_documented() -> None:
    """A script would meet a code that no page explains."""
    text = _read("errors.md")
    codes = _read("exit-codes.md")
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    assert kinds
    for kind in kinds:
        if issubclass(kind, errors.CrawlerError):
            assert f"| `{kind.__name__}` | {kind.exit_code} |" in text
            assert f"| {kind.exit_code} |" in codes
    endings = (ROOT / "crawler/pipeline/ending.py").read_text("utf-8")
    for code in {*re.findall(r"^[A-Z_]+ = (\d)$", endings, re.MULTILINE), "130", "143"}:
        assert f"| {code} |" in codes


def test_every_record_key_is_documented_in_order() -> None:
    """The order of keys is part of the format, so the page has to have it too."""
    text = _read("record.md")
    keys = re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
    assert tuple(keys) == RECORD_KEYS
    assert all(f"`{name}`" in text for name in LISTED_HEADERS)


def test_every_trap_of_quasiqueue_has_its_test() -> None:
    """A trap without a test is one that comes back with the next change."""
    text = (DOCS / "quasiqueue.md").read_text("utf-8")
    named = dict(re.findall(r"^\| (T\d+) \|.*\| `(test_t\d\d_\w*)` \|$", text, re.MULTILINE))
    assert list(named) == TRAPS
    tests = (ROOT / "tests/component/test_quasiqueue_traps.py").read_text("utf-8")
    defined = re.findall(r"^(?:async )?def (test_t\d\d_\w*)", tests, re.MULTILINE)
    assert list(named.values()) == defined


def test_every_decision_is_listed() -> None:
    """A decision would be taken again by those who did not find it."""
    folder = DOCS / "decisions"
    index = (folder / "README.md").read_text("utf-8")
    for page in sorted(folder.glob("0*.md")):
        text = page.read_text("utf-8")
        title = text.splitlines()[0].removeprefix("# ").split(" ", 1)
        assert f"| [{title[0]}]({page.name}) | {title[1]} |" in index
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [
            "Context",
            "Decision",
            "Consequences",
            "Revisit when",
        ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_resolve(page: Path) -> None:
    """A reader would follow a link into nothing."""
    text = re.sub(
        r"^    .*$|```.*?```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        if not path.exists():
            broken.append(target)
        elif anchor and path.suffix == ".md":
            headings = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
            if anchor not in {_anchor(heading) for heading in headings}:
                broken.append(target)
    assert broken == []


def test_links_lead_from_the_readme_to_every_page() -> None:
    """A page would be there that nobody who reads on a code host finds."""
    seen = {ROOT / "README.md"}
    left = list(seen)
    while left:
        page = left.pop()
        for target in re.findall(r"\]\(([^)\s#]+\.md)", page.read_text("utf-8")):
            path = (page.parent / target).resolve()
            if path not in seen and path.is_file():
                seen.add(path)
                left.append(path)
    assert [str(page.relative_to(ROOT)) for page in PAGES if page not in seen] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_that_a_page_names_exist(page: Path) -> None:
    """A contributor would look for a module that was renamed."""
    pattern = r"`((?:crawler|tests|config|seeds|benchmarks|docs)/[\w./-]*)`"
    named = re.findall(pattern, page.read_text("utf-8"))
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_make_targets_in_the_docs_exist() -> None:
    """The first command that a stranger types would fail."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    for page in PAGES:
        used = re.findall(r"(?:`|^    )make ([a-z-]+)", page.read_text("utf-8"), re.MULTILINE)
        assert set(used) <= targets, page.name


def test_changelog_has_an_open_section() -> None:
    """A change would be released without a word."""
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert re.search(r"^## Unreleased$", text, re.MULTILINE)
