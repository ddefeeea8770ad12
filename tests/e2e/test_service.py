"""The crawl as systemd's service: what it says on the notify socket while it really runs."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.test_daemon import Daemon, _environ
from tests.support.notices import Notice, Notices, has
from tests.support.site import TestSite

WATCHDOG = {"WATCHDOG_USEC": "60000000"}


@pytest.fixture
def heard(tmp_path: Path) -> Iterator[Notices]:
    with Notices(tmp_path / "notify") as notices:
        yield notices


def _status(notice: Notice) -> str:
    return notice.lines.get("STATUS", "")


def _pings(notices: list[Notice]) -> int:
    return sum("WATCHDOG" in notice.lines for notice in notices)


def _names(notices: list[Notice]) -> list[str]:
    """Return what was said, in order, without status and signs of life."""
    told = ("READY", "RELOADING", "STOPPING")
    return [name for notice in notices for name in notice.lines if name in told]


def test_ready_alive_reloaded_stopped(tmp_path: Path, heard: Notices) -> None:
    """`systemctl start` would return too early or never, `reload` say nothing, `stop` kill."""
    crawl_file = tmp_path / "crawl.toml"
    crawl_file.write_text("retries = 1\n")
    with TestSite(hosts=2, pages_per_host=200, first_address="127.0.64.1") as site:
        environ = _environ(site) | {
            "NOTIFY_SOCKET": heard.address,
            "CRAWLER_CONFIG": str(crawl_file),
            "CRAWLER_DELAY": "300ms",
            "CRAWLER_MAX_CRAWL_DELAY": "1s",
        }
        daemon = Daemon(tmp_path / "job", tmp_path, **environ, **WATCHDOG).start()
        try:
            notices = heard.wait_for(has("READY", "1"), "READY")
            assert len(daemon.readers()) == 2
            notices += heard.wait_for(lambda n: " records, " in _status(n), "a status")
            notices += heard.wait_for(has("WATCHDOG", "1"), "a sign of life")

            crawl_file.write_text("retries = 2\n")
            os.kill(daemon.pid, signal.SIGHUP)
            reload = heard.wait_for(has("RELOADING", "1"), "RELOADING")
            assert int(reload[-1].lines["MONOTONIC_USEC"]) > 0
            assert int(reload[-1].lines["WATCHDOG_USEC"]) == 3_600_000_000
            again = heard.wait_for(has("READY", "1"), "READY after the reload")
            assert again[-1].lines["WATCHDOG_USEC"] == WATCHDOG["WATCHDOG_USEC"]
            assert "STOPPING" not in _names(again)
            again += heard.wait_for(has("WATCHDOG", "1"), "a sign of life after the reload")

            os.kill(daemon.pid, signal.SIGTERM)
            heard.wait_for(has("STOPPING", "1"), "STOPPING")
        except BaseException:
            daemon.kill_group()
            daemon.reap()
            raise
        assert daemon.wait() == 143, daemon.err
        heard.rest()
        said = list(dict.fromkeys(_names(heard.all)))
        assert said == ["READY", "RELOADING", "STOPPING"]
        assert {notice.pid for notice in heard.all} == {daemon.pid}
        assert heard.all[0].lines == {"STATUS": "looks at what is there, and sows"}
        assert _status(heard.all[-1]).startswith("stopped, ")


def test_no_sign_of_life_while_it_gets_nowhere(tmp_path: Path, heard: Notices) -> None:
    """A timer would keep a crawl alive that has stood still for days."""
    with TestSite(hosts=2, pages_per_host=400, first_address="127.0.65.1") as site:
        environ = _environ(site) | {"NOTIFY_SOCKET": heard.address, "CRAWLER_DELAY": "100ms"}
        daemon = Daemon(tmp_path / "job", tmp_path, **environ, **WATCHDOG).start()
        try:
            heard.wait_for(has("READY", "1"), "READY")
            heard.wait_for(has("WATCHDOG", "1"), "a sign of life")
            stopped = daemon.readers()
            assert len(stopped) == 2
            for pid in stopped:
                os.kill(pid, signal.SIGSTOP)
            # A commit that was under way may still be seen.
            heard.wait_for(lambda n: "nothing was settled for" in _status(n), "a stall")
            more = heard.wait_for(has("STATUS"), "more") + heard.wait_for(has("STATUS"), "more")
            assert _pings(more) == 0
            assert all("nothing was settled for" in _status(notice) for notice in more)
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)
            heard.wait_for(has("WATCHDOG", "1"), "a sign of life after the stall")
        finally:
            daemon.kill_group()
            daemon.reap()


def test_waiting_politely_is_life(tmp_path: Path, heard: Notices) -> None:
    """A crawl with one slow host would be restarted for ever."""
    with TestSite(hosts=1, pages_per_host=3, first_address="127.0.66.1") as site:
        environ = _environ(site) | {"NOTIFY_SOCKET": heard.address, "CRAWLER_DELAY": "1h"}
        daemon = Daemon(tmp_path / "job", tmp_path, **environ, **WATCHDOG).start()
        try:
            heard.wait_for(has("READY", "1"), "READY")
            heard.wait_for(has("WATCHDOG", "1"), "a sign of life")
            for _ in range(2):
                notices = heard.wait_for(has("STATUS"), "a status")
                assert _pings(notices) == 1, notices
        finally:
            daemon.kill_group()
            daemon.reap()


def test_a_complete_crawl_was_ready_and_readers_cannot_speak_for_it(tmp_path: Path) -> None:
    """systemd takes a service that ends without READY for a failed one."""
    name = f"@quasicrawler-test-{os.getpid()}"  # systemd's own may be abstract, too
    with Notices(name) as heard, TestSite(hosts=1, pages_per_host=3) as site:
        environ = _environ(site) | {"NOTIFY_SOCKET": name}
        daemon = Daemon(tmp_path / "job", tmp_path, **environ)
        for _ in range(2):  # the second time nothing is left to do, and no reader becomes ready
            assert daemon.run() == 0, daemon.err
            notices = heard.rest()
            assert {notice.pid for notice in notices} == {daemon.pid}
            assert list(dict.fromkeys(_names(notices))) == ["READY", "STOPPING"]
            assert _status(notices[-1]).startswith("complete")
            assert _pings(notices) == 0  # it was not asked for any
        (tmp_path / "job/frontier.db").write_bytes(b"x" * 4096)
        assert daemon.run() == 4
        notices = heard.rest()
        assert "READY" not in _names(notices)
        assert "frontier.db" in _status(notices[-1])


def test_shipping_the_last_parts_is_life_and_can_be_stopped(tmp_path: Path, heard: Notices) -> None:
    """A command may take an hour: the manager would kill the crawl, and never would it ship."""
    with TestSite(hosts=1, pages_per_host=3, first_address="127.0.67.1") as site:
        environ = _environ(site) | {
            "NOTIFY_SOCKET": heard.address,
            "CRAWLER_ON_PART_SEALED": "sh -c 'sleep 600'",
        }
        daemon = Daemon(tmp_path / "job", tmp_path, **environ, **WATCHDOG).start()
        try:
            heard.wait_for(lambda n: "shipping part-" in _status(n), "the last parts")
            more = heard.wait_for(has("STATUS"), "more") + heard.wait_for(has("STATUS"), "more")
            assert _pings(more) == 2, more
            os.kill(daemon.pid, signal.SIGTERM)
        except BaseException:
            daemon.kill_group()
            daemon.reap()
            raise
        assert daemon.wait() == 143, daemon.err
        assert daemon.events("parts_left")
        manifest = json.loads((tmp_path / "job/manifest.json").read_bytes())
        assert (manifest["ended"], manifest["exit_code"]) == ("signal", 143)
        assert "stopped" in daemon.err
