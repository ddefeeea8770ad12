"""Scrape configuration, alert rules and dashboard, read by Prometheus's own checker."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config"
ALERTS = CONFIG / "prometheus/alerts.yml"
ALERT_TESTS = Path(__file__).parent / "alerts_test.yml"
DASHBOARD = CONFIG / "grafana/dashboards/quasicrawler.json"
GUIDE = ROOT / "docs/guides/monitoring.md"


def _run(*words: str | Path) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def _rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(ALERTS.read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def test_the_scrape_configuration_is_valid(promtool: Path, tmp_path: Path) -> None:
    """Prometheus would not start, and nobody would be told of anything."""
    copy = Path(shutil.copytree(CONFIG / "prometheus", tmp_path / "prometheus"))
    (copy / "http_token").write_text("a-token-of-somebody")
    for targets in ("targets.yml", "targets-compose.yml"):
        shutil.copy(CONFIG / "prometheus" / targets, copy / "targets.yml")
        said = _run(promtool, "check", "config", "--lint-fatal", copy / "prometheus.yml")
        assert f"{len(_rules())} rules found" in said


def test_each_alert_fires_and_does_not_fire(promtool: Path) -> None:
    """An alert with a mistake in it is silent, which looks like health."""
    said = _run(promtool, "test", "rules", ALERT_TESTS)
    assert "SUCCESS" in said
    cases = [
        case
        for test in yaml.safe_load(ALERT_TESTS.read_text("utf-8"))["tests"]
        for case in test["alert_rule_test"]
    ]
    fires = {case["alertname"] for case in cases if case["exp_alerts"]}
    is_quiet = {case["alertname"] for case in cases if not case["exp_alerts"]}
    names = [rule["alert"] for rule in _rules()]
    assert len(names) == len(set(names))
    assert fires == is_quiet == set(names)


def test_each_alert_says_what_to_do_and_where_to_read_on() -> None:
    """Who is woken at night would have a name and a number."""
    text = GUIDE.read_text("utf-8")
    for rule in _rules():
        notes = rule["annotations"]
        assert set(notes) == {"summary", "runbook", "runbook_url"}, rule["alert"]
        assert rule["labels"]["severity"] in {"warning", "critical"}
        name = rule["alert"]
        assert notes["runbook_url"] == f"docs/guides/monitoring.md#{name.lower()}"
        section = re.search(rf"^### {name}$(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL)
        assert section is not None, name
        assert len(section[1].split()) > 20, name


def panels() -> list[dict[str, Any]]:
    """Return all panels of the dashboard that show figures."""
    found = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
    return [panel for panel in found if panel["type"] not in {"row", "text"}]


def queries() -> Iterator[tuple[str, str]]:
    """Yield title and PromQL of each query of the dashboard, for all instances."""
    for panel in panels():
        for target in panel["targets"]:
            yield panel["title"], target["expr"].replace("$instance", ".*")


def test_the_dashboard_is_whole() -> None:
    """Grafana shows a broken panel as an empty one."""
    dashboard = json.loads(DASHBOARD.read_text("utf-8"))
    every = dashboard["panels"]
    assert len({panel["id"] for panel in every}) == len(every)
    taken: set[tuple[int, int]] = set()
    for panel in every:
        grid = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(grid["x"], grid["x"] + grid["w"])
            for y in range(grid["y"], grid["y"] + grid["h"])
        }
        assert all(x < 24 for x, _ in cells), panel["title"]
        assert not cells & taken, panel["title"]
        taken |= cells
    for panel in panels():
        assert panel["targets"], panel["title"]
        assert {target["datasource"]["uid"] for target in panel["targets"]} == {"${datasource}"}
    provider = CONFIG / "grafana/provisioning/dashboards/quasicrawler.yml"
    assert yaml.safe_load(provider.read_text("utf-8"))["providers"][0]["type"] == "file"


def test_each_query_of_the_dashboard_is_promql(promtool: Path, tmp_path: Path) -> None:
    """A bracket too many empties one panel, and only that."""
    rules = [{"record": f"q:{n}", "expr": query} for n, (_, query) in enumerate(queries())]
    assert len(rules) > 30
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))
    _run(promtool, "check", "rules", file)
