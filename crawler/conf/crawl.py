"""The crawl file: TOML with the names of the settings, so that a crawl can be kept and shared."""

import re
from collections.abc import Sequence
from pathlib import Path

from crawler.conf.files import read_small
from crawler.conf.sources import FLAG_ONLY, NAMES, Given, Values, flag_of, suggest
from crawler.errors import ConfigError

_SITE = re.compile(r"""\s*\[{1,2}\s*["']?site["']?\s*\]""").match
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
        raise ConfigError(_toml_message(path, text, str(error))) from None
    except RecursionError:
        raise ConfigError(f"{path}: nested too deeply") from None
    lines = _lines_of_keys(text)
    values: Values = {}
    for key, value in table.items():
        place = f"{path}, line {lines[key]}: {key}" if key in lines else f"{path}: {key}"
        problem = _problem_of_key(key, value)
        if problem is not None:
            problems.append(f"{place}: {problem}")
        elif key == "site":
            values[key] = Given(_tables(value, text, path, problems), "file", place)
        elif key == "extract":
            values[key] = Given(_extract_tables(value, text, path, problems), "file", place)
        else:
            values[key] = Given(value, "file", place)
    return values


def _tables(given: object, text: str, path: Path, problems: list[str]) -> Sequence[object]:
    from crawler.conf.sites import read_tables  # noqa: PLC0415 - only for who has such tables

    number = len(given) if isinstance(given, list) else 1
    lines = [n for n, line in enumerate(text.splitlines(), 1) if _SITE(line)]
    if len(lines) == number:
        places = [f"{path}, line {line}: [[site]]" for line in lines]
    else:
        places = [f"{path}: site number {n}" for n in range(1, number + 1)]
    return read_tables(given, places, problems)


def _extract_tables(given: object, text: str, path: Path, problems: list[str]) -> Sequence[object]:
    # Only for who has such tables.
    from crawler.conf.extract_places import find_places  # noqa: PLC0415
    from crawler.conf.extract_tables import read_extract_tables  # noqa: PLC0415

    number = len(given) if isinstance(given, list) else 1
    return read_extract_tables(given, find_places(text, path, number), problems)


def _problem_of_key(key: str, value: object) -> str | None:
    if key in _NOT_IN_FILE:
        return f"can only be given as {flag_of(key)}"
    if key in NAMES:
        return None
    kind = "table" if isinstance(value, dict) else "setting"
    return f"no {kind} has this name{suggest(key)}"


def _toml_message(path: Path, text: str, message: str) -> str:
    """Put the line first, as in every other message."""
    found = re.fullmatch(r"(.*) \(at line (\d+), column \d+\)", message, re.DOTALL)
    if found is None and message.endswith(at_end := " (at end of document)"):
        last = len(text.rstrip().splitlines()) or 1
        return f"{path}, line {last}: {message.removesuffix(at_end)}, and there the file ends"
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
