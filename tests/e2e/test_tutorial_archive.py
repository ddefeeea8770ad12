"""The tutorial for an archive does what it says: its own commands, in its own order."""

import gzip
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crawler.sink.bodies import open_body

ROOT = Path(__file__).parents[2]
TUTORIAL = ROOT / "docs" / "guides" / "tutorial-archive.md"
BLOCK = re.compile(r"(?:^    .*\n|(?<=\n)\n(?=    ))+", re.MULTILINE)
NOT_OURS = ("pip ", "python3 -m venv", "pywb/", "warcio ", "crawler demo")


@pytest.fixture
def port() -> Iterator[int]:
    """Where the demonstration web is served: the tutorial's first step, at a free port."""
    command = [sys.executable, "-m", "crawler.demo", "--port", "0", "--stdin"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe) as web:
        assert web.stdout is not None
        assert web.stdin is not None
        yield json.loads(web.stdout.readline())["port"]
        web.stdin.close()


def blocks(port: int) -> list[str]:
    text = TUTORIAL.read_text("utf-8").replace(":8080", f":{port}")
    found = BLOCK.findall(text)
    return ["\n".join(line[4:] for line in block.strip("\n").splitlines()) for block in found]


def records(job: Path) -> list[dict[str, Any]]:
    parts = (job / "pages").glob("*.jsonl")
    return [json.loads(line) for part in parts for line in part.read_bytes().splitlines()]


def run(script: str, directory: Path) -> subprocess.CompletedProcess[bytes]:
    names = f'crawler() {{ exec "{sys.executable}" -m crawler "$@"; }}\n'
    # A function of its own process, so that `$!` is the crawl and no shell around it.
    script = re.sub(r"^crawler (.*[^&\n])$", r"(crawler \1)", script, flags=re.MULTILINE)
    script = re.sub(r"^python ", f'"{sys.executable}" ', script, flags=re.MULTILINE)
    return subprocess.run(
        ["bash", "-ec", names + script],
        cwd=directory,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=100,
        check=True,
    )


def test_the_tutorial_works(port: int, tmp_path: Path) -> None:
    """A reader who copies every command must come to the end of the page."""
    outputs = {}
    for block in blocks(port):
        first = block.partition("\n")[0]
        if first.startswith("# "):
            (tmp_path / first[2:]).write_text(block)
        elif not block.startswith(NOT_OURS):
            outputs[block] = run(block, tmp_path)
    assert (tmp_path / "archive.toml").exists()
    assert (tmp_path / "body.py").exists()
    assert len(outputs) == 4
    said, opened, *_ = outputs.values()
    found = records(tmp_path / "crawl")
    kinds = [record["kind"] for record in found]
    assert kinds.count("page") > 50
    assert f"{kinds.count('requisite')} requisites of".encode() in said.stdout
    assert kinds.count("requisite") == 50

    # Step 4: the body behind the record.
    (page,) = (r for r in found if r["url"].endswith("/shelf/compasses"))
    about, headers, rest = opened.stdout.split(b"\r\n\r\n", 2)
    assert about.startswith(b"WARC/1.1\r\n")
    assert headers.startswith(b"HTTP/1.1 200 ")
    assert hashlib.sha256(rest[: page["bytes"]]).hexdigest() == page["content_hash"]

    # Step 6: read again, without a server.
    again = [
        json.loads(line)
        for part in (tmp_path / "crawl" / "reparsed").glob("*.jsonl")
        for line in part.read_bytes().splitlines()
    ]
    assert len(again) == len(found)
    assert any(record["simhash"] for record in again)

    # Step 7: the job that was killed ends as the first one did, and none of its parts is torn.
    second = records(tmp_path / "second")
    assert sorted(r["url"] for r in second) == sorted(r["url"] for r in found)
    for record in second:
        if record["warc"] is not None:
            open_body(tmp_path / "second" / "pages", record["warc"])
    for part in (tmp_path / "second" / "pages").glob("*.warc.gz"):
        gzip.decompress(part.read_bytes())
