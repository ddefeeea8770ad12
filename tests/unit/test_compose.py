"""The Compose file, read as text: no engine is needed to see what would not fit together."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from crawler.conf.load import load_settings

CONFIG = Path(__file__).parents[2] / "config"
TEXT = (CONFIG / "compose.yaml").read_text("utf-8")
EXAMPLE = (CONFIG / "compose.env.example").read_text("utf-8")
FILLED = {
    "CRAWLER_SEEDS": "https://example.org/",
    "CRAWLER_CONTACT": "you@example.org",
    "CRAWLER_HTTP_TOKEN": "a-long-random-word",
    "GRAFANA_PASSWORD": "another-one",
    "POSTGRES_PASSWORD": "and-another",
}
SECRET = re.compile(r"PASSWORD|TOKEN|SECRET|KEY")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(TEXT)["services"]
    return found


def _mounts(service: dict[str, Any]) -> dict[str, str]:
    """Return host file by its place in the container."""
    pairs = (str(line).split(":") for line in service.get("volumes", []))
    return {target: source for source, target, *_ in pairs}


def test_the_crawler_can_use_its_environment(services: dict[str, Any], tmp_path: Path) -> None:
    """A misspelt variable ends the container with 2, and it is started again and again."""
    environ = {
        name: re.sub(r"\$\{(\w+):\?[^}]*\}", lambda found: FILLED[found[1]], value)
        for name, value in services["crawler"]["environment"].items()
    }
    settings = load_settings({}, environ, tmp_path)
    assert settings.http == "0.0.0.0:8080"
    assert settings.http_token == FILLED["CRAWLER_HTTP_TOKEN"]
    assert settings.cache_redis_url is not None
    assert settings.cache_redis_url.split("/")[2] == "redis:6379"
    assert "redis" in services


def test_no_secret_stands_in_the_file(services: dict[str, Any]) -> None:
    """It would be in the history for good."""
    for name, service in services.items():
        for key, value in service.get("environment", {}).items():
            if SECRET.search(key):
                given = key.endswith("_FILE") and value.startswith("/run/secrets/")
                assert given or value.startswith("${"), f"{name}: {key}"
    for secret in yaml.safe_load(TEXT)["secrets"].values():
        assert set(secret) == {"environment"}
    # Their files are root's alone unless said otherwise, and these processes are not root.
    used = [secret for service in services.values() for secret in service.get("secrets", [])]
    assert [secret["mode"] for secret in used] == ["0444"] * 3
    for line in EXAMPLE.splitlines():
        key, _, value = line.lstrip("#").partition("=")
        assert not (SECRET.search(key) and value), line


def test_every_variable_has_its_line_in_the_example() -> None:
    """Who copies the example would find out one by one what else is asked for."""
    asked = set(re.findall(r"\$\{(\w+)|^    environment: (\w+)$", TEXT, re.MULTILINE))
    names = {inside or secret for inside, secret in asked}
    listed = set(re.findall(r"^#?([A-Z_]+)=", EXAMPLE, re.MULTILINE))
    assert names == listed == set(FILLED)


def test_images_are_pinned(services: dict[str, Any]) -> None:
    """Tomorrow's `latest` is a product that nobody has looked at."""
    for name, service in services.items():
        if "build" not in service:
            assert re.search(r":v?\d+\.\d+(\.\d+)?(-alpine)?$", service["image"]), name


def test_only_this_machine_can_reach_it(services: dict[str, Any]) -> None:
    """Docker publishes on all addresses, past the firewall, unless told otherwise."""
    published = {name: service.get("ports", []) for name, service in services.items()}
    assert {name for name, ports in published.items() if ports} == {
        "crawler",
        "prometheus",
        "grafana",
    }
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)


def test_what_is_mounted_is_there(services: dict[str, Any]) -> None:
    """Docker makes an empty directory where a file is missing, and says nothing."""
    for service in services.values():
        for source in _mounts(service).values():
            if source.startswith("."):
                assert (CONFIG / source).exists(), source


