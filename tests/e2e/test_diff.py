"""`crawler diff` as a user types it."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.support.records import record
from tests.support.warc_member import member

pytestmark = pytest.mark.e2e
COMMAND = [sys.executable, "-m", "crawler", "diff"]
PAGE = "http://a.example/p"
ROOT = Path(__file__).parents[2]


def run(*words: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, words)],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def job(tmp_path: Path) -> Path:
    """Two visits of a page, with their bodies, and one of another."""
    pages = tmp_path / "crawl" / "pages"
    pages.mkdir(parents=True)
    bodies = [b"<html><body><p>One.</p><p>Two.</p>", b"<html><body><p>One.</p><p>Three.</p>"]
    members = [member(body, url=PAGE) for body in bodies]
    (pages / "part-000001.warc.gz").write_bytes(b"".join(members))
    offset = 0
    lines = [orjson.dumps(record(url="http://a.example/once"))]
    for number, (one, text) in enumerate(zip(members, ("One. Two.", "One. Three."), strict=True)):
        values: dict[str, Any] = {
            "url": PAGE,
            "visit": number + 1,
            "text": text,
            "content_hash": f"{number:064}",
            "warc": {"file": "part-000001.warc.gz", "offset": offset, "length": len(one)},
        }
        lines.append(orjson.dumps(record(**values)))
        offset += len(one)
    (pages / "part-000001.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    return tmp_path


def test_what_changed_is_shown_plain_where_it_is_piped(job: Path) -> None:
    """Escapes in a file or a mail are noise."""
    done = run("A.example/p#x".replace("A.", "http://a."), cwd=job)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "http://a.example/p\n"
        "visit 1: 2026-03-01 10:00:00 UTC, 200\n"
        "visit 2: 2026-03-01 10:00:00 UTC, 200\n"
        "\n"
        "text: 1 line went, 1 came\n"
        "@@ -1,2 +1,2 @@\n"
        " One.\n"
        "-Two.\n"
        "+Three.\n"
    )


def test_bodies_are_compared_where_they_are_kept(job: Path) -> None:
    done = run(PAGE, "--html", "--visits", "1..2", cwd=job)
    assert done.stdout.splitlines()[4:] == [
        "body: 1 line went, 1 came",
        "@@ -2,3 +2,3 @@",
        " <body>",
        " <p>One.</p>",
        "-<p>Two.</p>",
        "+<p>Three.</p>",
    ]


def test_json_is_one_object(job: Path) -> None:
    found = json.loads(run(PAGE, "--json", cwd=job).stdout)
    assert (found["before"]["visit"], found["after"]["visit"], found["compared"]) == (1, 2, "text")
    assert found["text"]["lines"][-1] == "+Three."


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["http://a.example/x"], "crawler: http://a.example/x has no record in crawl; "),
        (["http://a.example/once"], "crawler: http://a.example/once was visited once, on 2026-"),
        ([PAGE, "--visits", "1..3"], f"crawler: {PAGE} has no visit 3: there are 1 to 2\n"),
        ([PAGE, "--visits", "x"], "crawler: --visits: cannot read 'x': write 2..5\n"),
        ([PAGE, "--job", "nowhere"], "crawler: no job in nowhere: "),
        (["word"], "crawler: neither a URL nor a host name: "),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(job: Path, words: list[str], message: str) -> None:
    done = run(*words, cwd=job)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == 1


def test_a_body_that_cannot_be_read_is_one_line_and_exit_code_3(job: Path) -> None:
    (job / "crawl/pages/part-000001.warc.gz").unlink()
    done = run(PAGE, "--html", cwd=job)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("crawler: part missing: ")
    assert done.stderr.count("\n") == 1


def test_a_terminal_gets_colours(job: Path) -> None:
    ours, theirs = pty.openpty()
    usual = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    with subprocess.Popen(
        [*COMMAND, PAGE, "--job", str(job / "crawl")],
        stdout=theirs,
        env=usual | {"TERM": "xterm", "PYTHONPATH": str(ROOT)},
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
    assert "\x1b[32m+Three." in drawn.decode()
