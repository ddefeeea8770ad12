"""What a person sees of an error: one line on stderr, and the exit code says which kind.

A fault of ours leaves its traceback in the job's log; with CRAWLER_DEBUG it is shown as well.
"""

import errno
import os
import sys
import traceback
from collections.abc import Callable

import typer

from crawler.cli.printable import printable
from crawler.errors import ConfigError, CrawlerError, StorageError, ending_behind
from crawler.model.secret import mask_userinfo

USAGE = 2
INTERRUPTED = 130
BROKEN_PIPE = 141
"""128 + SIGPIPE, as of every other program whose reader went away."""

_STORAGE_ERRNOS = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG, errno.EACCES}
)


def run_command(command: Callable[[], object]) -> int:
    """Run a command; return the exit code, having said what went wrong."""
    try:
        code = _run(command)
        sys.stdout.flush()
    except BrokenPipeError:
        _forget_stdout()
        return BROKEN_PIPE
    except OSError as error:  # no room for what is still to be written
        return explain(error)
    except KeyboardInterrupt:  # one more, while an earlier one was being answered
        return INTERRUPTED
    return code


def _run(command: Callable[[], object]) -> int:
    try:
        result = command()
    except SystemExit as ended:
        return _code_of(ended)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - the last resort: said in one line, logged in full
        behind = ending_behind(error)
        if isinstance(behind, SystemExit):
            return _code_of(behind)
        return explain(error) if behind is None else INTERRUPTED
    # Typer hands back the code of a `typer.Exit`, and what a command returns.
    return result if isinstance(result, int) and not isinstance(result, bool) else 0


def _code_of(ended: SystemExit) -> int:
    if isinstance(ended.__context__, BrokenPipeError):  # Typer makes an exit of it
        return BROKEN_PIPE
    return ended.code if isinstance(ended.code, int) else int(ended.code is not None)


def explain(error: Exception) -> int:
    """Say in one line what went wrong; return its exit code."""
    if isinstance(error, typer.Abort):
        return INTERRUPTED
    if isinstance(error, typer.TyperException):
        return _explain_usage(error)
    if isinstance(error, OSError) and error.errno in _STORAGE_ERRNOS:
        where = f"{error.filename}: " if error.filename else ""
        error = StorageError(f"{where}{error.strerror}")
    if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
        error = ConfigError(f"{error.filename}: {error.strerror}")
    if isinstance(error, CrawlerError):
        say(str(error))
        return error.exit_code
    say(f"internal error: {type(error).__name__}: {error}{_keep_traceback(error)}")
    return CrawlerError.exit_code


def _explain_usage(error: typer.TyperException) -> int:
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        sys.stderr.write(error.format_message() + "\n")
        return USAGE
    path = context.command_path if context is not None else "crawler"
    message = error.format_message().rstrip(".")
    say(f"{message}{'' if message.endswith('?') else ';'} see {path} --help")
    return error.exit_code


def say(message: str) -> None:
    """Write one line to stderr: no control characters, no credentials."""
    sys.stderr.write(f"crawler: {mask_userinfo(printable(message))}\n")


def _keep_traceback(error: Exception) -> str:
    """Put the traceback where it can be found; return where, for the message."""
    if os.environ.get("CRAWLER_DEBUG", "").lower() in ("1", "true", "yes", "on"):
        traceback.print_exception(error)
    from crawler import logs

    path = logs.log_path()
    if path is None:
        return " (CRAWLER_DEBUG=1 shows where)"
    logs.get_logger("crawler.cli").error("command_failed", exc_info=error)
    return f" (traceback in {path})"


def _forget_stdout() -> None:
    """Give stdout another end, so that flushing it at exit says nothing."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)
