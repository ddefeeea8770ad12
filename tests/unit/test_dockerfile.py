"""The Dockerfile, read as text: no engine is needed to see the mistakes that hurt most."""

import json
import re
from fnmatch import fnmatch
from pathlib import Path

import pytest

from crawler.cli.app import COMMANDS
from crawler.conf.load import load_settings

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def stages() -> list[list[tuple[str, str]]]:
    """Return the instructions of each stage, continued lines joined."""
    text = (ROOT / "Dockerfile").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    found: list[list[tuple[str, str]]] = []
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        if line.strip():
            word, _, rest = line.strip().partition(" ")
            if word == "FROM":
                found.append([])
            if found:
                found[-1].append((word, rest.strip()))
    return found


def _values(stage: list[tuple[str, str]], word: str) -> list[str]:
    return [rest for name, rest in stage if name == word]


def test_daemon_gets_the_signals(stages: list[list[tuple[str, str]]]) -> None:
    """In shell form a shell would be process 1, swallow SIGTERM, and be killed after the grace."""
    final = stages[-1]
    assert [json.loads(value) for value in _values(final, "CMD")] == [
        ["python", "-m", "crawler.qq"]
    ]
    assert all(value.startswith("[") for value in _values(final, "ENTRYPOINT"))
    assert _values(final, "STOPSIGNAL") == ["SIGTERM"]


def test_runs_as_nobody_special_on_a_volume(stages: list[list[tuple[str, str]]]) -> None:
    """A crawler reads what strangers send: it must not be root, and its job must outlive it."""
    final = stages[-1]
    (user,) = _values(final, "USER")
    assert user.split(":")[0] not in {"root", "0"}
    assert final.index(("USER", user)) < [name for name, _ in final].index("CMD")
    (volume,) = _values(final, "VOLUME")
    job = re.search(r"CRAWLER_JOB=(\S+)", " ".join(_values(final, "ENV")))
    assert job is not None
    assert job[1].startswith(json.loads(volume)[0] + "/")


def test_health_is_what_the_crawl_itself_says(stages: list[list[tuple[str, str]]]) -> None:
    """A process that runs and gets nowhere would be healthy for weeks."""
    final = stages[-1]
    (check,) = _values(final, "HEALTHCHECK")
    command = json.loads(check.partition("CMD ")[2])
    assert command == ["crawler", "health"]
    assert command[1] in COMMANDS
    environ = dict(re.findall(r"(\w+)=(\S+)", " ".join(_values(final, "ENV"))))
    settings = load_settings({}, {"CRAWLER_HTTP": environ["CRAWLER_HTTP"]}, Path("/"))
    assert settings.http is not None
    assert settings.http.startswith("127.0.0.1:")


def test_installs_only_what_is_locked(stages: list[list[tuple[str, str]]]) -> None:
    """An unlocked install would make every image a different product."""
    installs = [
        command
        for stage in stages
        for run in _values(stage, "RUN")
        for command in re.split(r"&&|;", run)
        if re.search(r"\bpip (install|wheel)\b", command)
    ]
    assert installs
    for command in installs:
        assert "--require-hashes" in command or "--no-deps" in command, command


def test_final_image_has_no_build_tools(stages: list[list[tuple[str, str]]]) -> None:
    """The image would carry compilers and sources that only an attacker needs."""
    assert len(stages) == 2
    assert stages[-1][0][1].endswith("-slim")
    assert all("--from=build" in value for value in _values(stages[-1], "COPY"))


def test_everything_copied_is_in_the_build_context(stages: list[list[tuple[str, str]]]) -> None:
    """The allow-list of .dockerignore would hide a file, and the build would fail at its COPY."""
    rules = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    allowed = [rule[1:] for rule in rules if rule.startswith("!")]
    for value in _values(stages[0], "COPY"):
        for source in value.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert any(fnmatch(source.rstrip("/"), rule) for rule in allowed), source
