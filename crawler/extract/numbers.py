"""Numbers as people write them: `1.234,56`, `1,299`, `1 299 kg`."""

import re

_NUMBER = re.compile(
    r"[-+\u2212]?(?:[0-9]{1,40}"
    r"(?:(?:[.,'\u2019]|[ \u00a0\u202f](?=[0-9]{3}(?![0-9])))[0-9]{1,40}){0,9}"
    r"|[.,][0-9]{1,40})"
)
_GROUPS = re.compile(r"[ '\u2019\u00a0\u202f]")
_PLAIN = re.compile(r"[-+]?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,3})?")
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}(?:[.,][0-9]{3})+")  # 0,125 is an eighth
_LARGEST = 2**63
_INFINITY = float("inf")


def to_number(text: str, decimal: str | None = None) -> float:
    """Return the first number of a text.

    Args:
        text: what to read; what stands around the number does not matter.
        decimal: the character before the fraction. None: of two different separators the last one;
            a comma before three digits parts thousands, any other single one begins a fraction.

    Raises:
        ValueError: no number.
    """
    if decimal is None and _PLAIN.fullmatch(text):
        return _finite(text)
    found = _NUMBER.search(text)
    if found is None:
        raise ValueError("is no number")
    return _finite(_plain(_GROUPS.sub("", found[0]).replace("\u2212", "-"), decimal))


def to_int(text: str, decimal: str | None = None) -> int:
    """Return the first number of a text, which must be whole; any separator may part thousands.

    Raises:
        ValueError: no number, or one with a fraction, or too large for a record.
    """
    found = _NUMBER.search(text)
    if found is None:
        raise ValueError("is no number")
    number = _GROUPS.sub("", found[0]).replace("\u2212", "-")
    if decimal is None and _THOUSANDS.fullmatch(number.lstrip("+-")):
        number = number.replace(",", "").replace(".", "")
    before, _, fraction = _plain(number, decimal).partition(".")
    if fraction.strip("0") or not before.strip("+-"):
        raise ValueError("is no whole number")
    value = int(before)
    if abs(value) >= _LARGEST:
        raise ValueError("is too large a number")
    return value


def whole(value: float) -> int:
    """Return a number that is whole as such.

    Raises:
        ValueError: it has a fraction, or is too large for a record.
    """
    if value != int(value):
        raise ValueError("is no whole number")
    if abs(value) >= _LARGEST:
        raise ValueError("is too large a number")
    return int(value)


def _plain(number: str, decimal: str | None) -> str:
    """Return a number with a point before its fraction, and no other separators."""
    if decimal is None:
        decimal = _judged(number)
    groups = "," if decimal == "." else "."
    return number.replace(groups, "").replace(decimal, ".")


def _judged(number: str) -> str:
    """Return the character before the fraction, by the look."""
    point, comma = number.rfind("."), number.rfind(",")
    if point >= 0 and comma >= 0:
        return "." if point > comma else ","
    separator = "." if point >= 0 else ","
    other = "," if separator == "." else "."
    if number.count(separator) > 1:
        return other
    if separator == "," and _THOUSANDS.fullmatch(number.lstrip("+-")):
        return other
    return separator


def _finite(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise ValueError("is no number") from None
    if abs(number) == _INFINITY:
        raise ValueError("is too large a number")
    return number
