"""`crawler reparse` as a user types it: offline, whole parts, killed and gone on with."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.crawl import poll
from tests.support.stored_job import page, store_job

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "crawler", "reparse"]
NO_NETWORK = """
import sys
def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.sendmsg"):
        raise SystemExit("the network was asked for: " + event)
sys.addaudithook(refuse)
"""


def environment(cwd: Path) -> dict[str, str]:
    """An interpreter that ends when anything wants the network."""
    guard = cwd / "guard"
    guard.mkdir(exist_ok=True)
    (guard / "sitecustomize.py").write_text(NO_NETWORK)
    return os.environ | {"PYTHONPATH": f"{guard}{os.pathsep}{ROOT}"}


def run(*words: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, words)],
        cwd=cwd,
        env=environment(cwd),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


@pytest.fixture
def job(tmp_path: Path) -> Path:
    """Two parts: pages 0 to 4 and a failure, pages 5 to 9."""
    store_job(
        tmp_path / "crawl",
        [page(0), page(1), "http://a.example/failed", page(2), page(3), page(4)],
        [page(n) for n in range(5, 10)],
    )
    return tmp_path


def test_pages_are_read_again_and_the_rest_stays(job: Path) -> None:
    """A failure that is lost, or a page out of its place, would be another crawl."""
    done = run(cwd=job)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("crawler: 10 of 11 records read again in ")
    assert done.stderr.endswith(" s: crawl/reparsed, 2 parts\n")
    found = records(job / "crawl/reparsed/part-000001.jsonl")
    assert [one["title"] for one in found] == [
        *("Page 0", "Page 1", "as it was", "Page 2", "Page 3", "Page 4"),
    ]
    before = records(job / "crawl/pages/part-000001.jsonl")
    assert found[2] == before[2]
    for old, new in zip(before, found, strict=True):
        same = ("url", "fetched_at", "visit", "attempts", "bytes", "content_hash", "warc")
        assert [old[key] for key in same] == [new[key] for key in same]
        assert list(old) == list(new)
    receipt = json.loads((job / "crawl/reparsed/manifest.json").read_text())
    assert [(part["records"], part["read"]) for part in receipt["parts"]] == [(6, 5), (5, 5)]


def test_the_network_is_really_shut(tmp_path: Path) -> None:
    """The guard of these tests must bite."""
    code = "import socket; socket.create_connection(('127.0.0.1', 9))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "the network was asked for" in done.stderr


def test_a_second_run_does_nothing(job: Path) -> None:
    """Hours of work would be done again after every look."""
    run(cwd=job)
    files = sorted((job / "crawl/reparsed").glob("part-*"))
    before = [(path.stat().st_ino, path.stat().st_mtime_ns) for path in files]
    done = run(cwd=job)
    assert done.returncode == 0
    assert done.stderr.endswith(": crawl/reparsed, 2 parts, 2 were there\n")
    assert [(path.stat().st_ino, path.stat().st_mtime_ns) for path in files] == before


def test_a_part_that_grew_or_went_is_made_again(job: Path) -> None:
    """A crawl that goes on would never be read again to its end."""
    run(cwd=job)
    (job / "crawl/reparsed/part-000002.jsonl").unlink()
    done = run(cwd=job)
    assert done.stderr.endswith(": crawl/reparsed, 2 parts, 1 was there\n")
    assert len(records(job / "crawl/reparsed/part-000002.jsonl")) == 5


def test_a_part_whose_records_were_lost_does_not_stay(job: Path) -> None:
    """Its pages were fetched again into other parts: they would be there twice."""
    run(cwd=job)
    store = sqlite3.connect(job / "crawl/frontier.db")
    store.execute("UPDATE parts SET bytes = 0, records = 0 WHERE name = 'part-000001.jsonl'")
    store.commit()
    store.close()
    done = run(cwd=job)
    assert done.stderr.endswith(": crawl/reparsed, 1 part, 1 was there\n")
    assert not (job / "crawl/reparsed/part-000001.jsonl").exists()


def test_other_settings_need_a_word(job: Path) -> None:
    """Half of the parts would be made by one setting, half by another."""
    run(cwd=job)
    done = run("--link-details", cwd=job)
    assert done.returncode == 2
    assert done.stderr == (
        "crawler: crawl/reparsed was made with other settings (link_details): --fresh moves it "
        "aside, --output puts the new records elsewhere\n"
    )
    assert run("--link-details", "--output", "other", cwd=job).returncode == 0
    assert run("--link-details", "--fresh", cwd=job).returncode == 0
    aside = [path for path in (job / "crawl").iterdir() if path.name.startswith("reparsed.")]
    assert len(aside) == 1
    assert len(records(aside[0] / "part-000001.jsonl")) == 6


def test_a_callback_reads_old_pages_and_new_code_of_it_needs_a_word(job: Path) -> None:
    """Fields that a crawl did not have are what bodies are kept for; half of the parts by older
    code would be wrong without a sign."""
    file = job / "crawl.toml"
    file.write_text("[[extract]]\npython = 'own_reading:parse'\nfields.heading = 'h1'\n")
    (job / "own_reading.py").write_text("def parse(page): return {'size': len(page.body)}\n")
    assert run("--config", file, cwd=job).returncode == 0
    made = records(job / "crawl/reparsed/part-000002.jsonl")
    assert all(one["fields"]["size"] == one["bytes"] for one in made)
    assert {one["extract_error"] for one in made} == {None}
    file.write_text("\n" + file.read_text())
    assert run("--config", file, cwd=job).returncode == 0
    (job / "own_reading.py").write_text("def parse(page): return {'size': 1}\n")
    done = run("--config", file, cwd=job)
    assert done.returncode == 2
    assert "was made with other settings (code)" in done.stderr


def test_however_many_processes_it_is_the_same(tmp_path: Path) -> None:
    """Pieces that come back in another order would mix the lines of a part."""
    store_job(
        tmp_path / "crawl",
        [page(n, words=2000) for n in range(120)],
        [page(n) for n in range(120, 130)],
    )
    for processes in (1, 3):
        done = run("-p", processes, "-o", f"by-{processes}", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    for name in ("part-000001.jsonl", "part-000002.jsonl"):
        one = (tmp_path / "by-1" / name).read_bytes()
        assert one == (tmp_path / "by-3" / name).read_bytes()
        numbers = [int(record["title"].split()[1]) for record in records(tmp_path / "by-1" / name)]
        assert numbers == sorted(numbers)


def test_killed_at_any_moment_it_goes_on(tmp_path: Path) -> None:
    """A part that is half there would look like all of it."""
    pages = [[page(n + 100 * part, words=4000) for n in range(40)] for part in range(8)]
    store_job(tmp_path / "crawl", *pages)
    assert run("-o", "whole", cwd=tmp_path).returncode == 0
    output = tmp_path / "crawl/reparsed"
    for complete in range(3):
        process = subprocess.Popen(
            [*COMMAND, "-p", "2"], cwd=tmp_path, env=environment(tmp_path), start_new_session=True
        )
        poll(
            lambda complete=complete, process=process: (
                (len(list(output.glob("part-*"))) > complete and list(output.glob(".part-*")))
                or process.poll() is not None
            ),
            "a part that is begun after one that is complete",
            every_s=0.001,
        )
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait(60) == -signal.SIGKILL
        for path in output.glob("part-*"):
            assert path.read_bytes() == (tmp_path / "whole" / path.name).read_bytes()
    done = run(cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    names = [f"part-{number:06}.jsonl" for number in range(1, 9)]
    assert sorted(path.name for path in output.iterdir()) == ["lock", "manifest.json", *names]
    for name in names:
        assert (output / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_told_to_end_it_leaves_nothing_half_made(
    job: Path, number: signal.Signals, code: int
) -> None:
    """It would lie beside the records until somebody wonders what it is."""
    env = environment(job)
    with (job / "guard/sitecustomize.py").open("a") as file:
        file.write(
            "import os\n"
            "def end(event, arguments):\n"
            "    if event == 'os.rename' and str(arguments[0]).endswith('.jsonl.new'):\n"
            f"        os.kill(os.getpid(), {number:d})\n"
            "sys.addaudithook(end)\n"
        )
    with subprocess.Popen(
        [*COMMAND, "-p", "2"], cwd=job, env=env, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (code, b"")
    assert sorted(path.name for path in (job / "crawl/reparsed").iterdir()) == [
        "lock",
        "manifest.json",
    ]
    assert not _alive_in_session(process.pid)


def test_workers_end_with_the_one_that_was_killed(tmp_path: Path) -> None:
    """Processes that nobody knows of would hold the lock, and the memory."""
    store_job(tmp_path / "crawl", [page(n, words=4000) for n in range(200)])
    with subprocess.Popen(
        [*COMMAND, "-p", "2"], cwd=tmp_path, env=environment(tmp_path), start_new_session=True
    ) as process:
        poll(
            lambda: list((tmp_path / "crawl").glob("reparsed/.part-*")) or process.poll() == 0,
            "that it begins",
            every_s=0.001,
        )
        os.kill(process.pid, signal.SIGKILL)
    poll(lambda: not _alive_in_session(process.pid), "that its workers end")


def _alive_in_session(session: int) -> list[int]:
    found = []
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                if os.getsid(int(path.name)) == session:
                    state = (path / "stat").read_text().rpartition(")")[2].split()[0]
                    found += [] if state == "Z" else [int(path.name)]
            except (ProcessLookupError, FileNotFoundError):
                continue
    return found


def test_a_job_without_bodies_is_one_line(tmp_path: Path) -> None:
    """An empty directory would look like a crawl of nothing."""
    store_job(tmp_path / "crawl", ["http://a.example/1"])
    done = run(cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "crawler: no bodies are kept in crawl/pages: crawl with --store warc, then there is "
        "something to read again\n"
    )
    assert not (tmp_path / "crawl/reparsed").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--job", "nowhere"], "no job in nowhere: "),
        (["--output", "crawl/pages"], "crawl/pages holds the records of the crawl: name another"),
        (["--output", "full"], "full holds files that reparse did not write: name another"),
        (["--output", "full", "--fresh"], "full holds nothing that reparse made; --fresh does"),
        (["--output", "full/part-000001.jsonl"], "full/part-000001.jsonl is no directory"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(job: Path, words: list[str], message: str) -> None:
    (job / "full").mkdir()
    (job / "full/part-000001.jsonl").write_text("{}\n")
    done = run(*words, cwd=job)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"crawler: {message}")
    assert done.stderr.count("\n") == 1
    assert (job / "full/part-000001.jsonl").read_text() == "{}\n"


def test_a_missing_or_cut_part_is_named(job: Path) -> None:
    """All of its pages would silently keep what they had."""
    path = job / "crawl/pages/part-000002.warc.gz"
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    done = run(cwd=job)
    assert done.returncode == 3
    assert done.stderr.startswith(f"crawler: {path.relative_to(job)} is cut: it lacks 10 of ")
    path.unlink()
    done = run(cwd=job)
    assert done.returncode == 3
    assert done.stderr.startswith(f"crawler: part missing: {path.relative_to(job)} ")
    assert done.stderr.count("\n") == 1
    path.write_bytes(whole)
    assert run(cwd=job).returncode == 0
    (job / "crawl/pages/part-000001.jsonl").unlink()
    done = run("--output", "other", cwd=job)
    assert done.returncode == 3
    assert done.stderr.startswith("crawler: part missing: crawl/pages/part-000001.jsonl ")


def test_a_damaged_body_costs_its_own_record_only(job: Path) -> None:
    """One bad sector must not take the other million pages."""
    path = job / "crawl/pages/part-000002.warc.gz"
    data = bytearray(path.read_bytes())
    data[300] ^= 0xFF
    path.write_bytes(data)
    for _ in range(2):
        done = run(cwd=job)
        assert done.returncode == 3
        assert "1 body is damaged" in done.stderr.splitlines()[-1]
    first = run("--output", "other", cwd=job).stderr.splitlines()[0]
    assert first.startswith("crawler: warning: http://a.example/5: no stored response in ")
    titles = [one["title"] for one in records(job / "crawl/reparsed/part-000002.jsonl")]
    assert titles == ["as it was", "Page 6", "Page 7", "Page 8", "Page 9"]


def test_two_at_once_do_not_write_one_directory(job: Path) -> None:
    """Parts of the one would take the names of the other's."""
    from crawler.job.lock import acquire

    (job / "crawl/reparsed").mkdir()
    with acquire(job / "crawl/reparsed"):
        done = run(cwd=job)
    assert done.returncode == 4
    assert done.stderr.startswith("crawler: crawl/reparsed is in use by process ")
