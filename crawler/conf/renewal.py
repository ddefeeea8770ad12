"""Which settings a running crawl takes up when it reads them again, and which it stands on."""

from typing import NamedTuple

from crawler.conf.settings import INTERNAL, Settings

FIXED = frozenset(
    {
        *("job", "output", "frontier", "http", "http_token"),
        *("log_level", "log_format", "log_max_bytes", "log_keep", "debug", "no_color", "progress"),
    }
)
"""Settings that hold until the process ends: where things are, what is open, how it is shown."""
_SILENT = INTERNAL | {"fresh"}
"""Not a matter of a crawl that runs."""


class Renewal(NamedTuple):
    """What came of reading the settings again."""

    settings: Settings
    changed: tuple[str, ...]
    """Names of those that are others now."""
    kept: tuple[str, ...]
    """Names of those that would be others, and stay as they are."""


def renew(old: Settings, new: Settings) -> Renewal:
    """Return `new` with all that cannot change in a running crawl as `old` has it."""
    changed: list[str] = []
    kept: list[str] = []
    for name in Settings.model_fields:
        before = getattr(old, name)
        if getattr(new, name) == before:
            continue
        if name in FIXED or name in _SILENT:
            setattr(new, name, before)
            if name in FIXED:
                kept.append(name)
        else:
            changed.append(name)
    return Renewal(new, tuple(changed), tuple(kept))
