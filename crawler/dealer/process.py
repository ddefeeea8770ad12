"""Starting a reader process so that a signal, a dead parent or low memory meets it prepared."""

import contextlib
import ctypes
import gc
import os
import resource
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType

_PR_SET_PDEATHSIG = 1
_SIGNALS = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
MAX_READER_BYTES = 4 << 30
"""Address space of a reader. Usual crawls have a tenth of it; a page whose markup makes a tree of
gigabytes fails in its own process, before the machine runs out."""

_OOM_STEP = 300
_OOM_MAX = 1000


def start_quietly(process: BaseProcess) -> None:
    """Fork with signals held back.

    Between the fork and the child's own handlers a signal would run the parent's handler in the
    child, and write into the wake-up pipe that it shares with the parent: the parent would stop.

    Raises:
        OSError: this machine has no process, memory or open file left.
    """
    held = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        process.start()
    except OSError as error:
        _close_pipes(error.__traceback__)
        raise
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)


def _close_pipes(traceback: TracebackType | None) -> None:
    """Close what `multiprocessing` leaves open when its fork fails: nobody else knows of it."""
    while traceback is not None:
        if traceback.tb_frame.f_code.co_name == "_launch":
            names = traceback.tb_frame.f_locals
            for name in ("parent_r", "child_w", "child_r", "parent_w"):
                if name in names:
                    with suppress(OSError):  # a Python that has learned to close them
                        os.close(names[name])
        traceback = traceback.tb_next


def settle_in(*, parent_pid: int, foreign_fds: Iterable[int]) -> None:
    """Make the fresh child its own: first thing that runs in it."""
    signal.set_wakeup_fd(-1)
    for number in _SIGNALS:
        # A service manager, Ctrl-C and a terminal that closes signal the whole group; the parent
        # decides for all.
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    _die_with_parent(parent_pid)
    for fd in foreign_fds:
        os.close(fd)
    _offer_to_oom_killer()
    limit_memory(MAX_READER_BYTES)
    gc.freeze()  # the parent's objects stay the parent's: neither scanned nor finalised here


def limit_memory(size_bytes: int) -> None:
    """Let allocations of this process fail beyond a size, unless a lower limit is set already."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard == resource.RLIM_INFINITY or hard > size_bytes:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_AS, (size_bytes, hard))


def is_orphan(parent_pid: int) -> bool:
    return os.getppid() != parent_pid


def leave(exit_code: int) -> None:
    """End this process now: the interpreter's own exit joins executors without a time limit."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(exit_code)


def _die_with_parent(parent_pid: int) -> None:
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL.value, 0, 0, 0)
    if is_orphan(parent_pid):  # it died before the line above could hold
        os._exit(1)


def _offer_to_oom_killer() -> None:
    """When memory runs out a reader goes, not the parent that can replace it."""
    score = Path("/proc/self/oom_score_adj")
    with contextlib.suppress(OSError, ValueError):
        score.write_text(str(min(int(score.read_text()) + _OOM_STEP, _OOM_MAX)))
