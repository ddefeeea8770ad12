"""Numbers as people say them, and the word that a person may have meant."""

from collections.abc import Iterable


def size(count: int) -> str:
    """Return bytes as people say them."""
    if count < 1000:
        return f"{count} bytes"
    value, unit = count / 1000, "kB"
    for larger in ("MB", "GB", "TB"):
        if value < 999.5:
            break
        value, unit = value / 1000, larger
    return f"{value:.1f} {unit}"


def duration(seconds: float) -> str:
    """Return a time as people say it."""
    whole = round(seconds)
    if seconds < 10:
        return f"{seconds:.1f} s"
    if whole < 120:
        return f"{whole} s"
    if whole < 7200:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def percent(share: float) -> str:
    if 0 < share < 0.001:
        return "<0.1 %"
    return f"{share * 100:.1f} %"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a question that goes after the word that is unknown; nothing where none is near."""
    import difflib

    near = difflib.get_close_matches(word.lower(), list(known), n=1)
    return f" (did you mean {near[0]}?)" if near else ""
