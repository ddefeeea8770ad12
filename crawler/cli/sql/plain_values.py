"""Values of DuckDB as JSON has them: times in RFC 3339 (UTC), nothing that is no number as one."""

import datetime as dt
import json
import math
from decimal import Decimal


def plain(value: object, kind: str = "") -> object:
    """Return text, numbers, booleans, None, and lists and objects of them.

    Args:
        value: as the Python client of DuckDB returns it.
        kind: its type in DuckDB; a JSON is read.
    """
    if isinstance(value, str):
        return json.loads(value) if kind == "JSON" else value
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {str(name): plain(one) for name, one in value.items()}
    return _single(value)


def _single(value: object) -> object:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return float(value)
    return _text(value)


def _text(value: object) -> str:
    if isinstance(value, dt.datetime):
        text = value.isoformat(
            timespec="microseconds" if value.microsecond % 1000 else "milliseconds"
        )
        return text if value.tzinfo else f"{text}Z"
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    return str(value)
