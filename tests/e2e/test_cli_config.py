"""Bad input at the command itself: one line, the right code, nothing left behind."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENVIRON = os.environ | {"PYTHONPATH": str(ROOT)}  # the commands run in another directory


def _crawler(cwd: Path, *args: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "crawler", *args],
        cwd=cwd,
        env=ENVIRON | environ,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("args", "environ", "expected"),
    [
        (("start", "--dealy", "1s"), {}, "No such option: --dealy"),
        (("strat",), {}, "No such command 'strat'"),
        (("start", "--delay"), {}, "requires an argument"),
        (("start", "x", "--delay", "soon"), {}, "--delay: cannot read 'soon'"),
        (("start", "x", "-q", "-v"), {}, "-q and -v"),
        (("start", "x", "--scope", "all"), {}, "--scope: must be 'page'"),
        (("start", "x"), {"CRAWLER_DELAI": "1"}, "did you mean CRAWLER_DELAY?"),
        (("start", "x"), {"CRAWLER_LEASE": "5s"}, "lease 5s is too short"),
        (("start", "x"), {"CRAWLER_MAX_BODY": "big"}, "CRAWLER_MAX_BODY: cannot read 'big'"),
        (("start", "x", "--config", "bad.toml"), {}, "bad.toml, line 2"),
        (("start", "x", "--config", "none.toml"), {}, "none.toml: No such file"),
        (("config", "check", "bad.toml"), {}, "bad.toml, line 2"),
        (("config", "check", "key.toml"), {}, "key.toml, line 1: dealy: "),
        (("config", "check"), {"CRAWLER_ON_PART_SEALED": "no-such-x"}, "there is no program"),
        (("config", "check"), {"CRAWLER_ON_PART_SEALED": "./key.toml"}, "is not executable"),
        (("start", "x"), {"CRAWLER_ON_PART_SEALED": "no-such-x"}, "there is no program"),
        (("config", "show"), {"CRAWLER_DEPTH": "x"}, "CRAWLER_DEPTH: must be"),
        (
            ("start", "x", "--frontier", "postgresql://u:hunter2@h/db"),
            {},
            "PostgreSQL comes with a later version",
        ),
    ],
)
def test_bad_input_is_one_line_and_code_2(
    tmp_path: Path, args: tuple[str, ...], environ: dict[str, str], expected: str
) -> None:
    """A traceback, a second line or code 1 would each break somebody's script."""
    (tmp_path / "bad.toml").write_text("delay = 1\nscope = \n")
    (tmp_path / "key.toml").write_text("dealy = 1\n")
    done = _crawler(tmp_path, *args, **environ)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("crawler: ")
    assert done.stderr.count("\n") == 1
    assert expected in done.stderr
    assert "hunter2" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.toml", "key.toml"]


def test_config_show_says_where_values_come_from(tmp_path: Path) -> None:
    """Whoever wonders why a crawl is slow looks here."""
    (tmp_path / ".env").write_text("CRAWLER_DELAY=2s\n")
    (tmp_path / "crawl.toml").write_text('scope = "domain"\nheader = ["Cookie: hunter2"]\n')
    done = _crawler(
        tmp_path, "config", "show", "--json", "--config", "crawl.toml", CRAWLER_RETRIES="5"
    )
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert shown["delay"] == {"value": "2s", "source": ".env"}
    assert shown["scope"] == {"value": "domain", "source": "file"}
    assert shown["retries"] == {"value": 5, "source": "env"}
    assert shown["config"]["source"] == "flag"
    assert shown["timeout"] == {"value": "1m", "source": "default"}
    assert "hunter2" not in done.stdout
    assert "gclid" in shown["strip_params"]["value"]
    plain = _crawler(tmp_path, "config", "show")
    assert re.search(r"^strip_params +default +default$", plain.stdout, re.MULTILINE)
    assert [line.split()[-1] for line in plain.stdout.splitlines() if line[:6] == "delay "] == [
        ".env"
    ]


def test_bundled_profiles_are_good(tmp_path: Path) -> None:
    """A profile that is refused would be the first thing that a stranger tries."""
    profiles = sorted((ROOT / "config").glob("*.toml"))
    names = ["demo", "development", "production", "shop-by-code", "shop"]
    assert [profile.stem for profile in profiles] == names
    for profile in profiles:
        done = _crawler(tmp_path, "config", "check", str(profile), CRAWLER_PORT="tcp://x")
        assert done.returncode == 0, done.stderr
        assert done.stdout == f"{profile}: good\n"
        assert "Kubernetes" in done.stderr


def test_env_example_is_good(tmp_path: Path) -> None:
    """An example with a name that the crawler refuses would be worse than none."""
    example = ROOT / "config/.env.example"
    lines = [
        line.removeprefix("#") if line.startswith("#CRAWLER_") else line
        for line in example.read_text("utf-8").splitlines()
        if "CRAWLER_CONFIG" not in line and "HEADER" not in line
    ]
    (tmp_path / ".env").write_text("\n".join(lines), "utf-8")
    done = _crawler(tmp_path, "config", "show", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["contact"]["source"] == ".env"


def test_version(tmp_path: Path) -> None:
    """The first question of every bug report."""
    versions = json.loads(_crawler(tmp_path, "version", "--json").stdout)
    assert {"crawler", "python", "sqlite", "aiohttp", "quasiqueue", "selectolax"} <= set(versions)
    plain = _crawler(tmp_path, "version").stdout.splitlines()
    assert plain[0] == f"crawler {versions['crawler']}"


def test_no_command_shows_the_commands(tmp_path: Path) -> None:
    """One line of error would not tell a stranger what there is."""
    done = _crawler(tmp_path)
    assert done.returncode == 2
    assert "Commands:" in done.stderr


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    """`crawler config show | head -1` ended with a traceback."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run(
        [sys.executable, "-m", "crawler", "config", "show"],
        cwd=tmp_path,
        env=ENVIRON,
        stdout=write_end,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    os.close(write_end)
    assert (done.returncode, done.stderr) == (141, b"")
