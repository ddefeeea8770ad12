"""What a start costs: which modules it loads, and that leaving quickly loses nothing."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from crawler.cli import app as cli
from crawler.cli.app import COMMANDS, GROUPS
from tests.support.web import Web, page

ROOT = Path(__file__).parents[3]
UNWANTED = (
    *("redis", "aiomcache", "rich", "tomllib", "publicsuffixlist"),
    *("tenacity", "webencodings", "cchardet", "brotli", "brotlicffi", "backports"),
    "psutil",
)
PARTS_UNWANTED = (
    *(
        "crawler.cli.live.progress",
        "crawler.cli.commands.inspect",
        "crawler.cli.commands.demo",
        "crawler.cli.commands.explain",
    ),
    *("crawler.pipeline.explaining.explanation", "crawler.pipeline.explaining.prospect"),
    *(
        "crawler.model.extraction",
        "crawler.pipeline.fields",
        "crawler.pipeline.callbacks.callbacks",
    ),
    *("crawler.fetch.capture", "crawler.sink.warc", "crawler.pipeline.bodies"),
    *("crawler.admin", "aiohttp.web", "prometheus_client"),
    *("crawler.parse.requisites", "crawler.extract.simhash", "crawler.extract.article"),
)


@pytest.fixture
def crawler(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return how to run the command where packages that it should not load say that they were."""
    stubs = tmp_path / "stubs"
    stubs.mkdir()
    for name in UNWANTED:
        (stubs / f"{name}.py").write_text(f"import os; os.write(2, b'loaded {name}\\n')\n")

    def run(*words: str, code: str | None = None) -> subprocess.CompletedProcess[str]:
        how = ["-m", "crawler"] if code is None else ["-c", code]
        return subprocess.run(
            [sys.executable, *how, *words],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{stubs}{os.pathsep}{ROOT}"},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_start_loads_nothing_that_it_does_not_use(
    crawler: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    """Redis alone is 40 ms of every start, because aiocache loads it wherever it is installed."""
    result = crawler("start", "--job", "job")
    assert result.stderr.startswith("crawler: no seeds"), result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert result.returncode == 2


def test_a_small_crawl_loads_nothing_that_its_pages_do_not_need(
    crawler: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    """Repeating, other encodings and codings would be paid for by crawls that never meet them.

    The stubs speak in the reader's process too.
    """
    code = (
        "import sys; from crawler.cli import app\n"
        "def leave(code):\n"
        "    print(sorted(sys.modules), code)\n"
        "app._leave = leave; app.main()"
    )
    with Web({"/": page()}) as web:
        words = ("--job", "job", "--allow-net", "127.0.0.0/8", "--progress", "off")
        result = crawler("start", web.url(), *words, code=code)
    assert result.stderr == ""
    assert result.stdout.endswith(" 0\n")
    assert '"status":200' in "".join(p.read_text() for p in tmp_path.glob("job/pages/*"))
    for name in PARTS_UNWANTED:
        assert f"'{name}'" not in result.stdout


def test_what_was_hidden_can_be_loaded_when_it_is_wanted(
    crawler: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    """A cache in Redis would be said to need a package that is there."""
    code = "import crawler.cache.backend, redis, aiomcache; print(redis.__file__)"
    result = crawler(code=code)
    assert result.stderr.splitlines() == ["loaded redis", "loaded aiomcache"]
    assert result.stdout.endswith("stubs/redis.py\n")


def test_what_is_loaded_late_is_there_when_it_is_used(
    crawler: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    """QuasiQueue's own way to end processes is not ours, but it must not break for others."""
    code = (
        "import crawler.conf.settings, quasiqueue.runner as runner, sys\n"
        "assert 'psutil' not in sys.modules\n"
        "print(runner.psutil.__file__); import psutil; print(psutil.__file__)"
    )
    result = crawler(code=code)
    assert result.stderr == "loaded psutil\n"
    assert [line.rpartition("/")[2] for line in result.stdout.splitlines()] == ["psutil.py"] * 2


def test_what_was_loaded_before_stays_loaded(
    crawler: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    """A second copy of a module has other classes: its errors would not be caught."""
    code = "import redis, sys; import crawler.cache.backend; print(sys.modules['redis'] is redis)"
    result = crawler(code=code)
    assert (result.stdout, result.stderr) == ("True\n", "loaded redis\n")


def test_only_the_chosen_command_is_imported(
    crawler: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    """Each command would pay for what the others import."""
    code = (
        "import os, sys; from crawler.cli import app\n"
        "def leave(code):\n"
        "    print(sorted(m for m in sys.modules if m.startswith('crawler.cli.')), code)\n"
        "app._leave = leave; app.main()"
    )
    result = crawler("version", code=code)
    assert "'crawler.cli.commands.version'" in result.stdout
    for name in {*COMMANDS, *GROUPS} - {"version"}:
        assert f"'crawler.cli.{name}'" not in result.stdout


@pytest.mark.parametrize("name", [*COMMANDS, *GROUPS])
def test_each_command_alone_keeps_its_name(
    name: str, crawler: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    """Typer makes the only command of a program the program itself."""
    result = crawler(name, "--help")
    assert result.returncode == 0
    assert result.stdout.startswith(f"Usage: crawler {name} ")


def test_output_is_whole_although_the_process_leaves_at_once(
    crawler: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    """What Python still buffers would be lost in a pipe."""
    result = crawler("version", "--json")
    assert json.loads(result.stdout)["crawler"]
    assert (result.returncode, result.stderr) == (0, "")


def test_a_function_with_room_is_the_same_function() -> None:
    """Errors have to come through it, or each would be a traceback."""

    def divide() -> int:
        return 1 // 0

    with pytest.raises(ZeroDivisionError):
        cli._with_room(divide)()
    assert cli._with_room(_seven)() == 7


def _seven() -> int:
    return 7