def test_prometheus_finds_rules_targets_token_and_crawler(services: dict[str, Any]) -> None:
    """It would watch nothing, which looks like health."""
    there = set(_mounts(services["prometheus"]))
    there |= {secret["target"] for secret in services["prometheus"]["secrets"]}
    config = yaml.safe_load((CONFIG / "prometheus/prometheus.yml").read_text("utf-8"))
    (scrape,) = config["scrape_configs"]
    wanted = [
        *config["rule_files"],
        *scrape["file_sd_configs"][0]["files"],
        scrape["authorization"]["credentials_file"],
    ]
    assert {f"/etc/prometheus/{name}" for name in wanted} <= there
    (group,) = yaml.safe_load((CONFIG / "prometheus/targets-compose.yml").read_text("utf-8"))
    _, port = services["crawler"]["environment"]["CRAWLER_HTTP"].rsplit(":", 1)
    assert group["targets"] == [f"crawler:{port}"]


def test_grafana_finds_prometheus_and_the_dashboard(services: dict[str, Any]) -> None:
    """Its first page would be empty."""
    provisioning = CONFIG / "grafana/provisioning"
    source = yaml.safe_load((provisioning / "datasources/prometheus.yml").read_text("utf-8"))
    assert source["datasources"][0]["url"] == "http://prometheus:9090"
    provider = yaml.safe_load((provisioning / "dashboards/quasicrawler.yml").read_text("utf-8"))
    place = provider["providers"][0]["options"]["path"]
    mounts = _mounts(services["grafana"])
    home = services["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert (CONFIG / mounts[place] / Path(home).relative_to(place)).is_file()
    assert mounts["/etc/grafana/provisioning"] == "./grafana/provisioning"


def test_postgres_waits_for_its_version(services: dict[str, Any]) -> None:
    """Nothing uses it yet; started by default it would look as if it held the crawl."""
    assert services["postgres"]["profiles"]
    others = {name: service for name, service in services.items() if name != "postgres"}
    assert "postgres" not in yaml.safe_dump(others)
    assert "NOT USED YET" in TEXT


def test_the_crawl_outlives_its_container_and_has_time_to_stop(services: dict[str, Any]) -> None:
    """A new image would begin anew; a short grace would kill what drains."""
    crawler = services["crawler"]
    assert _mounts(crawler) == {"/data": "crawl"}
    assert int(crawler["stop_grace_period"].removesuffix("s")) > 8
    assert crawler["restart"].startswith("on-failure:")


def test_the_specification_knows_every_key_and_value(tmp_path: Path) -> None:
    """A misspelt key is refused when somebody wants to start it."""
    mistakes = {
        "stop_grace_period:": "stop_grace_time:",
        "condition: service_healthy": "condition: healthy",
        "interval: 5s": "every: 5s",
        "\nsecrets:\n": "\nsecret:\n",
        "read_only: true": "read_only: [true]",
    }
    wrong = [tmp_path / f"{number}.yaml" for number in range(len(mistakes))]
    for file, (known, unknown) in zip(wrong, mistakes.items(), strict=True):
        assert known in TEXT
        file.write_text(TEXT.replace(known, unknown), "utf-8")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "check_jsonschema", "--output-format", "json"),
            *("--builtin-schema", "vendor.compose-spec", CONFIG / "compose.yaml", *wrong),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    refused = {error["filename"]: error for error in json.loads(done.stdout)["errors"]}
    assert refused.pop(str(CONFIG / "compose.yaml"), None) is None
    # Each of these has to be refused, or the line above says nothing.
    assert set(refused) == set(map(str, wrong))


def test_compose_accepts_it(tmp_path: Path) -> None:
    """Compose asks for more than the schema: secrets, volumes and services that are there."""
    has_plugin = (
        shutil.which("docker") is not None
        and not subprocess.run(
            ["docker", "compose", "version"], capture_output=True, check=False
        ).returncode
    )
    if not has_plugin:
        pytest.skip("docker compose is not here")
    file = tmp_path / "filled"
    file.write_text("".join(f"{name}={value}\n" for name, value in FILLED.items()))
    done = subprocess.run(
        [
            *("docker", "compose", "--file", CONFIG / "compose.yaml", "--env-file", file),
            *("--profile", "postgres", "config", "--quiet"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
