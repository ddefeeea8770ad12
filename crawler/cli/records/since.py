"""A time that a person names, as records have it."""

import time
from datetime import UTC, datetime

from crawler.conf.units import parse_duration_ms
from crawler.errors import ConfigError
from crawler.extract.record import timestamp


def read_since(text: str | None, now_ms: int | None = None) -> str | None:
    """Return a time as records have it: so long ago, or a date in RFC 3339 (UTC if it has no zone).

    Raises:
        ConfigError: it is neither.
    """
    if text is None:
        return None
    try:
        ago = parse_duration_ms(text)
    except ValueError:
        pass
    else:
        now = time.time_ns() // 1_000_000 if now_ms is None else now_ms
        return timestamp(max(0, now - ago))
    try:
        at = datetime.fromisoformat(text.strip())
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
        return timestamp(max(0, round(at.timestamp() * 1000)))
    except (ValueError, OverflowError):
        raise ConfigError(f"--since: cannot read {text!r}: write 7d, 12h or 2026-01-31") from None
