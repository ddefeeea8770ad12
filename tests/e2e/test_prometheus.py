"""A real Prometheus on a real crawl: it scrapes, every panel has figures, alerts come."""

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

from tests.e2e.test_daemon import Daemon, _environ
from tests.monitoring.test_prometheus import CONFIG, queries
from tests.support.crawl import poll
from tests.support.ports import free_port
from tests.support.site import TestSite

TOKEN = "a-token-of-this-test"
EMPTY = {"Failures per second, by error"}
"""Panels that may have nothing to show where nothing fails."""


class Prometheus:
    """One server with the configuration of this repository, made impatient."""

    def __init__(self, directory: Path, target: str) -> None:
        self.directory = directory
        for file in (CONFIG / "prometheus").glob("*.yml"):
            shutil.copy(file, directory)
        self._edit("prometheus.yml", r"\b15s\b", "1s")
        self._edit("targets.yml", r"127\.0\.0\.1:8080", target)
        self._edit("alerts.yml", r"for: \w+", "for: 0s")
        self._edit("alerts.yml", r"> 300$", "> 3")
        (directory / "http_token").write_text(TOKEN + "\n")
        self.address = f"127.0.0.1:{free_port()}"

    def _edit(self, name: str, pattern: str, new: str) -> None:
        file = self.directory / name
        text, n = re.subn(pattern, new, file.read_text("utf-8"), flags=re.MULTILINE)
        assert n, pattern
        file.write_text(text, "utf-8")

    @contextmanager
    def running(self, program: Path) -> Iterator[None]:
        with (self.directory / "log").open("wb") as log:
            process = subprocess.Popen(
                [
                    program,
                    f"--config.file={self.directory / 'prometheus.yml'}",
                    f"--storage.tsdb.path={self.directory / 'data'}",
                    f"--web.listen-address={self.address}",
                ],
                stdout=log,
                stderr=log,
            )
        try:
            yield
        finally:
            process.kill()
            process.wait()

    def ask(self, path: str, **query: str) -> Any:
        try:
            with urlopen(f"http://{self.address}/api/v1/{path}?{urlencode(query)}") as answer:
                said = json.load(answer)
        except ConnectionRefusedError:
            return None
        except OSError as error:
            if getattr(error, "code", None) == 503:  # it listens, and still reads what it has
                return None
            if isinstance(getattr(error, "reason", None), ConnectionRefusedError):
                return None
            raise
        assert said["status"] == "success", said
        return said["data"]

    def is_up(self) -> bool:
        data = self.ask("targets")
        return bool(data) and [t["health"] for t in data["activeTargets"]] == ["up"]

    def firing(self) -> set[str]:
        alerts = self.ask("alerts")["alerts"]
        return {alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}


def test_panels_have_figures_and_alerts_come(tmp_path: Path, prometheus: Path) -> None:
    """Every part may be right by itself, and nobody be told of a crawl that stands still."""
    (tmp_path / "prometheus").mkdir()
    with TestSite(hosts=2, pages_per_host=4_000, first_address="127.0.67.1") as site:
        environ = _environ(site) | {
            "CRAWLER_DELAY": "50ms",
            "CRAWLER_HTTP": "127.0.0.1:0",
            "CRAWLER_HTTP_TOKEN": TOKEN,
        }
        daemon = Daemon(tmp_path / "job", tmp_path, **environ).start()
        try:
            poll((tmp_path / "job/admin.json").exists, "the admin server")
            url = json.loads((tmp_path / "job/admin.json").read_text())["url"]
            server = Prometheus(tmp_path / "prometheus", url.split("/")[2])
            with server.running(prometheus):
                poll(server.is_up, "a target that is up", every_s=0.1)
                left = [pair for pair in queries() if pair[0] not in EMPTY]
                for title, query in left:
                    poll(
                        lambda query=query: server.ask("query", query=query)["result"],
                        f"figures for {title}: {query}",
                        every_s=0.2,
                    )
                # A scrape that came late is one that failed; the next one tells the truth.
                poll(lambda: server.firing() == set(), "no alert of a crawl that is well")
                for pid in daemon.readers():
                    os.kill(pid, signal.SIGSTOP)
                poll(lambda: "CrawlerStalled" in server.firing(), "CrawlerStalled", every_s=0.2)
                daemon.kill_group()
                poll(lambda: "CrawlerDown" in server.firing(), "CrawlerDown", every_s=0.2)
        finally:
            if daemon.group():
                daemon.kill_group()
            daemon.reap()
