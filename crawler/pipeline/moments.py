"""Times as a person and a program read them: RFC 3339, and how far away that is."""

import time

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def rfc3339(at: int) -> str:
    """Return a time of the job's clock (ms) in UTC, to the second below."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at // 1000))


def span(milliseconds: int) -> str:
    """Return a length of time in its largest unit of which there are two, whole ones: `90 s`."""
    seconds = -(-abs(milliseconds) // 1000)
    for size, unit in _UNITS:
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def interval(milliseconds: int) -> str:
    """Return a length of time in its two largest units, rounded down: `3 d 4 h`, `45 min`."""
    seconds = max(1, milliseconds // 1000)
    for (size, unit), (smaller, next_unit) in zip(_UNITS, (*_UNITS[1:], (1, "s")), strict=True):
        if seconds >= size:
            rest = seconds % size // smaller
            return f"{seconds // size} {unit}" + (f" {rest} {next_unit}" if rest else "")
    return f"{seconds} s"


def moment(at: int, now: int) -> str:
    """Return a time and its distance: `2026-01-02T03:04:05Z, in 12 s`."""
    if at == now:
        return f"{rfc3339(at)}, now"
    return f"{rfc3339(at)}, " + (f"in {span(at - now)}" if at > now else f"{span(at - now)} ago")
