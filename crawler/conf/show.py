"""Settings as a person reads them: with units, sources, and no secrets."""

from typing import NamedTuple

from crawler.conf.kinds import (
    BYTES,
    NONE_OR_BYTES,
    NONE_OR_RECRAWL,
    NONE_OR_SECONDS,
    NONE_OR_SOME_SECONDS,
    SECONDS,
)
from crawler.conf.masking import masked
from crawler.conf.settings import INTERNAL, Settings
from crawler.conf.units import format_duration, format_size

_DURATIONS = (SECONDS, NONE_OR_RECRAWL, NONE_OR_SECONDS, NONE_OR_SOME_SECONDS)


class Shown(NamedTuple):
    """One line of `config show`."""

    name: str
    value: object
    """As JSON has it: durations and sizes as text with units, secrets masked."""
    source: str
    """flag, env, .env, file or default."""


def show_settings(settings: Settings) -> list[Shown]:
    """Return all settings in the order of their definition."""
    return [
        Shown(name, plain(name, getattr(settings, name)), settings.source(name))
        for name in Settings.model_fields
        if name not in INTERNAL
    ]


def public_settings(settings: Settings) -> dict[str, object]:
    """Return the settings for the manifest: by name, secrets masked."""
    return {shown.name: shown.value for shown in show_settings(settings)}


def sources(settings: Settings) -> dict[str, str]:
    """Return where each value came from: flag, env, .env, file or default."""
    return {shown.name: shown.source for shown in show_settings(settings)}


def plain(name: str, value: object) -> object:
    """Return a setting's value with units and without secrets, as JSON has it."""
    if name == "extract" and isinstance(value, tuple) and value:
        from crawler.conf.plan_extract import shown_table  # noqa: PLC0415 - only for who has tables

        return [shown_table(table) for table in value]
    value = masked(name, value)
    kinds = Settings.model_fields[name].metadata
    if isinstance(value, int | float) and any(kind in kinds for kind in _DURATIONS):
        return format_duration(round(value * 1000))
    if isinstance(value, int) and (BYTES in kinds or NONE_OR_BYTES in kinds):
        return format_size(value)
    if isinstance(value, tuple):
        return list(value)
    return value if value is None or isinstance(value, bool | int | float) else str(value)
