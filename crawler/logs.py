"""structlog: one pipeline for our events and for those of the libraries.

    event ──► level? ──► + time, logger, process ──► secrets masked ──► job's log (JSON)
    logging record ─┘                                               └─► stderr (console or JSON)

An event's name is `noun_verb`, its values are fields; a library's record keeps its sentence. Until
`configure` runs, warnings go to stderr and nothing to a file. Nothing happens at import.
"""

import logging
import os
import sys
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from crawler.errors import StorageError
from crawler.model.secret import HIDDEN, SECRET_NAMES, mask_values

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

Event = MutableMapping[str, Any]
Format = Literal["console", "json"]

_FILE_MODE = 0o600
_UNSEEN = ("rich", "better_exceptions", "greenlet", "twisted")
_NEVER = logging.CRITICAL + 1
_COLORS = {"debug": 34, "info": 32, "warning": 33, "error": 31, "critical": 31}

# Characters that move the cursor, turn the line or hide: C0 and C1 controls, line separators, bidi
# and zero-width marks. A page's title in a message must not be able to write elsewhere.
_UNSAFE = [*range(0x20), *range(0x7F, 0xA0), 0x61C, *range(0x200B, 0x2010)]
_UNSAFE += [*range(0x2028, 0x202F), *range(0x2060, 0x2070), 0xFEFF]
_ESCAPES = {code: f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" for code in _UNSAFE}
_JSON_ESCAPES = {code: f"\\u{code:04x}" for code in _UNSAFE if code >= 0x7F}


class _Sinks:
    """Where events go: one descriptor opened for appending, and stderr."""

    def __init__(self) -> None:
        self.file = -1
        self.path: Path | None = None
        self.file_level = _NEVER
        self.console_level = logging.WARNING
        self.write_console: Callable[[Event], str] = _console_line
        self.pid = os.getpid()
        self.children_write = True

    def emit(self, level: int, event: Event) -> None:
        if level >= self.file_level:
            self._append(_json_line(event).encode("utf-8", "backslashreplace"))
        if level >= self.console_level:
            self._print(self.write_console(event))

    def _append(self, line: bytes) -> None:
        # One write of a descriptor in append mode: lines of several processes never mix. A full
        # disk costs log lines here; where it costs records it is an error of its own.
        try:
            os.write(self.file, line)
        except OSError:
            self.file_level = _NEVER

    def _print(self, line: str) -> None:
        try:
            if os.getpid() == self.pid:
                # Through sys.stderr, so that a live display can make room for the line.
                sys.stderr.write(line)
                sys.stderr.flush()
            elif self.children_write:
                os.write(2, line.encode("utf-8", "backslashreplace"))
        except (OSError, ValueError):
            self.console_level = _NEVER


_sinks: _Sinks | None = None


def configure(
    path: Path | None = None,
    *,
    level: str = "warning",
    log_format: Format = "console",
    color: bool = False,
    debug: bool = False,
) -> None:
    """Send events to the job's log and to stderr; call it in the parent, before any fork.

    Args:
        path: the job's log, made 0600 and appended to; None: no file.
        level: what stderr shows. The file has `info` at least.
        log_format: on stderr; the file is always JSON.
        color: whether stderr may be coloured.
        debug: everything goes everywhere.

    Raises:
        StorageError: the file cannot be opened.
    """
    sinks = _get_sinks()
    close()
    sinks.pid = os.getpid()
    sinks.console_level = logging.DEBUG if debug else _number(level)
    if path is not None:
        sinks.file = _open(path)
        sinks.path = path
        sinks.file_level = min(sinks.console_level, logging.INFO)
    if log_format == "json":
        sinks.write_console = _json_line
    else:
        sinks.write_console = _colored_line if color else _console_line
    _set_up(min(sinks.file_level, sinks.console_level))


def close() -> None:
    """Close the job's log; warnings go to stderr again."""
    sinks = _get_sinks()
    if sinks.file >= 0:
        os.close(sinks.file)
    sinks.file, sinks.path, sinks.file_level = -1, None, _NEVER
    sinks.console_level, sinks.write_console = logging.WARNING, _console_line


def leave_stderr_to_parent() -> None:
    """Children print no events from now on, only log them: something is drawn there."""
    _get_sinks().children_write = False


def relay(event: Event) -> None:
    """Print an event that another process has logged, as if it were ours."""
    sinks = _get_sinks()
    if event["pid"] != sinks.pid and _number(event["level"]) >= sinks.console_level:
        sinks._print(sinks.write_console(event))  # noqa: SLF001 - this module's own


def log_path() -> Path | None:
    """Return the file that events go to, if there is one."""
    return None if _sinks is None else _sinks.path


def get_logger(name: str) -> "FilteringBoundLogger":
    """Return a logger; `logger.info("part_sealed", name=…)`."""
    if _sinks is None:
        _get_sinks()
        _set_up(logging.INFO)
    logger: FilteringBoundLogger = _structlog().get_logger(name)
    return logger


def _get_sinks() -> _Sinks:
    global _sinks  # noqa: PLW0603 - one log per process, as structlog's own configuration
    if _sinks is None:
        _sinks = _Sinks()
    return _sinks


def _open(path: Path) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        return os.open(path, flags, _FILE_MODE)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}") from error


