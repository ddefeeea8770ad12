"""The crawl file: TOML with the names of the settings, so that a crawl can be kept and shared."""

import re
from pathlib import Path

from crawler.conf.sources import FLAG_ONLY, NAMES, Given, Values, flag_of, read_small, suggest
from crawler.errors import ConfigError

_NOT_IN_FILE = FLAG_ONLY | {"config"}


def from_crawl_file(path: Path, problems: list[str]) -> Values:
    """Return the values of a crawl file; keys that no setting has become problems, with their line.

    Raises:
        ConfigError: unreadable, or no TOML.
    """
    import tomllib  # noqa: PLC0415 - most crawls have no crawl file

    text = read_small(path)
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(_toml_message(path, str(error))) from None
    except RecursionError:
        raise ConfigError(f"{path}: nested too deeply") from None
    lines = _lines_of_keys(text)
    values: Values = {}
    for key, value in table.items():
        place = f"{path}, line {lines[key]}: {key}" if key in lines else f"{path}: {key}"
        problem = _problem_of_key(key, value)
        if problem is None:
            values[key] = Given(value, "file", place)
        else:
            problems.append(f"{place}: {problem}")
    return values


def _problem_of_key(key: str, value: object) -> str | None:
    if key in _NOT_IN_FILE:
        return f"can only be given as {flag_of(key)}"
    if key in NAMES:
        return None
    kind = "table" if isinstance(value, dict) else "setting"
    return f"no {kind} has this name{suggest(key)}"


def _toml_message(path: Path, message: str) -> str:
    """Put the line first, as in every other message."""
    found = re.fullmatch(r"(.*) \(at line (\d+), column \d+\)", message, re.DOTALL)
    if found is None:
        return f"{path}: {message}"
    return f"{path}, line {found[2]}: {found[1]}"


def _lines_of_keys(text: str) -> dict[str, int]:
    """Return the line of each top-level key; a good guess is enough for a message."""
    lines: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        found = re.match(r"""\s*\[*\s*["']?([\w-]+)["']?\s*[=.\]]""", line)
        if found:
            lines.setdefault(found[1], number)
    return lines
