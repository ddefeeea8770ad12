"""Scrape configuration, alert rules and dashboard, read by Prometheus's own checker."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from crawler.admin.catalogue import METRICS
from crawler.model.fleet import RESTARTS
from crawler.pipeline.watching.bounds import HOLDS

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


def _expressions() -> Iterator[tuple[str, str]]:
    for rule in _rules():
        yield rule["alert"], rule["expr"]
    yield from queries()


def test_every_metric_and_label_is_one_that_the_server_has() -> None:
    """A renamed metric makes an alert silent and a panel empty, and neither says why."""
    of_all = {"instance", "job", "le"}
    used = set()
    for where, expression in _expressions():
        labels_here = set(of_all)
        for name, selector in re.findall(r"\b(crawler_\w+)(?:\{([^}]*)\})?", expression):
            base = re.sub(r"_(bucket|sum|count)$", "", name)
            info = METRICS.get(name) or METRICS.get(base)
            assert info is not None, f"{where}: {name}"
            assert (name != base) == (info.type == "histogram"), f"{where}: {name}"
            assert set(re.findall(r"(\w+)[=!]", selector)) <= {*info.labels, "instance"}, where
            labels_here.update(info.labels)
            used.add(base)
        grouped = re.findall(r"\b(?:by|on|without|group_left) \(([\w, ]*)\)", expression)
        asked = {label.strip() for labels in grouped for label in labels.split(",")} - {""}
        assert asked <= labels_here, where
    assert set(METRICS) - used == set(), "on no panel and in no alert"
    reasons = {
        reason
        for _, expression in _expressions()
        for reason in re.findall(r'reason!?="(\w+)"', expression)
    }
    assert reasons == {"disk", "jobs"}
    assert "jobs" in RESTARTS
    assert "disk" in HOLDS


def test_what_a_panel_calls_its_lines_is_there() -> None:
    """Grafana would show the braces."""
    for panel in panels():
        for target in panel["targets"]:
            named = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            known = {"instance"}
            for metric in re.findall(r"\bcrawler_\w+", target["expr"]):
                known.update(METRICS[metric].labels if metric in METRICS else ())
            assert named <= known, panel["title"]