def _number(level: str) -> int:
    return logging.getLevelNamesMapping()[level.upper()]


def _structlog() -> Any:
    """Return structlog, loaded without what it looks for to colour tracebacks and for Twisted.

    Rich alone is 0.1 s of every start. structlog works without these where they are not installed;
    while it loads, that is what it sees.
    """
    if "structlog" in sys.modules:
        return sys.modules["structlog"]
    kept = {name: sys.modules[name] for name in _UNSEEN if name in sys.modules}
    sys.modules.update(dict.fromkeys(_UNSEEN))  # type: ignore[arg-type]
    try:
        import structlog  # noqa: PLC0415
    finally:
        for name in _UNSEEN:
            del sys.modules[name]
        sys.modules.update(kept)
    return structlog


def _set_up(level: int) -> None:
    structlog = _structlog()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _describe,
            structlog.processors.format_exc_info,
            _mask,
            _to_sinks,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_NamedLogger,
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, _Foreign)]:
        root.removeHandler(handler)
    root.addHandler(_Foreign())
    # A library's debug records are for who debugs that library: info is their floor.
    root.setLevel(max(level, logging.INFO))


class _NamedLogger:
    """What structlog wraps: it knows its name; the last processor has done the work."""

    def __init__(self, name: str = "crawler") -> None:
        self.name = name

    def msg(self, _done: str) -> None: ...

    debug = info = warning = error = critical = exception = msg


def _describe(logger: _NamedLogger, _method: str, event: Event) -> Event:
    event["logger"] = logger.name
    event["pid"] = os.getpid()
    return event


def _mask(_logger: object, _method: str, event: Event) -> Event:
    for key, value in event.items():
        event[key] = HIDDEN if key in SECRET_NAMES else mask_values(value)
    return event


def _to_sinks(_logger: object, _method: str, event: Event) -> str:
    _get_sinks().emit(_number(event["level"]), event)
    return ""


_RECORD_NAMES = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "event"}
"""What every record has; the rest came as `extra`."""


class _Foreign(logging.Handler):
    """Sends the libraries' records (QuasiQueue, asyncio, aiohttp) through the same pipeline."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = record.getMessage()
        except Exception:  # noqa: BLE001 - a library's bad format string must not end the crawl
            text = str(record.msg)
        level = min(record.levelno, logging.CRITICAL)
        extra = {name: record.__dict__[name] for name in record.__dict__.keys() - _RECORD_NAMES}
        get_logger(record.name).log(level - level % 10, text, exc_info=record.exc_info, **extra)


def _json_line(event: Event) -> str:
    import orjson  # noqa: PLC0415

    try:
        line = orjson.dumps(event, default=repr, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:
        # Lone surrogates from a bad name on disk, or an integer beyond 64 bits.
        import json  # noqa: PLC0415

        line = json.dumps(event, default=repr)
    return (line if line.isascii() and "\x7f" not in line else line.translate(_JSON_ESCAPES)) + "\n"


def _console_line(event: Event) -> str:
    return _render(event, color=False)


def _colored_line(event: Event) -> str:
    return _render(event, color=True)


def _render(event: Event, *, color: bool) -> str:
    """Return `08:30:12 warning reader_buried freed=3`, and a traceback below it."""
    rest = dict(event)
    level = str(rest.pop("level", "info"))
    clock = str(rest.pop("timestamp", ""))[11:19]
    name = str(rest.pop("event", "")).translate(_ESCAPES)
    trace = rest.pop("exception", None)
    for noise in ("logger", "pid"):
        rest.pop(noise, None)
    fields = "".join(f" {key}={_value(value)}" for key, value in rest.items())
    shown = f"\x1b[{_COLORS.get(level, 0)}m{level}\x1b[0m" if color else level
    lines = [f"{clock} {shown} {name}{fields}"]
    if trace is not None:
        lines += [f"    {line.translate(_ESCAPES)}" for line in str(trace).splitlines()]
    return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    text = text.translate(_ESCAPES)
    if text and " " not in text and '"' not in text:
        return text
    return '"' + text.replace('"', '\\"') + '"'
