"""`crawler demo` around its crawl: it may delete only what it made, and leaves no web behind."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from crawler.cli.commands.demo import _make_room, _served
from crawler.errors import ConfigError, FrontierError
from crawler.job.lock import acquire

pytestmark = pytest.mark.component


def test_it_makes_its_directory_private(tmp_path: Path) -> None:
    _make_room(tmp_path / "a" / "demo")
    assert (tmp_path / "a" / "demo").stat().st_mode & 0o777 == 0o700


def test_it_empties_what_an_earlier_demo_left(tmp_path: Path) -> None:
    """A second `make run` must show the same as the first, not an old job that is finished."""
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "part-000001.jsonl").write_text("{}\n")
    (tmp_path / "demo.json").write_text("{}\n")
    _make_room(tmp_path)
    assert list(tmp_path.iterdir()) == []


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
