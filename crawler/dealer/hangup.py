"""What SIGHUP says to this process: that its terminal is gone, or to read the settings again.

A process that has no terminal, as under a service manager or in a container, cannot lose one.
"""

import os
import signal
from typing import Literal

Meaning = Literal["reload", "stop", "nothing"]


def meaning_of_hangup() -> Meaning:
    """Return what SIGHUP will mean; to be asked at start, before anything answers it.

    nothing: whoever started us had it ignored (`nohup`) · stop: there is a terminal that may go.
    """
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        return "nothing"
    return "stop" if _has_terminal() else "reload"


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True
