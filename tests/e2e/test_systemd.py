"""The unit under a real systemd, process 1 of a machine of its own: what they say and do."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.crawl import Crawl, assert_exactly_once, poll
from tests.support.machine import ENVIRONMENT, STATE, UNIT, Machine
from tests.support.site import TestSite

JOB = f"/{STATE}/crawl"
ENDS_AT_ONCE = """
import os
from crawler.pipeline.watching.announcing import Announcer
from crawler.pipeline.ending import Ending
Announcer.of(os.environ, timeout_s=60).ended(Ending("complete", 0, "complete"))
"""
CRAWL_FILE = "num_processes = 2\nretries = 1\n"


@pytest.fixture(scope="module")
def machine(nspawn: Path) -> Iterator[Machine]:
    assert nspawn
    with Machine() as machine:
        yield machine


def _environ(site: TestSite) -> dict[str, str]:
    return {
        "CRAWLER_SEEDS": " ".join(site.seeds),
        "CRAWLER_CONTACT": "tests@example.org",
        "CRAWLER_ALLOW_NET": "127.0.0.0/8",
        "CRAWLER_DELAY": "0",
    }


def _wait_for_records(machine: Machine) -> None:
    poll(lambda: " records, " in machine.shown("StatusText"), "records", every_s=0.1)


def _wait_for_end(machine: Machine, site: TestSite) -> None:
    """Wait until the service has ended by itself, and look at what came of it."""
    poll(lambda: machine.shown("ActiveState") in ("inactive", "failed"), "the end", every_s=0.1)
    assert machine.shown("ActiveState") == "inactive", machine.journal()
    machine.wait_for_journal("crawler: complete, ")
    assert_exactly_once(Crawl(machine.path(JOB), "-"), site.urls)


def test_started_reloaded_stopped_and_gone_on_with(machine: Machine) -> None:
    """What the guide promises of systemctl's verbs would hold for a stand-in only."""
    with TestSite(hosts=2, pages_per_host=40, held=1, first_address="127.0.70.1") as site:
        machine.configure(_environ(site), CRAWL_FILE)
        machine.run("systemctl", "start", UNIT)
        assert machine.shown("ActiveState") == "active"
        main = machine.shown("MainPID")
        _wait_for_records(machine)
        site.wait_until(lambda requests: any("/hold/" in r.path for r in requests))

        machine.path("etc/quasicrawler/production.toml").write_text(
            CRAWL_FILE.replace("retries = 1", "retries = 2")
        )
        machine.run("systemctl", "reload", UNIT)
        machine.wait_for_journal("settings_reloaded changed=retries")
        poll(lambda: machine.shown("ActiveState") == "active", "the end of the reload", every_s=0.1)
        assert machine.shown("MainPID") == main

        machine.run("systemctl", "stop", UNIT)
        # systemd keeps what has failed, and forgets how the others have ended.
        assert machine.shown("ActiveState") == "inactive", machine.journal()
        manifest = json.loads((machine.path(JOB) / "manifest.json").read_bytes())
        assert (manifest["ended"], manifest["exit_code"]) == ("signal", 143)
        machine.wait_for_journal("the same command goes on")
        served = {r.url for r in site.requests() if r.status == 200 and "/hold/" not in r.path}

        site.release()
        machine.run("systemctl", "start", UNIT)
        _wait_for_end(machine, site)
        assert "Scheduled restart" not in machine.journal()
        again = [url for url, n in site.counts().items() if n > 1 and url in served]
        assert [url for url in again if not url.endswith("/robots.txt")] == []

        machine.run("systemctl", "start", UNIT)  # as a timer does: nothing is left to do
        _wait_for_end(machine, site)


@pytest.mark.parametrize("end", ["SIGKILL", "SIGSTOP"])
def test_what_dies_or_stands_still_comes_again(machine: Machine, end: str) -> None:
    """A crash at night would end the crawl; what hangs would look alive for weeks."""
    with TestSite(hosts=2, pages_per_host=40, held=1, first_address="127.0.71.1") as site:
        unit = {"RestartSec": "100ms"}
        if end == "SIGSTOP":
            unit |= {"WatchdogSec": "4s"}
        machine.configure(_environ(site), CRAWL_FILE, **unit)
        machine.run("systemctl", "start", UNIT)
        main = machine.shown("MainPID")
        _wait_for_records(machine)
        machine.run("kill", f"-{end}", main)
        site.release()
        machine.wait_for_journal("Scheduled restart job")
        _wait_for_end(machine, site)
        if end == "SIGSTOP":
            machine.wait_for_journal("Watchdog timeout")


def test_what_is_over_before_it_was_ready_has_succeeded(machine: Machine) -> None:
    """A crawl with nothing left to do would be a failed service whenever its timer starts it."""
    environ = [f"--setenv={name}={value}" for name, value in ENVIRONMENT.items()]
    python = "/opt/quasicrawler/bin/python"
    machine.run(
        *("systemd-run", "--quiet", "--property=Type=notify", *environ, python, "-c", ENDS_AT_ONCE)
    )


def test_a_case_for_a_person_is_not_tried_again(machine: Machine) -> None:
    """A service with a wrong setting would start for ever, and hide why in its log."""
    machine.configure({"CRAWLER_SEDS": "https://example.org/"}, CRAWL_FILE)
    assert machine.run("systemctl", "start", UNIT, check=False).returncode == 1
    assert machine.shown("ActiveState") == "failed"
    assert (machine.shown("ExecMainStatus"), machine.shown("NRestarts")) == ("2", "0")
    machine.wait_for_journal("did you mean CRAWLER_SEEDS?")


def test_locked_in_it_can_do_all_that_it_does(machine: Machine) -> None:
    """A line of hardening would break what is used only months later."""
    with TestSite(hosts=2, pages_per_host=20, held=1, first_address="127.0.72.1") as site:
        environ = _environ(site) | {
            "CRAWLER_HTTP": "127.0.72.9:0",
            "CRAWLER_STORE": "warc",
            "CRAWLER_MAIN_TEXT": "yes",
            "CRAWLER_COMPRESS_PARTS": "zstd",
            "CRAWLER_ON_PART_SEALED": "cp {path} .",
        }
        machine.configure(environ, CRAWL_FILE)
        machine.run("systemctl", "start", UNIT)
        _wait_for_records(machine)
        # What root does beside it must leave nothing that the service's user cannot write.
        assert "running" in machine.crawler("status", "--job", JOB)
        machine.crawler("pause", "--job", JOB)
        machine.crawler("backup", "/var/backup", "--job", JOB)
        machine.crawler("resume", "--job", JOB)
        site.release()
        _wait_for_end(machine, site)
        job = machine.path(JOB)
        shipped = sorted(path.name for path in job.parent.glob("part-*"))
        assert shipped
        assert shipped == sorted(path.name for path in (job / "pages").glob("*.jsonl.zst"))
        assert list((job / "pages").glob("*.warc.gz"))
        assert {path.stat().st_mode & 0o077 for path in job.rglob("*")} == {0}
        page = machine.crawler("report", "--job", JOB, "--json")
        assert page.startswith("{")
