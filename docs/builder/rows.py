"""Rows of the reference, out of the code: flags, settings, keys of the record, errors, codes."""

import ast
import inspect
import re
import typing
from collections.abc import Iterator

from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from crawler import errors
from crawler.admin.catalogue import METRICS
from crawler.audit.checks import CHECKS
from crawler.cli.app import make_app
from crawler.cli.options import CRAWL_OPTIONS
from crawler.conf.settings import ENV_PREFIX, Settings
from crawler.conf.show import plain
from crawler.conf.sources import FILE_ONLY, FLAG_ONLY, NAMES, flag_of
from crawler.model.events import COMMON_FIELDS, EVENTS
from crawler.model.exit_codes import EXIT_CODES
from crawler.model.failures import FAILURES
from crawler.model.record import RECORD_KEYS, Record
from crawler.policy.retry import RETRY_ERRORS
from docs.builder.notes import Notes

Row = tuple[str, ...]
OWN_ROW = frozenset({"job", "config"})
"""Options of a crawl that mean something else in each command."""

_DEFAULT = re.compile(r"(?s)^(?P<text>.*) (?:\((?P<default>[^()]*)\)|\[default: (?P<said>.*)\])$")


def commands() -> dict[str, TyperCommand]:
    """Return every command that is not hidden, by its words: `config check`."""
    return dict(_leaves(get_command(make_app()), ""))


def _leaves(command: object, path: str) -> Iterator[tuple[str, TyperCommand]]:
    if isinstance(command, TyperGroup):
        for name, child in command.commands.items():
            if not child.hidden:
                yield from _leaves(child, f"{path} {name}".strip())
    elif isinstance(command, TyperCommand):
        yield path, command


def command_rows() -> list[Row]:
    """Return each command with its first line of help."""
    rows: list[Row] = []
    for path, command in commands().items():
        anchor = f"crawler-{path.replace(' ', '-')}"
        first = inspect.cleandoc(command.help or "").split("\n\n")[0].replace("\n", " ")
        rows.append((f"[`crawler {path}`](#{anchor})", first.removesuffix(".")))
    return rows


def flag_rows(path: str, notes: Notes) -> list[Row]:
    """Return the options of a command: names, default, what it does.

    Options that `start` has too, and that say the same, are one row in other commands, but those
    that have a note.
    """
    command = commands()[path]
    rows: list[Row] = []
    shared: list[str] = []
    for option in command.params:
        if not isinstance(option, TyperOption) or option.hidden:
            continue
        names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
        if path != "start" and _is_shared(option) and not notes.has(*_place(path, option)):
            shared.append(names)
        else:
            rows.append((names, *_default_and_text(path, option, notes)))
    if shared:
        rows.append((", ".join(shared), "as of `start`", "See [`crawler start`](#crawler-start)"))
    return rows


def _is_shared(option: TyperOption) -> bool:
    named = option.name or ""
    if named in OWN_ROW:
        return False
    if named in CRAWL_OPTIONS:
        start = {each.name: each for each in commands()["start"].params}.get(named)
        return getattr(start, "help", None) == option.help
    return named in ("quiet", "verbose")


def _default_and_text(path: str, option: TyperOption, notes: Notes) -> tuple[str, str]:
    """A help text ends with its default in parentheses, where that is no plain value."""
    name = option.name or ""
    text = (option.help or "").removesuffix(".")
    found = _DEFAULT.match(text)
    said = (found["default"] or found["said"]) if found else None
    if found:
        text = found["text"].removesuffix(".")
    table, row = _place(path, option)
    default = notes.default(table, row) or said
    if default is None:
        is_setting = name in NAMES and option.default is None
        value = Settings.model_fields[name].default if is_setting else option.default
        default = _said(name, value)
    return default, _with_note(text, notes.note(table, row))


def _place(path: str, option: TyperOption) -> tuple[str, str]:
    """Return where the note of an option stands; `start` shares those of the settings."""
    if path == "start" and option.name in NAMES:
        return "settings", option.name
    return f"crawler {path}", option.opts[-1]


def _with_note(text: str, note: str) -> str:
    return text if not note else f"{text}; {note}" if text else note


