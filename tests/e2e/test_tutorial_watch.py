"""The tutorial for watching a site does what it says: its own commands, in its own order."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TUTORIAL = ROOT / "docs" / "guides" / "tutorial-watch.md"
BLOCK = re.compile(r"(?:^    .*\n|(?<=\n)\n(?=    ))+", re.MULTILINE)
COMMANDS = ("mkdir ", "sed ", "crawler ", "cat ")
CRAWL = "crawler start --config watch.toml --progress off"
FLAGS = '{"config": "watch.toml", "progress": "off"}'
"""Of the same, for a crawl whose clock is set back: nobody waits for the visits that follow."""
_LONG_AGO_S = 1_700_000_000


def _waited_s(block: str) -> int:
    found = re.match(r"sleep (\d+)\n", block)
    return int(found[1]) if found else 0


def blocks(port: int) -> list[str]:
    text = TUTORIAL.read_text("utf-8").replace(":8000", f":{port}")
    found = BLOCK.findall(text)
    return ["\n".join(line[4:] for line in block.strip("\n").splitlines()) for block in found]


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """The site of the second terminal, at a free port."""
    (tmp_path / "site").mkdir()
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1"]
    with (
        (tmp_path / "server.log").open("wb") as log,
        subprocess.Popen(
            [*command, "--directory", "site"],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as server,
    ):
        assert server.stdout is not None
        found = re.search(r"port (\d+)", server.stdout.readline())
        assert found is not None
        yield int(found[1])
        server.terminate()


def run(script: str, directory: Path) -> str:
    names = f'crawler() {{ "{sys.executable}" -m crawler "$@"; }}\n'
    names += f'python() {{ "{sys.executable}" "$@"; }}\n'
    done = subprocess.run(
        ["bash", "-ec", names + script],
        cwd=directory,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, (script, done.stderr)
    return done.stdout


def age(site: Path, step: int) -> None:
    """Let what was just written be a minute newer than the rest, as if somebody had typed."""
    for path in site.iterdir():
        if path.stat().st_mtime > _LONG_AGO_S + 86_400:
            at = _LONG_AGO_S + 60 * step
            os.utime(path, (at, at))


def without_times(text: str) -> str:
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "TIME", text)
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines())


def test_the_tutorial_works(port: int, tmp_path: Path) -> None:
    """A reader who copies every command must see what the page shows."""
    said: dict[str, str] = {}
    shown: list[str] = []
    steps = blocks(port)
    clock_s = -sum(map(_waited_s, steps))
    for block in steps:
        clock_s += _waited_s(block)
        if block.startswith("# "):
            (tmp_path / block.partition("\n")[0][2:]).write_text(f"{block}\n")
        elif block.endswith(CRAWL):
            run(f"python -m tests.support.shifted {clock_s * 1000} '{FLAGS}'", tmp_path)
        elif block.startswith(COMMANDS):
            said[block] = run(block, tmp_path)
            age(tmp_path / "site", len(said))
        else:
            shown.append(block)
    outputs = "\n".join(without_times(output) for output in said.values())
    changes = next(block for block in shown if "2 changed, 1 gone, 4 new" in block)
    # In one run the order of two pages is that of their answers.
    assert set(without_times(changes).splitlines()) <= set(outputs.splitlines())
    difference = next(block for block in shown if block.startswith("http://"))
    assert without_times(difference) in outputs
    assert '+<a href="tides.html">Tides</a>' in outputs
    log = (tmp_path / "server.log").read_text()
    answers = next(block for block in shown if "304" in block)
    assert [line for line in answers.splitlines() if line not in log] == []
    again = (tmp_path / "crawl/reparsed").glob("part-*.jsonl")
    assert any('"fields":{"headline":"Ferry"}' in path.read_text() for path in again)
    script = (tmp_path / "watch.sh").read_text()
    assert "nothing changed" in run(script.replace("--since 1d", "--since 1s"), tmp_path)
