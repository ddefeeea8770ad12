"""structlog: one pipeline for our events and for those of the libraries.

    event ──► level? ──► + time, logger, process ──► too many? ──► secrets masked ──► job's log
    logging record ─┘                                                             └─► stderr

An event's name is `noun_verb` (`crawler.model.events` lists them), its values are fields; a
library's record keeps its sentence. Until `configure` runs, warnings go to stderr and nothing to a
file. Nothing happens at import.
"""

import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from crawler.logs.file import LogFile
from crawler.logs.lines import Event, colored_line, console_line, json_line
from crawler.logs.repeats import Repeats
from crawler.model.secret import HIDDEN, SECRET_NAMES, mask_values

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

Format = Literal["console", "json"]

_UNSEEN = ("rich", "better_exceptions", "greenlet", "twisted")
_NEVER = logging.CRITICAL + 1
_DROPPED = "events_dropped"
_NAME = "_name"
"""A library's sentence before its values were put in: what it is counted by."""


class _Sinks:
    """Where events go: the job's log, and stderr."""

    def __init__(self) -> None:
        self.file: LogFile | None = None
        self.file_level = _NEVER
        self.console_level = logging.WARNING
        self.write_console: Callable[[Event], str] = console_line
        self.pid = os.getpid()
        self.children_write = True
        self._repeats = (self.pid, Repeats())

    def repeats(self) -> Repeats:
        """Return this process's own: what its parent has dropped is the parent's to say."""
        if self._repeats[0] != os.getpid():
            self._repeats = (os.getpid(), Repeats())
        return self._repeats[1]

    def emit(self, level: int, event: Event) -> None:
        if level >= self.file_level and self.file is not None:
            self.file.append(json_line(event).encode("utf-8", "backslashreplace"))
        if level >= self.console_level:
            self._print(self.write_console(event))

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
    max_bytes: int = 100_000_000,
    keep: int = 5,
) -> None:
    """Send events to the job's log and to stderr; call it in the parent, before any fork.

    Args:
        path: the job's log, made 0600 and appended to; None: no file.
        level: what stderr shows. The file has `info` at least.
        log_format: on stderr; the file is always JSON.
        color: whether stderr may be coloured.
        debug: everything goes everywhere.
        max_bytes: the file begins anew at this size.
        keep: so many old ones stay, the newest as `.1`.

    Raises:
        StorageError: the file cannot be opened.
    """
    sinks = _get_sinks()
    close()
    sinks.pid = os.getpid()
    sinks.console_level = logging.DEBUG if debug else _number(level)
    if path is not None:
        sinks.file = LogFile(path, max_bytes=max_bytes, keep=keep)
        sinks.file_level = min(sinks.console_level, logging.INFO)
        logging.captureWarnings(True)
    if log_format == "json":
        sinks.write_console = json_line
    else:
        sinks.write_console = colored_line if color else console_line
    _set_up(min(sinks.file_level, sinks.console_level))


def close() -> None:
    """Close the job's log; warnings go to stderr again."""
    sinks = _get_sinks()
    flush()
    if sinks.file is not None:
        sinks.file.close()
    sinks.file, sinks.file_level = None, _NEVER
    sinks.console_level, sinks.write_console = logging.WARNING, console_line


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
    return None if _sinks is None or _sinks.file is None else _sinks.file.path


def bind(**values: str) -> None:
    """Give all events of this process these values too, from now on."""
    _structlog().contextvars.bind_contextvars(**values)


def flush() -> None:
    """Say what was dropped so far; call it before the process ends."""
    _tell_dropped(time.monotonic(), all_of_them=True)


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
            _count,
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


def _count(logger: _NamedLogger, _method: str, event: Event) -> Event:
    """Let an event through, unless many of its name came just now."""
    name = event.pop(_NAME, event.get("event"))
    if name == _DROPPED:
        return event
    now = time.monotonic()
    _tell_dropped(now)
    if not _get_sinks().repeats().is_written(logger.name, str(name), _number(event["level"]), now):
        raise _structlog().DropEvent
    return event


def _tell_dropped(now: float, *, all_of_them: bool = False) -> None:
    for dropped in _get_sinks().repeats().ended(now, all_of_them=all_of_them):
        get_logger(dropped.logger).log(
            dropped.level, _DROPPED, name=dropped.name, count=dropped.times, for_s=dropped.for_s
        )


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
        extra[_NAME] = str(record.msg)
        get_logger(record.name).log(level - level % 10, text, exc_info=record.exc_info, **extra)
