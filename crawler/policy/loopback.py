"""Which addresses only this machine itself can reach."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether a host, as written in an address, can only be this machine itself."""
    name = host.strip("[]").lower()
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
