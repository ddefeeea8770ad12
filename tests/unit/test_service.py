"""The notify socket, spoken to without a crawl."""

import os
import socket
from pathlib import Path

import pytest

from crawler.service import ServiceManager
from tests.support.notices import Notices


@pytest.mark.parametrize(
    ("usec", "pid", "expected"),
    [
        ("3000000", "", 3000),
        ("3000000", "ours", 3000),
        ("1", "", 1),
        ("3000000", "1", None),
        ("", "", None),
        ("soon", "", None),
    ],
)
def test_the_environment_is_read_and_cleared(usec: str, pid: str, expected: int | None) -> None:
    """A program that we start would speak for the service, or be killed for its silence."""
    pid = str(os.getpid()) if pid == "ours" else pid
    environ = {"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": usec, "WATCHDOG_PID": pid, "PATH": "p"}
    manager = ServiceManager.take_from(environ)
    assert manager is not None
    assert manager.watchdog_ms == expected
    assert environ == {"PATH": "p"}


@pytest.mark.parametrize("address", ["", "relative/path", "vsock:2:1234"])
def test_other_addresses_are_left_alone(address: str) -> None:
    assert ServiceManager.take_from({"NOTIFY_SOCKET": address}) is None
    assert ServiceManager.take_from({}) is None


def test_a_message_is_one_datagram(tmp_path: Path) -> None:
    with Notices(tmp_path / "s") as heard:
        ServiceManager(heard.address).tell("READY=1", "STATUS=two\nlines, \udcff")
        (notice,) = heard.rest()
    assert notice.lines == {"READY": "1", "STATUS": "two lines, ?"}
    assert notice.pid == os.getpid()


def test_nobody_there_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A crawl would end because somebody has removed a socket; or fill its log."""
    manager = ServiceManager(str(tmp_path / "nobody"))
    manager.tell("WATCHDOG=1")
    manager.tell("WATCHDOG=1")
    assert [record.message for record in caplog.records] == ["notify_failed"]


def test_a_manager_that_does_not_listen_stops_nobody(tmp_path: Path) -> None:
    """The crawl would wait for systemd."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as deaf:
        deaf.bind(str(tmp_path / "s"))
        manager = ServiceManager(str(tmp_path / "s"))
        for _ in range(2000):
            manager.tell("WATCHDOG=1")
