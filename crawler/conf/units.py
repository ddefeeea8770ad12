"""Durations and sizes as people write them: `1s`, `500ms`, `1h30m`, `10MB`, `2GiB`.

A bare number is seconds or bytes. Anything else is an error that names what would be right.
"""

import math
import re

_MS = {"ms": 1, "s": 1000, "m": 60_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
_BYTES = {
    "b": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "tb": 10**12,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
    "tib": 2**40,
}
_LARGEST = 2**62
"""Everything is stored as int64; beyond this nobody means what was written."""

_NUMBER = re.compile(r"\d+(?:\.\d*)?|\.\d+", re.ASCII)
_TERM = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([a-z]+)", re.ASCII | re.IGNORECASE)


def parse_duration_ms(value: object) -> int:
    """Return milliseconds: a number is seconds, a text may have units (`90s`, `1h30m`).

    Raises:
        ValueError: it is no duration, negative or too long.
    """
    return _parse(value, _MS, bare=1000, examples="write 500ms, 30s, 5m, 2h or 1d")


def parse_size_bytes(value: object) -> int:
    """Return bytes: a number is bytes, a text may have a unit (`10MB`, `64KiB`).

    Raises:
        ValueError: it is no size, negative or too large.
    """
    return _parse(value, _BYTES, bare=1, examples="write 500kB, 10MB, 2GB or 64KiB")


def _parse(value: object, units: dict[str, int], *, bare: int, examples: str) -> int:
    problem = f"cannot read {value!r}: {examples}"
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(problem)  # noqa: TRY004 - pydantic reports ValueError in our words
    amount = _read_text(value.strip(), units, bare) if isinstance(value, str) else value * bare
    if amount is None or not math.isfinite(amount) or not 0 <= amount <= _LARGEST:
        raise ValueError(problem)
    return round(amount)


def _read_text(text: str, units: dict[str, int], bare: int) -> float | None:
    if _NUMBER.fullmatch(text):
        return float(text) * bare
    total, end = 0.0, 0
    while end < len(text):
        term = _TERM.match(text, end)
        unit = term and units.get(term[2].lower())
        if term is None or unit is None:
            return None
        total += float(term[1]) * unit
        end = term.end()
    return total if end else None


def format_duration(milliseconds: int) -> str:
    """Return the shortest text that `parse_duration_ms` reads back: `1.5s`, `5m`, `1d`."""
    for unit in ("d", "h", "m", "s"):
        if milliseconds and milliseconds % _MS[unit] == 0:
            return f"{milliseconds // _MS[unit]}{unit}"
    if 0 < milliseconds < 1000:
        return f"{milliseconds}ms"
    return f"{milliseconds / 1000}s" if milliseconds else "0s"


def format_size(count: int) -> str:
    """Return the shortest text that `parse_size_bytes` reads back: `10MB`, `1500B`."""
    for unit in ("TB", "GB", "MB", "kB"):
        if count and count % _BYTES[unit.lower()] == 0:
            return f"{count // _BYTES[unit.lower()]}{unit}"
    return f"{count}B"
