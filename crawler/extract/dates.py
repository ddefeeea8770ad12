"""Dates and times as ISO 8601, from what can be read in one way only.

`03/05/2026` cannot: a rule says its `format`. Libraries that guess it take a month for a day in
silence, and cost hundreds of microseconds a value.
"""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_ISO = re.compile(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}(?:$|[T ][0-9:.,+Z\- ]{2,25}$)")
_MONTH_OR_YEAR = re.compile(r"[0-9]{4}(?:-(?:0[1-9]|1[0-2]))?")
_SECONDS = re.compile(r"[0-9]{10}(?:[0-9]{3})?")
_NAMES = (
    "january february march april may june july august september october november december",
    "januar februar märz april mai juni juli august september oktober november dezember",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "januari februari maart april mei juni juli augustus september oktober november december",
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
)
_SHORT = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTHS = {name: n for line in (*_NAMES, _SHORT) for n, name in enumerate(line.split(), 1)} | {
    "sept": 9
}
_CLOCK = r"(?:\D{1,10}([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?(?:\s*([ap])\.?m\b)?)?"
_DAY_FIRST = re.compile(
    r"\b([0-9]{1,2})(?:st|nd|rd|th|\.|º)?\s+(?:of\s+|de\s+)?([^\W\d_]{3,10})\.?,?\s+(?:de\s+)?"
    r"([0-9]{4})\b" + _CLOCK,
    re.IGNORECASE,
)
_MONTH_FIRST = re.compile(
    r"\b([^\W\d_]{3,10})\.?\s+([0-9]{1,2})(?:st|nd|rd|th)?,?\s+([0-9]{4})\b" + _CLOCK, re.IGNORECASE
)
_TIME = re.compile(r"%[HIMSpXcsf]")
_MAX_TEXT = 200


def to_date(text: str, form: str | None = None) -> str:
    """Return a day (`2026-03-05`) or a time (`2026-03-05T10:00:00+01:00`) as ISO 8601.

    A time without an offset stays without one. `2026-03` and `2026` stay as they are.

    Args:
        text: ISO 8601, RFC 2822, seconds or milliseconds since 1970, or a day with the month's
            name; with `form`, nothing else than that.
        form: of strptime.

    Raises:
        ValueError: no date, or one that can be read in several ways.
    """
    text = text.strip()
    if len(text) > _MAX_TEXT:
        raise ValueError("is no date")
    if form is not None:
        return _by_form(text, form)
    if _ISO.match(text):
        return _iso(text)
    if _MONTH_OR_YEAR.fullmatch(text):
        return text
    if _SECONDS.fullmatch(text):
        seconds = int(text) / (1000 if len(text) == 13 else 1)
        return _written(datetime.fromtimestamp(seconds, UTC))
    return _named_month(text) or _mail(text)


def _by_form(text: str, form: str) -> str:
    try:
        moment = datetime.strptime(text, form)  # noqa: DTZ007 - %z gives it an offset, if there is one
    except ValueError:
        raise ValueError(f"is no date of the form {form}") from None
    return _written(moment) if _TIME.search(form) else moment.date().isoformat()


def _iso(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("is no date") from None
    return _written(moment) if len(text) > 10 else moment.date().isoformat()


def _mail(text: str) -> str:
    try:
        return _written(parsedate_to_datetime(text))
    except (ValueError, TypeError, IndexError, OverflowError):
        raise ValueError("is no date, or has no clear form: give its format") from None


def _named_month(text: str) -> str | None:
    found = _DAY_FIRST.search(text)
    if found is not None:
        day, name, *rest = found.groups()
    else:
        found = _MONTH_FIRST.search(text)
        if found is None:
            return None
        name, day, *rest = found.groups()
    month = _MONTHS.get(name.lower())
    if month is None or _has_zone(text, found.end()):
        return None
    year, hour, minute, second, half = rest
    try:
        moment = datetime(  # noqa: DTZ001 - the page names no offset
            int(year), month, int(day), _hour(hour, half), int(minute or 0), int(second or 0)
        )
    except ValueError:
        raise ValueError("is no date") from None
    return moment.date().isoformat() if hour is None else moment.isoformat()


def _has_zone(text: str, end: int) -> bool:
    """RFC 2822 has an offset behind the time, which is not ours to lose."""
    return bool(re.match(r"\s*(?:[+-][0-9]{4}|GMT|UTC?|Z)\b", text[end:]))


def _hour(hour: str | None, half: str | None) -> int:
    number = int(hour or 0)
    if half is None:
        return number
    return number % 12 + (12 if half.lower() == "p" else 0)


def _written(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
