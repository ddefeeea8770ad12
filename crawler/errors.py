"""Errors that a user can meet: each carries the exit code of the command line.

What goes wrong with a *site* is a value (`crawler.model.result`), never an exception; these are
what goes wrong with the crawl itself.
"""

import errno
from typing import TypeGuard

_LACKS = {
    errno.EMFILE: "too many open files",
    errno.ENFILE: "too many open files in system",
    errno.ENOMEM: "cannot allocate memory",
}


class CrawlerError(Exception):
    """Something went wrong inside the crawler."""

    exit_code = 1


class ConfigError(CrawlerError):
    """A flag, variable, seed or crawl file cannot be used as it is."""

    exit_code = 2


class StorageError(CrawlerError):
    """The output cannot be written: disk full, part missing, directory not writable."""

    exit_code = 3


class MachineError(CrawlerError):
    """This machine lacks open files, memory or threads for now: it says nothing about a page."""

    exit_code = 3


class FrontierError(CrawlerError):
    """The frontier cannot be used."""

    exit_code = 4


class FrontierBusy(FrontierError):
    """The frontier stayed locked by another process for too long; that passes, so try again."""

    exit_code = StorageError.exit_code


class FrontierDamaged(FrontierError):
    """The frontier's file is damaged; nothing was changed."""


class SchemaMismatch(FrontierError):
    """The frontier was written by another version, or is not a frontier."""


class JobLocked(FrontierError):
    """Another crawler holds this job."""


class UrlRejected(CrawlerError):
    """A text is not a URL that can be crawled; `reason` is one word for counters."""

    exit_code = 2

    def __init__(self, message: str, *, reason: str = "invalid") -> None:
        super().__init__(message)
        self.reason = reason


def is_external(error: Exception) -> TypeGuard[CrawlerError]:
    """Whether something outside must be mended (a disk, a flag); else it is a fault of ours."""
    return isinstance(error, CrawlerError) and error.exit_code != CrawlerError.exit_code


def ending_behind(error: BaseException | None) -> KeyboardInterrupt | SystemExit | None:
    """Return what a signal's handler raised, also where another exception came of it.

    Up to Python 3.11 whatever is raised in a `__set_name__` comes out as a RuntimeError. A start
    makes hundreds of classes, so signals find one being made.
    """
    while error is not None and not isinstance(error, KeyboardInterrupt | SystemExit):
        error = error.__cause__
    return error


def lack_of(error: BaseException) -> MachineError | None:
    """Return what this machine lacks where an exception says so, None where it is about a site."""
    for one in (error, getattr(error, "os_error", None), error.__cause__):
        if isinstance(one, OSError) and one.errno is not None:
            if one.errno in _LACKS:
                return MachineError(_LACKS[one.errno])
        elif isinstance(one, OSError | ImportError):
            # Of several addresses in one exception, and of a library that cannot be loaded, there
            # is the text alone.
            for text in _LACKS.values():
                if text in str(one).lower():
                    return MachineError(text)
        elif isinstance(one, RuntimeError) and str(one) == "can't start new thread":
            return MachineError(str(one))
    return None
