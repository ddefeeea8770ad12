"""How pages are read for their commands: nothing that a reader would type is passed over."""

from pathlib import Path

import pytest

from docs.builder.pages import Unclear, blocks, inline_code


@pytest.fixture
def page(tmp_path: Path) -> Path:
    return tmp_path / "page.md"


def _kinds(page: Path, text: str) -> list[tuple[str, str]]:
    page.write_text(text, "utf-8")
    return [(block.kind, block.text) for block in blocks(page)]


def test_commands_end_where_their_output_begins(page: Path) -> None:
    """A test would run what a command prints, or leave out the second command."""
    text = "Text\n\n    crawler status\n\n    jq . a.json\n\n    Fields\n      name  50\n"
    assert _kinds(page, text) == [
        ("commands", "crawler status\n\njq . a.json\n\n"),
        ("shown", "Fields\n  name  50\n"),
    ]


def test_a_document_within_commands_is_theirs(page: Path) -> None:
    """The rest of a file would be taken for output."""
    text = "    cat > a.toml <<'END'\n\n    [[site]]\n    END\n    crawler status\n"
    assert [kind for kind, _ in _kinds(page, text)] == ["commands"]


def test_files_and_crawl_files_are_told(page: Path) -> None:
    """A crawl file with a mistake would be shown to every reader."""
    text = '    # crawl.toml\n    delay = 1\n\nText\n\n    delay = "1s"\n\nText\n'
    text += '\n- one\n\n      {"a": 1}\n'
    assert [kind for kind, _ in _kinds(page, text)] == ["file", "toml", "shown"]


@pytest.mark.parametrize(
    "text",
    [
        "```\ncrawler status\n```\n",
        "```console\n$ crawler status\n```\n",
        "```text\ncrawler status --json\n```\n",
        "    Output of it\n    crawler status --json\n",
        "<!-- skip -->\n\n    crawler status\n",
        "```json\n{}\n$ jq . a.json\n```\n",
    ],
)
def test_no_command_hides(page: Path, text: str) -> None:
    """A command would be in the docs that no test runs."""
    with pytest.raises(Unclear):
        _kinds(page, text)


def test_a_mark_is_for_the_next_block_alone(page: Path) -> None:
    """One reason would let all commands of a page go."""
    page.write_text(
        "<!-- not run: needs Docker -->\n\n    docker ps\n\nText\n\n    crawler status\n"
    )
    assert [block.marks for block in blocks(page)] == [{"not run": "needs Docker"}, {}]


def test_what_a_sentence_names_is_found(page: Path) -> None:
    """A flag that went would live on in a sentence, or in a table."""
    page.write_text("Use `crawler\nstatus`.\n\n| a |\n| --- |\n| `crawler try URL` |\n")
    assert list(inline_code(page)) == ["crawler status", "crawler try URL"]
