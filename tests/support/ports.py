"""Ports for programs that cannot be told "any".

One that was bound to 0 and given back is the next that the kernel may give to somebody else: each
connection of a crawl that runs beside takes one, and keeps it for a minute after its end.
"""

import itertools
import os
import socket

_FIRST, _COUNT = 18_000, 14_000
"""Below 32,768, from where the kernel gives to those that ask for none."""
_numbers = itertools.count(os.getpid() * 211)  # far from those of the process beside


def free_port(address: str = "127.0.0.1") -> int:
    """Return a port that is free, and stays it until the program takes it."""
    for _ in range(_COUNT):
        port = _FIRST + next(_numbers) % _COUNT
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError:
                continue
            return port
    raise OSError(f"no port is free at {address}")
