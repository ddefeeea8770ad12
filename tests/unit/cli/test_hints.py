"""What the commands that steer a crawl name as the next one, typed as it stands."""

import asyncio
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crawler.cli.commands.add import add
from crawler.cli.commands.hosts import hosts
from crawler.cli.commands.pause import pause
from crawler.cli.commands.resume import resume
from crawler.cli.commands.status import status
from crawler.errors import ConfigError
from crawler.frontier.sqlite import SqliteFrontier
from tests.support.stored_job import OPTIONS

HOST = "[::1]:8000"
HINT = re.compile(r"(crawler [^;,\n]*?)(?= goes on| resumes them| lists them|[;,\n]|$)")
Say = Callable[..., list[str]]


@pytest.fixture(params=["crawl", "my job"])
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def flag(name: str) -> str:
    return "" if name == "crawl" else " --job 'my job'"


@pytest.fixture
def say(
    tmp_path: Path,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Say:
    """Return how to give a command on the job; it returns the commands that were named."""
    monkeypatch.chdir(tmp_path)

    async def begin() -> None:
        store = SqliteFrontier(tmp_path / name / "frontier.db", OPTIONS)
        await store.open()
        await store.close()

    (tmp_path / name).mkdir()
    asyncio.run(begin())

    def run(command: Callable[..., Any], *words: Any, **options: Any) -> list[str]:
        command(*words, job=name, **options)
        return HINT.findall(capsys.readouterr().out)

    assert run(add, [f"http://{HOST}/"]) == []
    return run


def test_a_hint_is_typed_as_it_stands(say: Say, flag: str) -> None:
    """Without the job it would be given to the crawl in ./crawl, or there would be none."""
    waits = {"sort": "left", "limit": 50}
    everything = f"crawler resume{flag}"
    of_host = f"crawler resume '{HOST}'{flag}"
    assert say(pause) == [everything]
    assert say(pause) == [everything]
    assert say(status) == [everything]
    assert say(add, [f"http://{HOST}/2"]) == []
    assert say(pause, [HOST]) == []
    assert say(hosts, **waits) == [of_host]
    assert say(status) == [everything, f"crawler resume HOST{flag}", of_host]
    assert say(resume) == [f"crawler resume --all-hosts{flag}"]
    say(pause)
    assert say(resume, [HOST]) == [everything]
    with pytest.raises(ConfigError, match=re.escape(f"; crawler hosts{flag} lists them")):
        say(pause, ["none.example"])
    assert shlex.split(of_host)[2] == HOST
