"""What an exception says about this machine, and what about a site."""

import errno
import os

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey

from crawler.errors import is_external, lack_of

KEY = ConnectionKey("h", 80, False, True, None, None, None)
NO_FILE = os.strerror(errno.EMFILE)


def _caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    "error",
    [
        *(OSError(code, os.strerror(code)) for code in (errno.EMFILE, errno.ENFILE, errno.ENOMEM)),
        aiohttp.ClientConnectorError(KEY, OSError(errno.EMFILE, NO_FILE)),
        aiohttp.ClientConnectorDNSError(KEY, OSError(errno.EMFILE, NO_FILE)),
        OSError(f"Multiple exceptions: [Errno 101] unreachable, [Errno 24] {NO_FILE}"),
        ImportError(f"libssl.so.3: cannot open shared object file: {NO_FILE}"),
        RuntimeError("can't start new thread"),
        _caused(ValueError("wrapped"), OSError(errno.EMFILE, NO_FILE)),
    ],
    ids=str,
)
def test_a_lack_of_this_machine_is_told_from_a_fault_of_a_site(error: Exception) -> None:
    """A page would be recorded as failed for good, or its host be said to be unreachable."""
    lack = lack_of(error)
    assert lack is not None
    assert is_external(lack)  # no traceback for each page


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(errno.ECONNREFUSED, "refused"),
        aiohttp.ClientConnectorError(KEY, OSError(errno.ENETUNREACH, "unreachable")),
        OSError("Multiple exceptions: refused, unreachable"),
        MemoryError(),  # a page may be too large for any machine
        RuntimeError("no stream"),
        ImportError("no module named x"),
    ],
    ids=repr,
)
def test_a_fault_of_a_site_is_no_lack(error: Exception) -> None:
    """Such a page would be tried again for ever."""
    assert lack_of(error) is None
