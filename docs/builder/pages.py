"""Code blocks of a Markdown page: commands, files, and what is only shown.

A block is indented by four, or fenced with a language. What an indented block is shows in its first
line: `# NAME.EXT` begins a file, a known word a command. After a blank line a block of commands may
go on with what the last of them prints. A comment of HTML right before a block says more of it:

    not run: REASON         nobody can run it here (root, Docker, the network)
    exit code: N            how its last command ends
    background              it stays, as in a second terminal, until the end of the page
    set: NAME=VALUE …       variables from here on, so that a test need not wait
    given: crawl            the reader has a finished crawl in ./crawl
    given: running crawl    or one that runs there
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.token import Token

Kind = Literal["commands", "file", "toml", "python", "data", "shown", "usage"]
LANGUAGES: dict[str, Kind] = {
    "sh": "commands",
    "bash": "commands",
    "toml": "toml",
    "python": "python",
    "json": "data",
    "ini": "data",
    "sql": "data",
    "yaml": "data",
    "text": "shown",
}
"""Of fenced blocks; another one is refused, so that no command hides in it."""
WORDS = frozenset(
    """
    . [ awk bash case cat cd chmod cp crawler crontab curl date diff docker du duckdb echo env exec
    export find for git grep gunzip gzip head if install jq journalctl kill ln ls make mkdir mv nice
    nohup npm pip printf promtool psql pwd python python3 redis-cli rm rsync scp sed sleep sort
    source sqlite3 ssh sudo sudoedit systemctl systemd-analyze systemd-run tail tar tee test time
    timeout tmux touch trap true uv wait warcio watch wc wget while xargs zstd zstdcat
    """.split()  # noqa: SIM905 - a column of sixty strings would be no list to read
)
"""First words of commands; so is a path to a program, and a variable that is set for one."""
MARKS = frozenset({"not run", "exit code", "background", "set", "given"})
OURS = re.compile(r"^\s*(?:\$ )?(?:crawler|make|jq|python3? -m crawler\S*) [\w.'/:-]", re.MULTILINE)
"""A line that must not hide among what is only shown."""

_FILE = re.compile(r"^# (?P<name>[\w./-]+\.(?:toml|py|sh|txt|service|yml|json))$")
_COMMENT = re.compile(r"<!--\s*(?P<text>.*?)\s*-->", re.DOTALL)
_MARK = re.compile(r"^(?P<name>[a-z ]+?)(?:: (?P<value>.+))?$", re.DOTALL)
_HEREDOC = re.compile(r"<<-?\s*'?\"?(?P<end>\w+)'?\"?")
_PLACEHOLDER = re.compile(r"(?:^|\s)\[?[A-Z]{3,}(?:[|\]. ]|$)|\s\[-")


class Unclear(Exception):
    """Nobody can say what a block is."""


@dataclass(frozen=True, slots=True)
class Block:
    """One block, or the part of one up to where its output begins."""

    kind: Kind
    text: str
    line: int
    """Its first line in the page, from 1."""
    name: str = ""
    """Of a file."""
    marks: dict[str, str] = field(default_factory=dict)


def blocks(page: Path) -> list[Block]:
    """Return the blocks of a page in order.

    Raises:
        Unclear: a fence without a language that we know, an unknown mark, or a command among what
            is only shown.
    """
    found: list[Block] = []
    marks: dict[str, str] = {}
    for token in MarkdownIt("commonmark").parse(page.read_text("utf-8")):
        where = f"{page.name}, line {(token.map or [0])[0] + 1}"
        if token.type == "html_block":
            marks |= _marks(token.content, where)
        elif token.type in ("code_block", "fence"):
            found += _of_token(token, marks, where)
            marks = {}
    return found


def inline_code(page: Path) -> Iterator[str]:
    """Yield what a page has in code style inside of its text."""
    for token in MarkdownIt("commonmark").enable("table").parse(page.read_text("utf-8")):
        for child in token.children or ():
            if child.type == "code_inline":
                yield " ".join(child.content.split())


def _marks(text: str, where: str) -> dict[str, str]:
    marks = {}
    for comment in _COMMENT.finditer(text):
        found = _MARK.match(comment["text"])
        if found and found["name"] in MARKS:
            marks[found["name"]] = found["value"] or ""
        elif not comment["text"].startswith(("generated: ", "end")):
            raise Unclear(f"{where}: no mark is called {comment['text']!r}")
    return marks


def _of_token(token: Token, marks: dict[str, str], where: str) -> Iterator[Block]:
    first = (token.map or [0])[0] + (2 if token.type == "fence" else 1)
    text = token.content
    if token.type == "fence":
        language = token.info.strip()
        if language not in LANGUAGES:
            raise Unclear(f"{where}: a fence needs one of {', '.join(LANGUAGES)}")
        kind = LANGUAGES[language]
        named = _FILE.match(text.partition("\n")[0])
        if kind != "commands":
            named_kind: Kind = "file" if named else kind
            yield _plain(named_kind, text, first, marks, where, named["name"] if named else "")
            return
    yield from _indented(text, first, marks, where)


def _indented(text: str, first: int, marks: dict[str, str], where: str) -> Iterator[Block]:
    head = text.partition("\n")[0]
    named = _FILE.match(head)
    if named:
        yield Block("file", text, first, named["name"], marks)
        return
    if head.startswith("# /"):  # a file of the system
        yield _plain("data", text, first, marks, where)
        return
    if not _is_command(head):
        yield _plain("toml" if _is_toml(text) else "shown", text, first, marks, where)
        return
    if head.startswith("crawler ") and text.count("\n") == 1 and _PLACEHOLDER.search(text):
        yield Block("usage", text, first, "", marks)
        return
    commands, shown = _parted(text)
    yield Block("commands", commands, first, "", marks)
    if shown:
        yield _plain("shown", shown, first + commands.count("\n"), {}, where)


def _plain(  # noqa: PLR0917 - the parts of a block
    kind: Kind, text: str, first: int, marks: dict[str, str], where: str, name: str = ""
) -> Block:
    hidden = OURS.search(text)
    if hidden and kind != "file":
        raise Unclear(f"{where}: a command among what is only shown: {hidden[0]}")
    return Block(kind, text, first, name, marks)


def _is_command(line: str) -> bool:
    word = line.split(" ", 1)[0]
    if line.startswith("# ") or re.match(r"^[A-Z_]+=\S* \S", line):
        return True
    return word in WORDS or bool(re.match(r"^[\w.~-]*/[\w./-]*bin/[\w-]+$", word))


def _is_toml(text: str) -> bool:
    if "=" not in text and "[" not in text:
        return False
    try:
        return bool(tomllib.loads(text))
    except tomllib.TOMLDecodeError:
        return False


def _parted(text: str) -> tuple[str, str]:
    """Part commands from what they print: what comes after a blank line and is no command."""
    lines = text.splitlines(keepends=True)
    until: str | None = None
    after_blank = continued = False
    for number, line in enumerate(lines):
        if until is not None:
            until = None if line.strip() == until else until
            continue
        if after_blank and line.strip() and not _is_command(line.rstrip("\n")) and not continued:
            return "".join(lines[:number]), "".join(lines[number:])
        heredoc = _HEREDOC.search(line)
        until = heredoc["end"] if heredoc else None
        continued = line.rstrip().endswith("\\")
        after_blank = not line.strip()
    return text, ""
