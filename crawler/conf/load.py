"""Settings from all sources: flags, then environment, `.env`, crawl file, defaults."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from crawler.conf.crawl import from_crawl_file
from crawler.conf.masking import SECRETS
from crawler.conf.plan import make_plan
from crawler.conf.settings import Settings
from crawler.conf.sources import Given, Values, from_dotenv, from_environment, from_flags
from crawler.errors import ConfigError

_PATHS = ("job", "output", "config", "cookies")
_LEGACY = "full_queue_sleep_time"
_LONGEST_SHOWN = 60


def load_settings(
    flags: Mapping[str, object],
    environ: Mapping[str, str],
    cwd: Path,
    *,
    extract: str | None = None,
) -> Settings:
    """Return the settings of a node, checked; relative directories count from `cwd`.

    Args:
        flags: what was typed, by the name of the setting; None and empty lists were not.
        environ: the environment.
        cwd: where `.env` and a relative crawl file are looked for.
        extract: a crawl file whose `[[extract]]` tables count instead of the others.

    Raises:
        ConfigError: one line that names the place of each fault and, where it can, what would be
            right.
    """
    notes: list[str] = []
    problems: list[str] = []
    over_file = (
        from_dotenv(cwd / ".env", notes) | from_environment(environ, notes) | from_flags(flags)
    )
    values = over_file
    if "config" in over_file:
        values = from_crawl_file(_crawl_file(over_file["config"], cwd), problems) | over_file
    if extract is not None:
        values["extract"] = _tables_of(Given(extract, "flag", "--extract"), cwd, problems)
    _map_legacy(values, notes)
    if environ.get("NO_COLOR"):
        values.setdefault("no_color", Given(True, "env", "NO_COLOR"))
    settings = _validate(values, problems)
    for name in _PATHS:
        path = getattr(settings, name)
        if path is not None:
            setattr(settings, name, _straight(cwd / path))
    _warn_of_readers(settings, notes)
    settings.remember({name: given.kind for name, given in values.items()}, tuple(notes))
    make_plan(settings)
    return settings


def _straight(path: Path) -> Path:
    """Return a path without `..`, where it means the same: behind a link it may not."""
    if ".." not in path.parts:
        return path
    shorter = Path(os.path.normpath(path))
    return shorter if shorter.resolve() == path.resolve() else path


def _warn_of_readers(settings: Settings, notes: list[str]) -> None:
    """A file with secrets should be its owner's alone."""
    secret = [settings.cookies]
    if settings.config and (settings.header or any(table.has_secrets for table in settings.site)):
        secret.append(settings.config)
    for path in secret:
        try:
            mode = path.stat().st_mode if path is not None else 0
        except OSError:
            continue  # said where it is read
        if mode & (stat.S_IRGRP | stat.S_IROTH):
            notes.append(f"{path} holds secrets and others can read it: chmod 600 it")


def _crawl_file(given: Given, cwd: Path) -> Path:
    path = Path(str(given.value)).expanduser()
    return path if path.is_absolute() or cwd == Path.cwd() else cwd / path


def _tables_of(given: Given, cwd: Path, problems: list[str]) -> Given:
    path = _crawl_file(given, cwd)
    found = from_crawl_file(path, problems)
    if "extract" not in found:
        problems.append(f"{path}: there is no [[extract]] table in it")
        return given._replace(value=())
    return found["extract"]._replace(kind="flag")


def _map_legacy(values: Values, notes: list[str]) -> None:
    """QuasiQueue's old name for the writer's pause still works, and says that it is old."""
    old = values.get(_LEGACY)
    if old is None:
        return
    notes.append(f"{old.place} is an old name: use full_queue_sleep_max")
    values.setdefault("full_queue_sleep_max", old)


def _validate(values: Values, problems: list[str]) -> Settings:
    """Return the settings if neither they nor their names have problems."""
    # Every field is passed, defaults too, so that pydantic-settings looks nothing up.
    given: dict[str, Any] = {"_env_file": None} | {
        name: values[name].value if name in values else field.get_default(call_default_factory=True)
        for name, field in Settings.model_fields.items()
    }
    try:
        settings = Settings(**given)
    except ValidationError as error:
        problems = problems + _problems_of_values(error, values)
    if problems:
        raise ConfigError("; ".join(problems))
    return settings


def _problems_of_values(error: ValidationError, values: Values) -> list[str]:
    problems = []
    for detail in error.errors(include_url=False):
        name = str(detail["loc"][0])
        given = values.get(name)
        text = detail["msg"].removeprefix("Value error, ")
        text = text.replace("Input should be", "must be").replace(
            ", unable to parse string as an integer", ""
        )
        if detail["type"] != "value_error" and name not in SECRETS and given is not None:
            shown = repr(given.value)
            text += f", not {shown if len(shown) <= _LONGEST_SHOWN else shown[:57] + '...'}"
        problems.append(f"{given.place if given else name}: {text}")
    return problems
