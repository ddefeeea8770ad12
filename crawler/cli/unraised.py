"""A signal that came where nothing can be raised: it is sent again, a moment later.

Out of a destructor, a callback of a weak reference (importing has one for each module) or some
libraries in C no exception gets any further. Python prints it and goes on; what asked for the end
of the process would be forgotten.
"""

import _thread
import os
import signal
import sys
import time
from typing import TYPE_CHECKING

from crawler.errors import ending_behind

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

_SIGNAL_BASE = 128
_LATER_S = 0.01


def send_lost_signals_again() -> None:
    """Do so from now on, in this process and those that it forks."""
    sys.unraisablehook = _send_again


def _send_again(lost: "UnraisableHookArgs") -> None:
    ending = ending_behind(lost.exc_value)
    number = _number(ending)
    if number is None:
        sys.__unraisablehook__(lost)
    else:
        # Another thread, since in this one its handler would raise before we have returned.
        _thread.start_new_thread(_send, (number,))


def _number(ending: KeyboardInterrupt | SystemExit | None) -> int | None:
    if isinstance(ending, SystemExit):
        code = ending.code if isinstance(ending.code, int) else 0
        return code - _SIGNAL_BASE if code > _SIGNAL_BASE else None
    return None if ending is None else signal.SIGINT


def _send(number: int) -> None:
    time.sleep(_LATER_S)
    os.kill(os.getpid(), number)