def _said(name: str, value: object) -> str:
    """Return a default as a person reads it."""
    if name in NAMES:
        value = plain(name, value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name in ("quiet", "verbose"):
        return "no"
    return "none" if value in (None, [], ()) else str(value)


def setting_rows(names: list[str], notes: Notes, *, flags: bool = True) -> list[Row]:
    """Return settings in this order: variable, flag, default, meaning."""
    option_names = {option for option in CRAWL_OPTIONS if option in NAMES}
    rows: list[Row] = []
    for name in names:
        field = Settings.model_fields[name]
        default = notes.default("settings", name)
        if default is None:
            default = _said(name, field.default)
        flag = f"`{flag_of(name)}`" if name in option_names else ""
        if name == "seeds":
            flag = "arguments"
        text = _with_note(field.description or "", notes.note("settings", name))
        variable = f"`{ENV_PREFIX}{name.upper()}`"
        rows.append((variable, flag, default, text) if flags else (variable, default, text))
    return rows


def settings_for_tables() -> set[str]:
    """Return the settings that a table of the reference must have."""
    return set(NAMES) - FLAG_ONLY - FILE_ONLY


def record_rows(notes: Notes) -> list[Row]:
    """Return the keys of a record: key, type, what it says."""
    said = _attribute_docs(Record)
    hints = typing.get_type_hints(Record)
    return [
        (f"`{key}`", _json_type(hints[key]), _with_note(said[key], notes.note("record", key)))
        for key in RECORD_KEYS
    ]


def _attribute_docs(kind: type) -> dict[str, str]:
    """Return the text below each attribute of a class, on one line, without its last period."""
    lines = [
        line
        for each in ast.parse(inspect.getsource(kind)).body
        if isinstance(each, ast.ClassDef)
        for line in each.body
    ]
    texts: dict[str, str] = {}
    for line, below in zip(lines, [*lines[1:], None], strict=True):
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
            texts[line.target.id] = ""
            if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
                text = " ".join(str(below.value.value).split())
                texts[line.target.id] = text.removesuffix(".")
    return texts


def _json_type(hint: object) -> str:
    """Return the JSON type of an annotation, in words."""
    plain_names = {str: "string", int: "number", bool: "boolean", type(None): "null"}
    if isinstance(hint, type) and hint in plain_names:
        return plain_names[hint]
    arguments = typing.get_args(hint)
    origin = typing.get_origin(hint)
    if origin is list:
        return f"list of {_json_type(arguments[0])}s"
    if origin is dict or hint is dict:
        return "object"
    if origin is typing.Literal:
        return "string"
    return " or ".join(_json_type(argument) for argument in arguments)


def failure_rows(notes: Notes) -> list[Row]:
    """Return the words of `error`: word, what happened, whether it is tried again."""
    rows: list[Row] = []
    for word, text in FAILURES.items():
        again = notes.default("error", word) or ("yes" if word in RETRY_ERRORS else "no")
        rows.append((f"`{word}`", _with_note(text, notes.note("error", word)), again))
    return rows


def error_rows(notes: Notes) -> list[Row]:
    """Return the errors of the crawl: class, exit code, its first sentence."""
    rows: list[Row] = []
    for name, kind in vars(errors).items():
        if isinstance(kind, type) and issubclass(kind, errors.CrawlerError):
            text = inspect.cleandoc(kind.__doc__ or "").splitlines()[0].removesuffix(".")
            note = notes.note("errors of the crawl", name)
            rows.append((f"`{name}`", str(kind.exit_code), _with_note(text, note)))
    return rows


def exit_code_rows(notes: Notes) -> list[Row]:
    """Return the exit codes: code, meaning, what to do."""
    rows: list[Row] = []
    for code, (meaning, remedy) in EXIT_CODES.items():
        note = notes.note("exit codes", str(code))
        rows.append((str(code), meaning, _with_note(remedy, note)))
    return rows


def check_rows() -> list[Row]:
    """Return every check of a report: name, severity, what it finds, columns of its file."""
    return [
        (f"`{check.name}`", check.severity, f"{check.title}. {check.meaning}") for check in CHECKS
    ]


def event_field_rows() -> list[Row]:
    """Return what every event has, or may have."""
    return [(f"`{name}`", meaning) for name, meaning in COMMON_FIELDS.items()]


def event_rows() -> list[Row]:
    """Return every event that is logged: least level, own fields, meaning."""
    return [
        (f"`{name}`", event.level, _names(event.fields) or "none", event.meaning)
        for name, event in EVENTS.items()
    ]


def _names(words: tuple[str, ...]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def metric_rows() -> list[Row]:
    """Return the metrics of the admin server: name, type, labels, meaning."""
    return [
        (
            f"`{name}`",
            info.type,
            ", ".join(f"`{label}`" for label in info.labels) or "none",
            info.meaning.removesuffix("."),
        )
        for name, info in METRICS.items()
    ]
