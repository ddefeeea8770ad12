"""`crawler demo` around its crawl: it may delete only what it made, and leaves no web behind."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from crawler.cli.commands.demo import _make_room, _served
from crawler.errors import ConfigError, FrontierError
from crawler.job.lock import acquire

pytestmark = pytest.mark.component
ROOT = Path(__file__).parents[2]


def test_it_makes_its_directory_private(tmp_path: Path) -> None:
    _make_room(tmp_path / "a" / "demo")
    assert (tmp_path / "a" / "demo").stat().st_mode & 0o777 == 0o700


def test_it_empties_what_an_earlier_demo_left(tmp_path: Path) -> None:
    """A second `make run` must show the same as the first, not an old job that is finished."""
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "part-000001.jsonl").write_text("{}\n")
    (tmp_path / "demo.json").write_text("{}\n")
    _make_room(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["demo.json"]


def test_a_demo_that_is_broken_off_is_known_again(tmp_path: Path) -> None:
    """After Ctrl-C in its first second every later one would say that this is not a demo's."""
    _make_room(tmp_path / "demo")
    (tmp_path / "demo" / "seeds.txt").touch()  # the web writes it before it says where it is
    _make_room(tmp_path / "demo")


def test_the_room_is_known_again_whenever_making_it_is_broken_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = -1

    def step(real: Callable[..., None], *words: Any, **options: Any) -> None:
        nonlocal steps
        if steps == 0:
            raise KeyboardInterrupt
        steps -= 1
        real(*words, **options)

    for name in ("unlink", "rmdir"):
        monkeypatch.setattr(os, name, partial(step, getattr(os, name)))
    for done_before in range(100):
        steps = done_before
        for name in map(str, range(9)):
            (tmp_path / "demo" / name).mkdir(parents=True, exist_ok=True)
            (tmp_path / "demo" / name / "file").touch()
            (tmp_path / "demo" / f"{name}.txt").touch()
        (tmp_path / "demo" / "demo.json").touch()
        try:
            _make_room(tmp_path / "demo")
        except KeyboardInterrupt:
            left = [path.name for path in (tmp_path / "demo").iterdir()]
            assert not left or "demo.json" in left
        else:
            return
    raise AssertionError("it is never done")


def test_a_signal_while_the_crawl_is_started_ends_the_crawl(tmp_path: Path) -> None:
    """It would go on alone, with the web gone, and record failures."""
    code = (
        "import os, signal, subprocess, sys; from pathlib import Path\n"
        "from crawler.cli.commands import demo\n"
        "class Started(subprocess.Popen):\n"
        "    def __init__(self, *words, **options):\n"
        "        super().__init__(['sleep', '60'])\n"
        "        os.kill(os.getpid(), int(sys.argv[1]))\n"
        "subprocess.Popen = Started\n"
        "print(demo._run('start', job=Path.cwd()))"
    )
    for number in (signal.SIGTERM, signal.SIGHUP):
        done = subprocess.run(
            [sys.executable, "-c", code, str(number)],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )
        assert (done.returncode, done.stdout) == (0, "143\n"), done.stderr


def test_it_touches_nothing_that_is_not_its_own(tmp_path: Path) -> None:
    """`--job` may name the directory of a real crawl by mistake."""
    (tmp_path / "frontier.db").write_text("precious")
    with pytest.raises(ConfigError, match="is not a demo's"):
        _make_room(tmp_path)
    assert (tmp_path / "frontier.db").read_text() == "precious"
    with pytest.raises(ConfigError, match="is no directory"):
        _make_room(tmp_path / "frontier.db")


def test_it_leaves_a_demo_that_is_running_alone(tmp_path: Path) -> None:
    (tmp_path / "demo.json").write_text("{}\n")
    (tmp_path / "frontier.db").write_text("in use")
    code = (
        "import sys; from pathlib import Path; from crawler.job.lock import acquire\n"
        "lock = acquire(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(FrontierError):
            _make_room(tmp_path)
        other.stdin.close()
    assert (tmp_path / "frontier.db").read_text() == "in use"
    with acquire(tmp_path):
        pass


def test_a_port_that_is_taken_is_the_users_mistake(tmp_path: Path) -> None:
    with _served(0, tmp_path / "one.txt") as about:
        assert (tmp_path / "one.txt").read_text().splitlines() == about["seeds"]
        with (
            pytest.raises(ConfigError, match=f"port {about['port']}: Address already in use"),
            _served(about["port"], tmp_path / "two.txt"),
        ):
            pass


def test_serving_only_prints_where(tmp_path: Path) -> None:
    """The process becomes the web, so that a signal ends it and not a parent around it."""
    code = "from crawler.cli.commands.demo import demo; demo(serve=True, port=0)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as web:
        assert web.stdout is not None
        assert json.loads(web.stdout.readline())["addresses"][0] == "127.0.3.1"
        web.terminate()
        assert web.wait(60) == 0
