"""Values as they were given, each with its place: flags, environment, `.env`, crawl file.

Names are checked here, because pydantic-settings ignores what it does not know: a misspelt variable
would silently do nothing.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from dotenv.parser import parse_stream

from crawler.conf.files import read_small
from crawler.conf.settings import ENV_PREFIX, INTERNAL, Settings
from crawler.errors import ConfigError

NAMES = tuple(name for name in Settings.model_fields if name not in INTERNAL)
FLAG_ONLY = frozenset({"fresh"})
"""Said by a service or a file, it would move a job aside at every restart."""
FILE_ONLY = frozenset({"extract", "site"})
"""Tables, which no variable and no flag can hold."""

FLAG_NAMES = {
    "num_processes": "processes",
    "concurrent_tasks_per_process": "concurrency",
}
"""Settings whose flag has another name: QuasiQueue's own."""
_HINTS = {flag: name for name, flag in FLAG_NAMES.items()}

_KUBERNETES = re.compile(
    r"CRAWLER_(?:\w+_)?(?:SERVICE_(?:HOST|PORT)\w*|PORT|PORT_\d+_\w+)|CRAWLER_(?:PORT|SERVICE_)\w*"
)
"""A service called `crawler` or `crawler-…` puts these into every pod beside it."""


class Given(NamedTuple):
    """One value as it was given."""

    value: object
    kind: str
    """flag, env, .env or file."""
    place: str
    """How a message names it: `--delay`, `CRAWLER_DELAY`, `crawl.toml, line 3: delay`."""


Values = dict[str, Given]


def from_flags(flags: Mapping[str, object]) -> Values:
    """Return the flags that were typed; None and empty lists were not."""
    typed = {name: value for name, value in flags.items() if value not in (None, (), [])}
    for name in typed:
        if name not in NAMES:
            raise ConfigError(f"no setting is called {name}{suggest(name)}")
    return {name: Given(value, "flag", flag_of(name)) for name, value in typed.items()}


def flag_of(name: str) -> str:
    """Return how the command line calls a setting."""
    return "SEEDS" if name == "seeds" else "--" + FLAG_NAMES.get(name, name).replace("_", "-")


def from_environment(environ: Mapping[str, str], notes: list[str]) -> Values:
    """Return the values of `CRAWLER_*`; an empty variable is one that was not set."""
    values: Values = {}
    for variable in sorted(environ):
        if variable.upper().startswith(ENV_PREFIX):
            name = _name_of_variable(variable, variable, notes)
            if name is not None and environ[variable]:
                values[name] = Given(environ[variable], "env", variable)
        elif variable.startswith("QUASIQUEUE_"):
            notes.append(f"{variable} does nothing here: write CRAWLER_ instead of QUASIQUEUE_")
    return values


def from_dotenv(path: Path, notes: list[str]) -> Values:
    """Return the values of `CRAWLER_*` in a `.env` file, if there is one."""
    if not path.is_file():
        return {}
    values: Values = {}
    for binding in parse_stream(StringIO(read_small(path))):
        place = f"{path.name}, line {binding.original.line + _blank_lines(binding.original.string)}"
        if binding.error:
            raise ConfigError(f"{place}: write NAME=value")
        variable = binding.key
        if variable is None or not variable.upper().startswith(ENV_PREFIX):
            continue
        name = _name_of_variable(variable, f"{place}: {variable}", notes)
        if name is not None and binding.value:
            values[name] = Given(binding.value, ".env", f"{place}: {variable}")
    return values


def _blank_lines(text: str) -> int:
    """A binding's text begins with the blank lines before it."""
    return text[: len(text) - len(text.lstrip())].count("\n")


def _name_of_variable(variable: str, place: str, notes: list[str]) -> str | None:
    """Return the setting of a variable; None: not ours, and said so."""
    name = variable.removeprefix(ENV_PREFIX).lower()
    if variable.isupper() and name in NAMES:
        if name in FLAG_ONLY:
            raise ConfigError(f"{place}: can only be given as {flag_of(name)}")
        if name in FILE_ONLY:
            raise ConfigError(f"{place}: can only be given as [[{name}]] in a crawl file")
        return name
    if _KUBERNETES.fullmatch(variable):
        notes.append(f"{variable} is ignored: it looks like one that Kubernetes sets")
        return None
    near = nearest(variable[len(ENV_PREFIX) :].lower())
    hint = f"; did you mean {ENV_PREFIX}{near.upper()}?" if near else ""
    raise ConfigError(f"{place}: no setting has this variable{hint}")


def nearest(name: str, names: Iterable[str] = NAMES) -> str | None:
    """Return the setting that was probably meant."""
    known = [*names, *_HINTS]
    found = difflib.get_close_matches(name.lower().replace("-", "_"), known, n=1, cutoff=0.6)
    return _HINTS.get(found[0], found[0]) if found else None


def suggest(name: str) -> str:
    near = nearest(name)
    return f"; did you mean {near}?" if near else ""
