"""Whether the times between visits can be kept, given the other settings."""

from collections.abc import Mapping
from typing import Any

from crawler.conf.units import format_duration
from crawler.errors import ConfigError

NEVER = "never"
"""Of a site: its pages are not visited again, although those of others are."""


def check_revisits(values: Mapping[str, Any]) -> None:
    """Look at all settings together.

    Raises:
        ConfigError: pages would be due more often than their host, or the queue, allows.
    """
    if values["recrawl_min"] > values["recrawl_max"]:
        raise ConfigError(
            f"recrawl_min {_text(values['recrawl_min'])} is longer than "
            f"recrawl_max {_text(values['recrawl_max'])}"
        )
    if values["recrawl"] is not None:
        _check("recrawl", values["recrawl"], values["delay"], values)
    for table in values["site"]:
        recrawl = values["recrawl"] if table["recrawl"] is None else table["recrawl"]
        if recrawl is None or recrawl == NEVER:
            continue
        delay = values["delay"] if table["delay"] is None else table["delay"]
        _check(f"recrawl of site {table['match']}", recrawl, delay, values)


def _check(name: str, seconds: float, delay: float, values: Mapping[str, Any]) -> None:
    least, bound = values["recrawl_min"], ""
    if least < seconds:
        # A page that changes comes down to it, whatever it began with.
        seconds, bound = least, " (recrawl_min)"
    for limit, whose in (
        (values["prevent_requeuing_time"], "prevent_requeuing_time"),
        (delay, "the delay of its host"),
    ):
        if seconds < limit:
            raise ConfigError(
                f"{name}: pages would be due again after {_text(seconds)}{bound}, which is less "
                f"than {whose} ({_text(limit)}); no URL is asked for so often: set at least "
                f"{_text(limit)}"
            )


def _text(seconds: float) -> str:
    return format_duration(round(seconds * 1000))
