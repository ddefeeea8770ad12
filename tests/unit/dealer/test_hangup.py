"""Leaving at a signal, also where the signal met what cannot be unwound."""

import signal
import subprocess
import sys

import pytest

_STUCK = """
import os, signal, threading
from crawler.dealer.hangup import leave_at_once

leave_at_once({signal.SIGTERM, signal.SIGINT})
lock = threading.Lock()
lock.acquire()  # as if the signal had come just after it was taken
try:
    os.kill(os.getpid(), signal.%s)
finally:
    lock.acquire()
"""


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_lock_that_nobody_gives_back_does_not_keep_a_process_that_leaves(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _STUCK % name],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 128 + signal.Signals[name]
    assert done.stderr == "crawler: stopped; the same command goes on\n"


_TWICE = """
import os, signal
from crawler.dealer.hangup import leave_at_once

leave_at_once({signal.SIGTERM, signal.SIGINT})
try:
    os.kill(os.getpid(), signal.SIGTERM)
finally:
    os.kill(os.getpid(), signal.SIGINT)
    os.kill(os.getpid(), signal.SIGTERM)
    print("closed", flush=True)
"""


def test_a_second_signal_does_not_break_off_what_the_first_one_closes() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _TWICE], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 128 + signal.SIGTERM
    assert done.stdout == "closed\n"
    assert done.stderr == "crawler: stopped; the same command goes on\n"


_NOBODY_READS = """
import os, signal
from crawler.dealer.hangup import leave_at_once

leave_at_once({signal.SIGHUP})
os.close(2)
os.kill(os.getpid(), signal.SIGHUP)
"""


def test_a_terminal_that_is_gone_is_no_error_of_ours() -> None:
    done = subprocess.run([sys.executable, "-c", _NOBODY_READS], timeout=60, check=False)
    assert done.returncode == 128 + signal.SIGHUP
