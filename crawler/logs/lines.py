"""An event as one line: JSON for the file, words for a terminal. No line can move a cursor."""

from collections.abc import MutableMapping
from typing import Any

Event = MutableMapping[str, Any]

_COLORS = {"debug": 34, "info": 32, "warning": 33, "error": 31, "critical": 31}

# Characters that move the cursor, turn the line or hide: C0 and C1 controls, line separators, bidi
# and zero-width marks. A page's title in a message must not be able to write elsewhere.
_UNSAFE = [*range(0x20), *range(0x7F, 0xA0), 0x61C, *range(0x200B, 0x2010)]
_UNSAFE += [*range(0x2028, 0x202F), *range(0x2060, 0x2070), 0xFEFF]
_ESCAPES = {code: f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" for code in _UNSAFE}
_JSON_ESCAPES = {code: f"\\u{code:04x}" for code in _UNSAFE if code >= 0x7F}


def json_line(event: Event) -> str:
    import orjson  # noqa: PLC0415

    try:
        line = orjson.dumps(event, default=repr, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:
        # Lone surrogates from a bad name on disk, or an integer beyond 64 bits.
        import json  # noqa: PLC0415

        line = json.dumps(event, default=repr)
    return (line if line.isascii() and "\x7f" not in line else line.translate(_JSON_ESCAPES)) + "\n"


def console_line(event: Event) -> str:
    return _render(event, color=False)


def colored_line(event: Event) -> str:
    return _render(event, color=True)


def _render(event: Event, *, color: bool) -> str:
    """Return `08:30:12 warning reader_buried freed=3`, and a traceback below it."""
    rest = dict(event)
    level = str(rest.pop("level", "info"))
    clock = str(rest.pop("timestamp", ""))[11:19]
    name = str(rest.pop("event", "")).translate(_ESCAPES)
    trace = rest.pop("exception", None)
    for noise in ("logger", "pid", "run"):
        rest.pop(noise, None)
    fields = "".join(f" {key}={_value(value)}" for key, value in rest.items())
    shown = f"\x1b[{_COLORS.get(level, 0)}m{level}\x1b[0m" if color else level
    lines = [f"{clock} {shown} {name}{fields}"]
    if trace is not None:
        lines += [f"    {line.translate(_ESCAPES)}" for line in str(trace).splitlines()]
    return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    if isinstance(value, list | tuple):
        value = ", ".join(map(str, value))
    text = value if isinstance(value, str) else repr(value)
    text = text.translate(_ESCAPES)
    if text and " " not in text and '"' not in text:
        return text
    return '"' + text.replace('"', '\\"') + '"'
