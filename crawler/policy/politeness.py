"""How long a host must be left alone: its delay, and the pause it asks for with Retry-After."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

RETRY_STATUSES = frozenset({429, 500, 502, 503, 504})
"""Answers that say: not now. All others are final."""

ADAPTIVE_FACTOR = 5
"""With an adaptive delay a host is asked again after so many times as long as it takes to answer:
it spends a fifth of its time on us at most. Heritrix's default (`delayFactor`)."""

ADAPTIVE_CAP_MS = 60_000

MAX_PAUSE_MS = 24 * 3_600_000
"""A server may pause us for a day at most; more is a mistake or a trick."""


def host_delay_ms(own_ms: int, crawl_delay_ms: int | None, cap_ms: int) -> int:
    """Return the delay between two request starts: ours or theirs, whichever is longer.

    Theirs counts up to the cap.
    """
    if crawl_delay_ms is None:
        return own_ms
    return max(own_ms, min(crawl_delay_ms, cap_ms))


def retry_after_ms(value: str | None, now: int) -> int | None:
    """Read a Retry-After header, seconds or date; None where it asks for nothing or is garbage."""
    if value is None:
        return None
    text = value.strip()
    # isdecimal alone lets foreign digits pass, and int() of a megabyte of digits is a trap.
    if text.isascii() and text.isdecimal():
        wait_ms = int(text[:12]) * 1000
    else:
        try:
            # A date without zone is naive and counts as local time; HTTP dates are always GMT.
            wait_ms = int(parsedate_to_datetime(text[:64] + _missing_zone(text)).timestamp() * 1000)
            wait_ms -= now
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    return min(wait_ms, MAX_PAUSE_MS) if wait_ms > 0 else None


def pause_until(status: int, headers: Mapping[str, str], now: int) -> int | None:
    """Return until when an answer pauses its whole host; None where it does not."""
    if status not in RETRY_STATUSES:
        return None
    wait_ms = retry_after_ms(headers.get("retry-after"), now)
    return None if wait_ms is None else now + wait_ms


def _missing_zone(text: str) -> str:
    return "" if text[-3:].upper() in ("GMT", "UTC") or text[-5:-4] in ("+", "-") else " GMT"
