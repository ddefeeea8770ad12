"""Which addresses are global."""

import pytest

from crawler.fetch.guard import Guard

GLOBAL = [
    *("8.8.8.8", "93.184.216.34", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8"),
    *("64:ff9b::808:808", "2002:808:808::1", "172.32.0.1", "100.128.0.1", "192.169.0.1"),
]
LOCAL = [
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.255.254"),
    *("169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.168.1.1"),
    *("198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1"),
    *("255.255.255.255", "::", "::1", "::7f00:1", "::8.8.8.8", "::ffff:127.0.0.1"),
    *("::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1"),
    *("2002:7f00:1::", "2002:a00:1::1", "2001::1", "2001:db8::1", "fc00::1", "fd00:ec2::254"),
    *("fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "100::1", "5f00::1", "4000::1"),
    *("not an address", "", "127.1", "2130706433", "0x7f.1", "8.8.8.8.8"),
]


@pytest.mark.parametrize("address", GLOBAL)
def test_global(address: str) -> None:
    """A part of the web would be out of reach."""
    assert Guard(()).allows(address)


@pytest.mark.parametrize("address", LOCAL)
def test_local(address: str) -> None:
    """A page could make us ask a machine behind the firewall, whatever the spelling."""
    assert not Guard(()).allows(address)


def test_allowed_nets() -> None:
    """The net that a person named would stay shut, or a neighbour would open."""
    guard = Guard(("10.1.0.0/16", "fd00::/8", "127.0.0.1"))
    for address in ("10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::a01:203", "fd00::1", "127.0.0.1"):
        assert guard.allows(address), address
    for address in ("10.2.0.1", "127.0.0.2", "::1", "fe80::1"):
        assert not guard.allows(address), address


@pytest.mark.parametrize(
    ("host", "refused"),
    [
        ("127.0.0.1", True),
        ("[::1]", True),
        ("::1", True),
        ("8.8.8.8", False),
        ("example.org", False),
        ("localhost", True),
        ("localhost.", True),
        ("a.localhost", True),
        ("mylocalhost", False),
        ("a1", False),
        ("web.example1", False),
        ("300.300", True),
    ],
)
def test_literals(host: str, refused: bool) -> None:
    """With a proxy, an address in a URL would be passed on (names are the proxy's business)."""
    assert Guard(()).refuses_literal(host) is refused


def test_allowed_literals() -> None:
    """What a person opened would stay shut with a proxy."""
    guard = Guard(("127.0.0.0/8", "10.0.0.0/8"))
    for host in ("127.0.0.1", "10.1.2.3", "localhost", "[::ffff:127.0.0.1]"):
        assert not guard.refuses_literal(host), host
    assert guard.refuses_literal("192.168.0.1")
