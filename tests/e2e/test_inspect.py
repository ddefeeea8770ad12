"""`crawler inspect` as a user types it."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from tests.support.records import record

pytestmark = pytest.mark.e2e
COMMAND = [sys.executable, "-m", "crawler", "inspect"]


def run(*words: object, cwd: Path, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, words)],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **options,  # type: ignore[call-overload]
    )


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """Two part files of a small crawl, the second with a torn last line."""
    directory = tmp_path / "crawl" / "pages"
    directory.mkdir(parents=True)
    lines = [orjson.dumps(record(url=f"http://a.example/{n}", depth=n % 3)) for n in range(20)]
    lines[7] = orjson.dumps(record(url="http://a.example/7", status=404))
    (directory / "part-000001.jsonl").write_bytes(b"\n".join(lines[:12]) + b"\n")
    (directory / "part-000002.jsonl").write_bytes(b"\n".join(lines[12:]) + b"\n" + lines[0][:40])
    return directory


def test_without_a_path_it_shows_the_job_that_start_makes(pages, tmp_path):
    """`crawler start; crawler inspect` is the whole quick start: no path may be needed."""
    done = run(cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("  records           20 in 2 files, ")
    assert "  404 Not Found   1   5.0 %  http://a.example/7\n" in done.stdout
    assert run(pages, cwd=tmp_path).stdout == done.stdout
    assert run("--job", tmp_path / "crawl", cwd=pages).stdout == done.stdout


def test_json_is_one_object_on_stdout(pages, tmp_path):
    """Scripts read this; a note or a colour between would break all of them."""
    done = run("--json", "--samples", 3, cwd=tmp_path)
    found = json.loads(done.stdout)
    assert (found["records"], found["files"], found["torn_lines"]) == (20, 2, 1)
    assert found["status"]["top"][1] == {
        "name": "404",
        "records": 1,
        "example": "http://a.example/7",
    }
    assert len(found["samples"]) == 3


def test_changes_since_a_day_are_listed(tmp_path):
    """The question of everybody who watches a site; a script asks it as well."""
    page = {"url": "http://a.example/p", "title": "Old"}
    later = {"visit": 2, "change": "changed", "title": "New", "text": "Other words."}
    lines = [
        orjson.dumps(record(**page)),
        orjson.dumps(record(**page | later, fetched_at="2026-03-08T10:00:00.000Z")),
    ]
    (tmp_path / "x.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    done = run("x.jsonl", "--changed", "--since", "2026-03-05", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "  1 changed  since 2026-03-05 00:00:00 UTC\n\nChanged\n"
        "  2026-03-08 10:00:00  changed  http://a.example/p\n"
        "                                  title “Old” → “New”, text 6 → 12\n"
    )
    found = json.loads(run("x.jsonl", "--changed", "--json", cwd=tmp_path).stdout)
    assert found["counts"] == {"changed": 1, "gone": 0, "returned": 0, "new": 1}
    [change] = found["changes"]
    assert change["what"] == "title “Old” → “New”, text 6 → 12"
    assert found["new"][0]["url"] == "http://a.example/p"


def test_standard_input_and_files_together(pages, tmp_path):
    part = pages / "part-000001.jsonl"
    with part.open("rb") as stream:
        done = run("-", "--json", cwd=tmp_path, stdin=stream)
    assert json.loads(done.stdout)["records"] == 12


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere.jsonl"], "crawler: nowhere.jsonl does not exist\n"),
        (["--job", "nowhere"], "crawler: no job in nowhere: "),
        ([], "crawler: no job in crawl: "),
        (["x.bin"], "crawler: x.bin: not JSON lines, none of 2 can be read\n"),
        (["--samples", "-1"], ""),
        (["x.bin", "--since", "soon"], "crawler: --since: cannot read 'soon': write"),
        (["x.bin", "--status", "4xy"], "crawler: --status: cannot read '4xy': write 404, 4xx"),
        (["x.bin", "--depth", "-1"], "crawler: --depth: cannot read '-1': write 2 or 0-3\n"),
        (["x.bin", "--host", "http://a.example/"], "crawler: --host: 'http://a.example/' is no"),
        (["x.bin", "--grep", "("], "crawler: --grep: '(' is no regex: "),
        (["x.bin", "--changed", "--since", "soon"], "crawler: --since: cannot read 'soon': write"),
        (["-", "--changed"], "crawler: --changed reads everything twice: give files or a job"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(tmp_path, words, message):
    (tmp_path / "x.bin").write_bytes(b"\x00\xff\n\x01\n")
    done = run(*words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == 1


def test_a_job_without_records_says_so_and_is_no_error(tmp_path):
    """The first seconds of every crawl look like this."""
    (tmp_path / "crawl" / "pages").mkdir(parents=True)
    done = run(cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "no records yet in crawl\n"
    (tmp_path / "other").mkdir()
    done = run("-j", "other", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "crawler: other is no job, and holds no records (*.jsonl)\n"
    assert json.loads(run("--json", cwd=tmp_path).stdout)["records"] == 0


def test_a_reader_that_has_seen_enough_is_no_error(pages, tmp_path):
    """`crawler inspect | head -1` must not end in a traceback."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    with os.fdopen(write_end, "wb") as closed:
        done = subprocess.run(
            [*COMMAND, str(pages)], stdout=closed, stderr=subprocess.PIPE, timeout=60, check=False
        )
    assert (done.returncode, done.stderr) == (0, b"")


def test_letters_that_the_terminal_lacks_are_escaped(tmp_path):
    """One foreign title must not end the summary of a crawl in an encoding error."""
    path = tmp_path / "x.jsonl"
    path.write_bytes(orjson.dumps(record(title="灯台")) + b"\n")
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [*COMMAND, str(path)], env=environment, capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0
    assert rb"\u706f\u53f0" in done.stdout


def on_terminal(path: Path, **environment: str) -> str:
    """What the command draws on a terminal of 100 columns."""
    ours, theirs = pty.openpty()
    usual = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    with subprocess.Popen(
        [*COMMAND, str(path)],
        stdout=theirs,
        env=usual | {"COLUMNS": "100", "TERM": "xterm"} | environment,
    ) as process:
        os.close(theirs)
        drawn = b""
        try:
            while block := os.read(ours, 65536):
                drawn += block
        except OSError:  # Linux says the other end is closed in this way
            pass
        os.close(ours)
        assert process.wait(60) == 0
    return drawn.decode()


def test_a_terminal_gets_colours_unless_it_says_no(pages):
    assert "\x1b[32m200 OK" in on_terminal(pages)
    assert "\x1b" not in on_terminal(pages, NO_COLOR="1")
    assert "\x1b" not in on_terminal(pages, TERM="dumb")
    assert "\x1b" not in on_terminal(pages, COLUMNS="60")
